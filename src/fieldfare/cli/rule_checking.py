"""Commands that check rule sets and put them in force."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from fieldfare.cli.printing import print_json, print_line
from fieldfare.kernel import NotFound

if TYPE_CHECKING:
    from fieldfare.cli.rule_footing import Footing
    from fieldfare.rules import RuleSet

Semantics = Literal["safe", "osprey"]


def check_rules(folder: Path, by: "Footing", *, semantics: Semantics | None, as_json: bool) -> None:
    """Compile a folder of rules and print what is worth knowing.

    Raises RuleSetDoesNotCompile with every problem; with `as_json` they are printed, and it exits.
    """
    from fieldfare.rules import RuleSetDoesNotCompile

    try:
        rules = compiled(folder, by, semantics=semantics)
    except RuleSetDoesNotCompile as e:
        if not as_json:
            raise
        print_json({"compiles": False, "problems": [asdict(problem) for problem in e.problems]})
        raise typer.Exit(2) from e
    if as_json:
        print_json(
            {
                "compiles": True,
                "against": by.whose,
                "hash": rules.hash,
                "semantics": rules.semantics,
                "rules": len(rules.rules),
                "problems": [asdict(warning) for warning in rules.warnings],
            }
        )
        return
    for warning in rules.warnings:
        print_line(f"{warning}\n")
    files = f"{len(rules.rules)} rules in {len(rules.sources)} files"
    print_line(f"{files} compile ({rules.semantics}) against {by.whose}: {rules.hash}")


def activate(folder: Path, *, note: str, home: Path | None) -> None:
    """Put a folder of rules live past review."""
    from fieldfare.cli.reach import reach
    from fieldfare.cli.rule_versions import print_taken_back

    with reach(home) as call:
        told = call("POST", "/v1/rules", {"files": sources(folder), "note": note})
    print_line(f"rule set {told['hash']} is in force (version {told['number']})")
    print_taken_back(told["taken_back"])


def compiled(folder: Path, by: "Footing", *, semantics: Semantics | None = None) -> "RuleSet":
    """Read and compile a folder. Raises RuleSetDoesNotCompile with every problem."""
    from fieldfare.rules import load_rule_set

    return load_rule_set(sources(folder), vocabulary=by.words, semantics=semantics)


def sources(folder: Path) -> dict[str, str]:
    """Read a folder of rules. Raises NotFound for one without main.sml."""
    from fieldfare.rules import read_folder

    if not (folder / "main.sml").is_file():
        hint = "A rule set is a folder whose first file is main.sml."
        raise NotFound(f"no main.sml in {folder}", hint=hint)
    return read_folder(folder)
