"""The command that checks the ledger."""

from pathlib import Path

from fieldfare.cli.printing import print_json, print_line


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
