"""What the commands on banks do: calls to the API, and what is printed of their answers."""

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from fieldfare.cli.one_by_one import OneByOne
from fieldfare.cli.printing import print_json, print_json_list, print_line, print_table
from fieldfare.cli.reach import Call, Json, must_be_files, reach
from fieldfare.kernel import BadInput
from fieldfare.kernel.routes import route

BANK_COLUMNS: Final = ("name", "policy", "vetted", "enabled", "polarity", "radius", "entries")
ENTRY_COLUMNS: Final = ("id", "label", "kind", "state", "sha256", "frames", "source", "added_at")
SETTINGS: Final = (
    *("vetted", "enabled", "polarity", "radius", "min_quality", "min_seconds", "min_frames"),
    *("enabled_ratio", "disabled_until", "priority", "hourly_limit", "keeps_stills"),
)
NOW: Final = "now"


def create_bank(home: Path | None, name: str, fields: Mapping[str, object]) -> None:
    """Create a bank."""
    with reach(home) as call:
        made = call("POST", "/v1/banks", {"name": name, **_given(fields)})
    _tell_bank(made, _given(fields), otherwise="by default")


def change_bank(home: Path | None, name: str, fields: Mapping[str, object]) -> None:
    """Change what is given and leave the rest. Raises BadInput if nothing is."""
    given = _given(fields)
    if not given:
        raise BadInput(f"nothing to change about {name!r}", hint="See `bank change --help`.")
    with reach(home) as call:
        changed = call("PATCH", route("/v1/banks/{}", name), given)
    _tell_bank(changed, given, otherwise="as before")


def add_to_bank(home: Path | None, name: str, files: Sequence[Path]) -> None:
    """Hash files and add those that are not there yet, one by one.

    Raises BadInput at the end if some could not be added.
    """
    each, added, known = OneByOne(files), 0, 0
    with reach(home) as call:
        call("GET", route("/v1/banks/{}", name))
        for path in each:
            with each.dealing_with(path):
                must_be_files([path])
                told = call("POST", route("/v1/banks/{}/entries", name), files=[file_part(path)])
                for entry in told["entries"]:
                    _tell_added(name, entry)
                    added, known = added + entry["is_new"], known + (not entry["is_new"])
    if len(files) > 1:
        print_line(f"{added} added to {name}, {known} there already, {each.failed} failed")
    hint = "Mend or leave them out; the others are there, and are not added twice."
    each.end(f"added to {name}", hint=hint)


def add_item(home: Path | None, name: str, item: Mapping[str, str], *, note: str) -> None:
    """Add the media of an item."""
    with reach(home) as call:
        added = call("POST", route("/v1/banks/{}/from-item", name), {"item": item, "note": note})
    for entry in added["entries"]:
        _tell_added(name, entry)


def list_banks(home: Path | None, name: str | None, *, as_json: bool) -> None:
    """List banks, or the entries of one, page by page."""
    if name is not None:
        _list_entries(home, name, as_json=as_json)
        return
    with reach(home) as call:
        told = call("GET", "/v1/banks")
    if as_json:
        print_json(told)
    else:
        print_table(BANK_COLUMNS, told["banks"], empty="no banks yet")


def show_bank(home: Path | None, name: str, *, as_json: bool) -> None:
    """Show all that is set for a bank."""
    with reach(home) as call:
        told = call("GET", route("/v1/banks/{}", name))
    if as_json:
        print_json(told)
    else:
        for field, value in told.items():
            print_line(f"{field}: {value}")


def remove_bank(home: Path | None, name: str, *, sure: bool) -> None:
    """Remove a bank. Raises BadInput unless it is meant."""
    if not sure:
        raise BadInput(
            f"{name!r} would go with all its entries", hint="Say --yes if that is meant."
        )
    with reach(home) as call:
        call("DELETE", route("/v1/banks/{}", name))
    print_line(f"bank {name} removed")


def export_bank(home: Path | None, name: str, *, form: str) -> None:
    """Print the entries of a bank, one a line."""
    cursor = ""
    with reach(home) as call:
        while True:
            query = f"?format={form}" + (f"&cursor={cursor}" if cursor else "")
            page = call("GET", route("/v1/banks/{}/export-page", name) + query)
            for line in page["lines"]:
                print_line(line)
            cursor = page["next"]
            if not cursor:
                return


