"""`fieldfare query`: which events of a time an expression selects, from the command line."""

from pathlib import Path
from typing import Final

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.cli.reach import Json, reach

BAR: Final = 40
"""Characters of the longest bar."""


def query(
    home: Path | None,
    expression: str,
    *,
    from_: str | None,
    to: str | None,
    top: str,
    kinds: list[str],
    rows: int,
    as_json: bool,
) -> None:
    """Ask and print. Without moments it is the last seven days by the installation's clock."""
    body = {
        "expression": expression,
        "from": from_ or "",
        "to": to or "",
        "top": top,
        "kinds": kinds,
        "rows": rows,
    }
    with reach(home) as call:
        told = call("POST", "/v1/query", body)
    if as_json:
        print_json(told)
    else:
        _tell(told, top=top)


def _tell(told: Json, *, top: str) -> None:
    ending = "" if told["complete"] else f", up to {told['up_to']}: there was no time for more"
    items = f"{told['items']:,} items{' or more' if told['items_cut'] else ''}"
    print_line(f"{told['count']:,} of {told['scanned']:,} events, about {items}{ending}")
    most = max((column["count"] for column in told["over_time"]), default=0)
    for column in told["over_time"]:
        if column["count"]:
            bar = "#" * max(1, round(column["count"] / most * BAR))
            print_line(f"{column['from'][:16]}  {column['count']:>9,}  {bar}")
    if told["top"]:
        print_table(
            (top, "count", "share", "share_before"),
            [
                {
                    top: "Unknown" if row["value"] is None else row["value"],
                    "count": row["count"],
                    "share": f"{row['share']:.1%}",
                    "share_before": "" if row["before"] is None else f"{row['before']:.1%}",
                }
                for row in told["top"]
            ],
            empty="",
        )
    print_table(
        ("at", "kind", "subject", "text"),
        [
            {**row, "subject": f"{row['subject']['kind']}:{row['subject']['host_id']}"}
            for row in told["rows"]
        ],
        empty="nothing is selected",
    )
