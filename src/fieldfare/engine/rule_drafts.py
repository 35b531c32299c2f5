"""Checking a rule set that nobody has put in force yet: files flow in, every problem flows out.

A draft is checked against what is in force beside it: the pack's policies and the named lists.
Nothing is stored and nothing changes, so that an editor may ask at every pause in the typing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldfare.engine.in_force import InForce
from fieldfare.rules import Problem, RuleSet, RuleSetDoesNotCompile, load_rule_set
from fieldfare.rules.case_files import Case, read_cases

ENTRY: Final = "main.sml"
FIRED: Final = "fired"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDraft:
    """What checking found, warnings included. rules: the compiled draft, None while there is an
    error.
    """

    problems: tuple[Problem, ...]
    rules: RuleSet | None


def check_draft(files: Mapping[str, str], in_force: InForce) -> CheckedDraft:
    """Check and compile files by name; raises nothing for what stands in them."""
    if ENTRY not in files:
        missing = Problem(
            message=f"there is no {ENTRY}",
            file=ENTRY,
            line=1,
            column=1,
            source_line="",
            hint=f"A rule set starts in {ENTRY}: add the file.",
        )
        return CheckedDraft(problems=(missing,), rules=None)
    try:
        rules = load_rule_set(files, vocabulary=in_force.words)
    except RuleSetDoesNotCompile as refused:
        return CheckedDraft(problems=refused.problems, rules=None)
    return CheckedDraft(problems=rules.warnings, rules=rules)


def tests_about(files: Mapping[str, str], in_force: InForce, rule: str) -> tuple[Case, ...]:
    """List the rule tests that say whether a rule fires, in order of file and line.

    Raises BadInput for files of tests that cannot be read.
    """
    return tuple(
        case
        for case in read_cases(files, in_force.words)
        if any(wish.subject == FIRED and rule in wish.entries for wish in case.expect.wishes)
    )
