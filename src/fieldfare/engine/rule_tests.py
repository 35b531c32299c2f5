"""What the tests beside a rule set say, and that nothing decides whose tests fail.

In flow a compiled rule set with its folder; out flow how many tests passed and which failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldfare.kernel import Conflict
from fieldfare.rules import RuleSet, Vocabulary
from fieldfare.rules.cases import run_cases

MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """A test that failed: its name, where it stands, and what came instead of what."""

    name: str
    file: str
    line: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """What the tests of a rule set said. untested: rules that no test makes fire."""

    passed: int
    failed: tuple[FailedTest, ...]
    untested: tuple[str, ...]


class RuleTestsFail(Conflict):
    """A version whose tests fail was to decide."""

    slug = "rule-tests-fail"


def run_rule_tests(rules: RuleSet, files: Mapping[str, str], vocabulary: Vocabulary) -> CaseReport:
    """Run the tests of a folder. Raises BadInput for what is no test."""
    told = run_cases(rules, files, vocabulary)
    failed = tuple(
        FailedTest(name=each.name, file=each.file, line=each.line, differences=each.differences)
        for each in told.failed
    )
    passed = len(told.results) - len(failed)
    return CaseReport(passed=passed, failed=failed, untested=told.untested)


def must_pass(report: CaseReport) -> None:
    """Raise RuleTestsFail, naming the first of the tests that fail."""
    if not report.failed:
        return
    named = "; ".join(f"{t.file}:{t.line} {t.name}" for t in report.failed[:MOST_NAMED])
    more = len(report.failed) - MOST_NAMED
    raise RuleTestsFail(
        f"{len(report.failed)} of {report.passed + len(report.failed)} rule tests fail: {named}"
        + (f" and {more} more" if more > 0 else ""),
        hint="Run `fieldfare rules test FOLDER` to see what came instead.",
    )
