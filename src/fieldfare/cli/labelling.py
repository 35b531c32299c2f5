"""The commands on labels: what they ask of the API, and how its answers are printed."""

from pathlib import Path

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.cli.reach import reach
from fieldfare.kernel import BadInput
from fieldfare.kernel.routes import route


def change_label(
    home: Path | None, entity: str, label: str, *, added: bool, reason: str, length: str | None
) -> None:
    """Add or remove a label by hand. Raises BadInput for an entity that is none."""
    of, entity_id = _parts(entity)
    body = {
        "entity": {"type": of, "id": entity_id},
        "label": label,
        "status": "added" if added else "removed",
        "reason": reason,
    }
    with reach(home) as call:
        told = call("POST", "/v1/labels", body if length is None else {**body, "for": length})
    end = f"until {told['expires_at']}" if told["expires_at"] else "for good"
    print_line(f"{entity} {told['status'].replace('_', ' ')}: {label}, {end}")


def show_entity(home: Path | None, entity: str, *, as_json: bool) -> None:
    """Show the labels of an entity. Raises BadInput for an entity that is none."""
    of, entity_id = _parts(entity)
    with reach(home) as call:
        told = call("GET", route("/v1/entities/{}", of, last=entity_id))
    if as_json:
        print_json(told)
        return
    rows = [
        {
            **label,
            "status": label["status"] if label["holds"] else "ended",
            "reasons": ", ".join(reason["name"] for reason in label["reasons"]),
        }
        for label in told["labels"]
    ]
    columns = ("label", "status", "expires_at", "reasons")
    print_table(columns, rows, empty=f"{entity} has no labels")
    for dropped in told["dropped"]:
        print_line(f"dropped: {dropped['label']} by {dropped['reason']}: {dropped['dropped']}")


def list_labels(home: Path | None, *, as_json: bool) -> None:
    """List the labels that the rules in force declare."""
    with reach(home) as call:
        told = call("GET", "/v1/labels")
    if as_json:
        print_json(told)
        return
    rows = [{**row, "valid_for": ", ".join(row["valid_for"]) or "any"} for row in told["labels"]]
    columns = ("name", "valid_for", "connotation", "description")
    print_table(columns, rows, empty="the rules declare no labels")


def _parts(entity: str) -> tuple[str, str]:
    of, colon, entity_id = entity.partition(":")
    if not (of and colon and entity_id):
        raise BadInput(f"{entity!r} is no entity", hint="Write TYPE:ID, as in Account:ana.")
    return of, entity_id
