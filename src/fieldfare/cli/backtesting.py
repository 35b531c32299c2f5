"""The command that runs a backtest, shows how far it is, and prints what it found."""

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.kernel import BadInput, NotFound, Unavailable, parse_id

if TYPE_CHECKING:
    from fieldfare.cli.reach import Call

POLL_S: Final = 0.3
Json = dict[str, Any]


def run_backtest(
    home: Path | None,
    rules: Path | None,
    *,
    since: str,
    until: str,
    as_json: bool,
    export: Path | None,
) -> bool:
    """Run a backtest to its end; True if it came to a result."""
    from fieldfare.cli.reach import reach
    from fieldfare.cli.rule_checking import sources

    if export is not None:
        _must_be_writable(export)
    span = {"from": since, "to": until}
    wanted: Json = {name: moment for name, moment in span.items() if moment}
    if rules is not None:
        wanted["files"] = sources(rules)
    with reach(home) as call:
        started = call("POST", "/v1/backtests", wanted)
        backtest_id = str(started["id"])
        try:
            ended = _followed(call, backtest_id)
        except Unavailable as error:
            raise Unavailable(
                f"{error.message}, while it ran the backtest {backtest_id}",
                hint="If it ended, the backtest is kept as interrupted: "
                f"`fieldfare backtests show {backtest_id}`. Run it again.",
            ) from None
    return _tell(ended, as_json=as_json, export=export)


def show_backtest(
    home: Path | None, backtest_id: str, *, as_json: bool, export: Path | None
) -> bool:
    """Show a kept backtest; True if it came to a result."""
    from fieldfare.cli.reach import reach

    if export is not None:
        _must_be_writable(export)
    with reach(home) as call:
        told = call("GET", f"/v1/backtests/{parse_id(backtest_id)}")
    return _tell(told, as_json=as_json, export=export)


def list_backtests(home: Path | None, *, as_json: bool) -> None:
    """List the newest backtests."""
    from fieldfare.cli.reach import reach

    with reach(home) as call:
        told = call("GET", "/v1/backtests")
    if as_json:
        print_json(told)
        return
    rows = [
        {
            "id": row["id"],
            "state": row["state"],
            "rules": row["rule_set"][:8],
            "from": row["from"][:10],
            "to": row["to"][:10],
            "events": f"{row['events']:,}",
        }
        for row in told["backtests"]
    ]
    columns = ("id", "state", "rules", "from", "to", "events")
    print_table(columns, rows, empty="there are no backtests yet")


def compare(home: Path | None, a: str, b: str, *, as_json: bool) -> None:
    """Print two backtests side by side."""
    from fieldfare.cli.reach import reach
    from fieldfare.kernel.routes import route

    with reach(home) as call:
        told = call("GET", route("/v1/backtests/compare", a=a, b=b))
    if as_json:
        print_json(told)
        return
    if not told["same_span"]:
        print_line("The two looked at different events.")
    for table in ("totals", "rules", "changes", "queues"):
        rows = [
            {"name": row["name"], a: row["a"], b: row["b"], "more": _more(row)}
            for row in told[table]
        ]
        if rows:
            print_line(f"\n{table}")
            print_table(("name", a, b, "more"), rows, empty="")


def _more(row: Mapping[str, Any]) -> str:
    return f"{(row['b'] or 0) - (row['a'] or 0):+,}"


def _tell(told: Json, *, as_json: bool, export: Path | None) -> bool:
    """Export a backtest and print it; what cannot be written is printed all the same."""
    has_result = told["result"] is not None
    unwritten = _export(told, export) if has_result and export is not None else None
    if as_json:
        print_json(told)
    elif has_result:
        _print(told)
    else:
        print_line(f"backtest {told['id']} is {told['state']}. {told['why']}".rstrip(". "))
    if unwritten is not None:
        again = f"fieldfare backtests show {told['id']} --export FILE"
        raise BadInput(
            f"cannot write {export}: {unwritten.strerror or unwritten}",
            hint=f"The backtest {told['id']} is kept: {again}",
        )
    if has_result and export is not None and not as_json:
        print_line(f"\nwritten to {export}")
    return has_result


