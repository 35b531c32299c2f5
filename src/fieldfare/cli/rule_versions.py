"""Commands on versions of the rules: propose, list, show, compare, move, go back."""

from pathlib import Path
from typing import Any

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.cli.reach import reach
from fieldfare.cli.rule_checking import sources
from fieldfare.kernel import BadInput, did_you_mean
from fieldfare.kernel.routes import route

COLUMNS = ("version", "hash", "state", "author", "created_at", "note")
SHORT = 12


def propose(folder: Path, *, note: str, base: str, home: Path | None) -> None:
    """Keep a folder of rules as a draft."""
    with reach(home) as call:
        body = {"files": sources(folder), "note": note, "base": base}
        made = call("POST", "/v1/rule-versions", body)
    print_line(f"version {made['number']} is a draft: {made['hash']}")


def list_versions(*, as_json: bool, home: Path | None) -> None:
    """List the versions, the newest first."""
    with reach(home) as call:
        told = call("GET", "/v1/rule-versions")
    if as_json:
        print_json(told)
        return
    rows = [
        {
            **row,
            "version": row["number"],
            "hash": row["hash"][:SHORT],
            "state": f"{_state(row)}, does not compile" if row["problem"] else _state(row),
            "created_at": row["created_at"][:16].replace("T", " "),
        }
        for row in told["versions"]
    ]
    print_table(COLUMNS, rows, empty="no versions yet")


def show(version: str, *, as_json: bool, home: Path | None) -> None:
    """Show one version: where it stands, its moves and its tests."""
    with reach(home) as call:
        told = call("GET", route("/v1/rule-versions/{}", version))
    if as_json:
        print_json(told)
        return
    print_line(f"version {told['number']} {told['hash']}: {_state(told)}")
    if told["problem"]:
        print_line(told["problem"])
    elif told["tests"] is not None:
        tests = told["tests"]
        print_line(f"tests: {tests['passed']} pass, {len(tests['failed'])} fail")
        for failed in tests["failed"]:
            print_line(f"  {failed['file']}:{failed['line']} {failed['name']}")
    rows = [
        {
            **move,
            "at": move["at"][:19].replace("T", " "),
            "to": _state({"state": move["to"], "share": move["share"]}),
            "how": _how(move),
        }
        for move in told["moves"]
    ]
    print_table(("at", "from", "to", "by", "note", "how"), rows, empty="no moves")


def _how(move: dict[str, Any]) -> str:
    if move["override"] and move["by"] == "init":
        return "came with the installation"
    return " ".join(word for word in ("override", "rollback") if move[word])


def compare(version: str, *, against: str, home: Path | None) -> None:
    """Print what differs between two versions as a unified diff."""
    with reach(home) as call:
        told = call("GET", route("/v1/rule-versions/{}/diff", version, against=against))
    if not told["files"]:
        print_line("they are the same")
    for file in told["files"]:
        before, after = file["name"], file["name"]
        if file["change"] == "added":
            before = "/dev/null"
        if file["change"] == "removed":
            after = "/dev/null"
        print_line(f"--- {before}\n+++ {after}")
        for line in file["lines"]:
            print_line(line)


def move(version: str, *, to: str, share: int, note: str, home: Path | None) -> None:
    """Move a version. Raises BadInput for a state there is none of, a rollout without a share."""
    from fieldfare.rules.lifecycle import ASKED_FOR, VersionState, no_share

    known = [state.value for state in VersionState if state in ASKED_FOR]
    if to not in known:
        hint = did_you_mean(to, known) or f"Move it to: {', '.join(known)}."
        raise BadInput(f"no version can be moved to {to!r}", hint=hint)
    if to == VersionState.ROLLOUT and not share:
        raise no_share()
    with reach(home) as call:
        body = {"to": to, "share": share, "note": note}
        moved = call("POST", route("/v1/rule-versions/{}/moves", version), body)
    print_line(f"version {moved['number']} {moved['hash'][:SHORT]}: {_state(moved)}")


def roll_back(*, note: str, home: Path | None) -> None:
    """Put the version live again that was live before, and take a rollout back."""
    with reach(home) as call:
        rows = call("GET", "/v1/rule-versions")["versions"]
        live = next((row["hash"] for row in rows if row["state"] == "live"), "")
        moved = call("POST", "/v1/rule-versions/rollback", {"live": live, "note": note})
    if moved["state"] == "live":
        print_line(f"version {moved['number']} {moved['hash'][:SHORT]} is live again")
    print_taken_back(moved["taken_back"])


def print_taken_back(ended: dict[str, Any] | None) -> None:
    """Say which version's rollout was taken back, if one was."""
    if ended is None:
        return
    where = "runs in the shadow" if ended["state"] == "shadow" else f"is {ended['state']}"
    name = f"version {ended['number']} {ended['hash'][:SHORT]}"
    print_line(f"{name}, which was rolled out, {where} now: the live version decides for everybody")


def _state(row: dict[str, Any]) -> str:
    return f"{row['state']} {row['share']} %" if row["share"] else str(row["state"])