def show_entry(home: Path | None, bank: str, entry: str, *, as_json: bool) -> None:
    """Show an entry, what it matched and what was said of it."""
    with reach(home) as call:
        told = call("GET", route("/v1/banks/{}/entries/{}", bank, entry))
        said = call("GET", route("/v1/banks/{}/entries/{}/feedback", bank, entry))
    if as_json:
        print_json({**told, **said})
        return
    for field, value in told.items():
        print_line(f"{field}: {value}")
    for hit in said["hits"]:
        item = f"{hit['item']['kind']}:{hit['item']['host_id']}"
        near = "" if hit["distance"] is None else f", distance {hit['distance']}"
        print_line(f"matched {item} by {hit['means']}{near}, {hit['at']}")
    for each in said["feedback"]:
        item = f"{each['item']['kind']}:{each['item']['host_id']}"
        print_line(f"{each['opinion']} for {item} by {each['by']}: {each['note']}")


def change_entry(home: Path | None, bank: str, entry: str, fields: Mapping[str, object]) -> None:
    """Change what is given and leave the rest. Raises BadInput if nothing is."""
    given = _given(fields)
    if not given:
        raise BadInput(f"nothing to change about {entry}", hint="See `bank entry change --help`.")
    with reach(home) as call:
        told = call("PATCH", route("/v1/banks/{}/entries/{}", bank, entry), given)
    print_line(f"entry {told['id']}: {told['state']}, {told['label']}")


def remove_entry(home: Path | None, bank: str, entry: str) -> None:
    """Take an entry out."""
    with reach(home) as call:
        call("DELETE", route("/v1/banks/{}/entries/{}", bank, entry))
    print_line(f"entry {entry} removed")


def judge_match(home: Path | None, bank: str, entry: str, said: Mapping[str, object]) -> None:
    """Say what is thought of a match."""
    with reach(home) as call:
        told = call("POST", route("/v1/banks/{}/entries/{}/feedback", bank, entry), dict(said))
    print_line(f"{told['opinion']} for entry {told['entry']}")


def file_part(path: Path) -> tuple[str, tuple[str, bytes, str]]:
    """Make the part of a form that carries a file."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return "file", (path.name, path.read_bytes(), kind)


def _list_entries(home: Path | None, name: str, *, as_json: bool) -> None:
    with reach(home) as call:
        pages = _pages(call, name)
        if as_json:
            print_json_list("entries", chain.from_iterable(pages))
            return
        for number, entries in enumerate(pages):
            print_table(ENTRY_COLUMNS, entries, empty="no entries yet", header=number == 0)


def _pages(call: Call, name: str) -> Iterator[list[Json]]:
    """Read the entries of a bank: one page, be it empty, and all that follow."""
    cursor: str | None = ""
    while cursor is not None:
        query = f"?cursor={cursor}" if cursor else ""
        told = call("GET", route("/v1/banks/{}/entries", name) + query)
        yield told["entries"]
        cursor = told["next"]


def _given(fields: Mapping[str, object]) -> dict[str, object]:
    """Leave out what was not said, and put what was in the words of the API."""
    given = {field: value for field, value in fields.items() if value is not None}
    known_good = given.pop("known_good", None)
    if known_good is not None:
        given["polarity"] = "known_good" if known_good else "harmful"
    if given.get("disabled_until") == NOW:
        given["disabled_until"] = None
    return given


def _tell_bank(made: Json, given: Mapping[str, object], *, otherwise: str) -> None:
    """Say all that holds for a bank, what was asked for first."""
    vetted = "vetted" if made["vetted"] else "not vetted"
    print_line(f"bank {made['name']}: policy {made['policy']}, {vetted}, radius {made['radius']}")
    shown = [field for field in SETTINGS if made[field] is not None]
    said = [_set(made, field) for field in shown if field in given]
    left = [_set(made, field) for field in shown if field not in given]
    if said:
        print_line(f"  set: {', '.join(said)}")
    if left:
        print_line(f"  {otherwise}: {', '.join(left)}")


def _set(made: Json, field: str) -> str:
    value = made[field]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, float):
        value = f"{value:g}"
    return f"{field.replace('_', ' ')} {value}"


def _tell_added(bank: str, entry: Json) -> None:
    if entry["is_new"]:
        print_line(f"{entry['id']}  {entry['label']}: {entry['frames']} frames")
    else:
        print_line(f"{entry['id']}  {entry['label']}: is in {bank} already, not added again")
