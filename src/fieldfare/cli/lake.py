"""`fieldfare lake`: how far the lake is, and bringing it in order by hand."""

from pathlib import Path

from fieldfare.cli.printing import print_json, print_line
from fieldfare.cli.reach import Call, Json, reach

MEGABYTE = 1_000_000


def tell_status(home: Path | None, *, as_json: bool) -> None:
    """Print what is in the lake."""
    with reach(home) as call:
        _tell(call("GET", "/v1/lake"), as_json=as_json)


def fill(home: Path | None, *, as_json: bool) -> None:
    """Bring the lake up to the evaluator."""
    with reach(home) as call:
        _tell(_filled(call), as_json=as_json)


def compact(home: Path | None, *, as_json: bool) -> None:
    """Join small files."""
    with reach(home) as call:
        told = call("POST", "/v1/lake/compact")
    _tell(told, as_json=as_json)


def rebuild(home: Path | None, *, as_json: bool) -> None:
    """Empty the lake and fill it from the log, step by step: a call for all of it would be long."""
    with reach(home) as call:
        call("POST", "/v1/lake/rebuild")
        _filled(call)
        _tell(call("POST", "/v1/lake/compact"), as_json=as_json)


def _filled(call: Call) -> Json:
    told = call("POST", "/v1/lake/fill")
    while told["added"]:
        told = call("POST", "/v1/lake/fill")
    return told


def _tell(told: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    size = told["bytes"] / MEGABYTE
    up_to = f"up to {told['applied_at']}" if told["applied_at"] else "nothing of the log yet"
    print_line(f"{told['rows']:,} events in {told['files']:,} files, {size:,.1f} MB, {up_to}")
    if told["broken"]:
        print_line(f"broken: {told['broken']}")
