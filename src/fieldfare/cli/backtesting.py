"""The command that runs a backtest, shows how far it is, and prints what it found."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.kernel import BadInput

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

    if export is not None and export.suffix not in {".csv", ".json"}:
        raise BadInput(f"cannot export to {export.name}", hint="Name it .csv or .json.")
    span = {"from": since, "to": until}
    wanted: Json = {name: moment for name, moment in span.items() if moment}
    if rules is not None:
        wanted["files"] = sources(rules)
    with reach(home) as call:
        started = call("POST", "/v1/backtests", wanted)
        ended = _followed(call, str(started["id"]))
    if ended["result"] is None:
        if as_json:
            print_json(ended)
        else:
            print_line(f"backtest {ended['id']} is {ended['state']}. {ended['why']}".rstrip(". "))
        return False
    if export is not None:
        _export(ended["result"], export)
    if as_json:
        print_json(ended)
    else:
        _print(ended)
    return True


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

    with reach(home) as call:
        told = call("GET", f"/v1/backtests/compare?a={a}&b={b}")
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


def _export(result: Json, file: Path) -> None:
    if file.suffix == ".json":
        file.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
        return
    from fieldfare.engine.backtest.exporting import as_csv
    from fieldfare.engine.backtest.results import result_of

    file.write_text(as_csv(result_of(result)), "utf-8")


def _print(ended: Json) -> None:
    result = ended["result"]
    judged = sum(result["judged"].values())
    print_line(f"backtest {ended['id']}: {judged:,} events judged by {result['rule_set'][:12]}\n")
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
