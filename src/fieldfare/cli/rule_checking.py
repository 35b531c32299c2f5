"""Commands that check rule sets and put them in force."""

from pathlib import Path

from fieldfare.cli.printing import print_line
from fieldfare.kernel import NotFound


def check_rules(folder: Path, *, pack: str) -> None:
    """Compile a folder of rules against a pack. Raises RuleSetDoesNotCompile with every problem."""
    from fieldfare.engine.in_force import vocabulary
    from fieldfare.installation import pack_files
    from fieldfare.policies import load_pack
    from fieldfare.rules import load_rule_set

    policies = load_pack(pack_files(pack).policies["policies.yaml"])
    rules = load_rule_set(_sources(folder), vocabulary=vocabulary(policies, frozenset()))
    print_line(f"{len(rules.rules)} rules in {len(rules.sources)} files compile: {rules.hash}")


def activate(folder: Path, *, home: Path | None) -> None:
    """Put a folder of rules in force."""
    from fieldfare.cli.reach import reach

    with reach(home) as call:
        told = call("POST", "/v1/rules", {"files": _sources(folder)})
    print_line(f"rule set {told['hash']} is in force")


def _sources(folder: Path) -> dict[str, str]:
    from fieldfare.rules import read_folder

    if not (folder / "main.sml").is_file():
        hint = "A rule set is a folder whose first file is main.sml."
        raise NotFound(f"no main.sml in {folder}", hint=hint)
    return read_folder(folder)