def _must_be_writable(export: Path) -> None:
    """Refuse what cannot be exported to before a backtest has run for nothing."""
    if export.suffix not in {".csv", ".json"}:
        raise BadInput(f"cannot export to {export.name}", hint="Name it .csv or .json.")
    if not export.parent.is_dir():
        raise NotFound(f"no folder {export.parent}", hint="Make it first, or name another.")
    if export.is_dir() or not os.access(export if export.exists() else export.parent, os.W_OK):
        raise BadInput(f"cannot write {export}", hint="Name a file that you may write.")


def _followed(call: "Call", backtest_id: str) -> Json:
    """Wait for the end, with a bar where somebody watches; Ctrl-C stops the backtest."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("events", total=None)
        try:
            while True:
                told = call("GET", f"/v1/backtests/{backtest_id}")
                if told["state"] != "running":
                    return told
                progress = told["progress"]
                bar.update(task, completed=progress["done"], total=progress["total"] or None)
                time.sleep(POLL_S)
        except KeyboardInterrupt:
            call("POST", f"/v1/backtests/{backtest_id}/cancel")
            bar.update(task, description="stopping")
            while (told := call("GET", f"/v1/backtests/{backtest_id}"))["state"] == "running":
                time.sleep(POLL_S)
            return told


def _export(told: Json, file: Path) -> OSError | None:
    """Write a backtest's result to a file; gives what kept it from that."""
    from fieldfare.engine.backtest.exporting import as_csv
    from fieldfare.engine.backtest.results import result_of

    if file.suffix == ".json":
        whole = {name: told[name] for name in ("id", "from", "to")} | told["result"]
        text = json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
    else:
        text = as_csv(result_of(told["result"]))
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        return error
    return None


def _print(ended: Json) -> None:
    result = ended["result"]
    judged = sum(result["judged"].values())
    print_line(f"backtest {ended['id']}: {judged:,} events judged by {result['rule_set'][:12]}")
    _print_history(ended, judged)
    if not judged:
        return
    print_line("")
    hits = [
        {
            "rule": row["rule"],
            "hits": f"{row['hits']:,}",
            "items": f"{row['items']:,}",
            "known good": row["known_good"],
            "known bad": row["known_bad"],
            "views prevented": result["prevented"]["by_rule"].get(row["rule"], 0),
        }
        for row in result["hits"]
    ]
    columns = ("rule", "hits", "items", "known good", "known bad", "views prevented")
    print_table(columns, hits, empty="no rules")
    for name, title in (("changes", "item versions"), ("accounts", "accounts")):
        if result[name]:
            print_line("")
            print_table(
                ("old", "new", title), [_cell(row, title) for row in result[name]], empty=""
            )
    _print_known(result)


def _print_history(ended: Json, judged: int) -> None:
    """Say where there was nothing to judge, so that zeros are not taken for a clean bill."""
    history = ended["result"]["history"]
    if not judged:
        held = "no events" if not history or not history["events"] else "no events rules run on"
        print_line(f"The lake holds {held} of this time, so this says nothing about the rules.")
    if history is None:
        return
    first, last = history["first_at"], history["last_at"]
    if not first:
        print_line("The lake holds no events at all.")
    elif not judged or _day_before(ended["from"], first) or _day_before(last, ended["to"]):
        print_line(f"The lake holds events from {first} to {last}.")


def _day_before(one: str, other: str) -> bool:
    return datetime.fromisoformat(other) - datetime.fromisoformat(one) >= timedelta(days=1)


def _cell(row: Json, title: str) -> Json:
    return {"old": row["old"], "new": row["new"], title: f"{row['count']:,}"}


def _print_known(result: Json) -> None:
    known, prevented = result["known"], result["prevented"]["views"]
    print_line(
        f"\n{prevented:,} views would have been prevented. Of what people have judged, "
        f"{known['bad_restricted']} bad would be restricted, {known['bad_missed']} bad would not, "
        f"{known['good_restricted']} good would be restricted."
    )
    load: dict[str, list[int]] = {}
    for row in result["review"]:
        both = load.setdefault(row["queue"], [0, 0])
        both[0] += row["old"]
        both[1] += row["new"]
    for queue, (old, new) in load.items():
        print_line(f"queue {queue}: {new:,} questions, {old:,} on record")
    if result["absent"]:
        print_line(f"history holds none of these facts: {', '.join(result['absent'])}")
    for error, times in result["errors"].items():
        print_line(f"threw {times:,} times: {error}")
