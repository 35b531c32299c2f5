"""Commands that check: rule sets and the ledger."""

from pathlib import Path

from fieldfare.cli.printing import print_json, print_line
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


def verify_audit(home: Path | None, *, as_json: bool) -> bool:
    """Verify the ledger and print what was found; True if everything sealed is as it was."""
    from fieldfare.engine.settings import load_settings
    from fieldfare.installation import verify_ledger

    found = verify_ledger(load_settings(home))
    for each in found:
        if as_json:
            print_json(
                {
                    "org": each.org,
                    "ok": each.is_whole,
                    "rows": each.rows,
                    "seals": each.seals,
                    "erased": each.erased,
                    "unsealed": each.unsealed,
                    "oldest_unsealed_ms": each.oldest_unsealed_ms,
                    "decisions": each.decisions,
                    "items": each.items,
                    "unreadable": each.unreadable,
                    "problems": list(each.problems),
                }
            )
            continue
        state = "whole" if each.is_whole else "broken"
        print_line(
            f"{each.org}: {state}. {each.rows} rows under {each.seals} seals, "
            f"{each.erased} payloads erased on request, {each.unsealed} rows not sealed yet; "
            f"{each.decisions} decisions and {each.items} item versions agree with the log, "
            f"{each.unreadable} decisions erased"
        )
        for problem in each.problems:
            print_line(f"  {problem}")
    return all(each.is_whole for each in found)


def _sources(folder: Path) -> dict[str, str]:
    from fieldfare.rules import read_folder

    if not (folder / "main.sml").is_file():
        hint = "A rule set is a folder whose first file is main.sml."
        raise NotFound(f"no main.sml in {folder}", hint=hint)
    return read_folder(folder)
