"""Saved queries: inquiries with a name, kept on the log, where it also stands who saved them."""

from dataclasses import dataclass
from typing import Final

from fieldfare.engine.administration import note
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, JsonValue, NotFound, Org
from fieldfare.records import Subject

SAVED: Final = "query.saved"
MOST: Final = 200
_HISTORY: Final = 2_000
_ABOUT: Final = Subject("query", "saved")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A query under a name; by: who saved it last, as a pseudonym."""

    name: str
    text: str
    shown: str = ""
    kinds: tuple[str, ...] = ()
    by: str = ""


def saved_queries(uow: UnitOfWork, org: Org) -> dict[str, SavedQuery]:
    """Give an organisation's saved queries by name, in the order of their names."""
    found: dict[str, SavedQuery] = {}
    for event in uow.log.of_subject(org, _ABOUT, limit=_HISTORY):
        data = event.data or {}
        name, kinds = str(data.get("name", "")), data.get("kinds")
        if data.get("deleted"):
            found.pop(name, None)
            continue
        found[name] = SavedQuery(
            name=name,
            text=str(data.get("expression", "")),
            shown=str(data.get("top", "")),
            kinds=tuple(map(str, kinds)) if isinstance(kinds, list) else (),
            by=str(data.get("by", "")),
        )
    return dict(sorted(found.items()))


def save_query(uow: UnitOfWork, org: Org, query: SavedQuery, /, *, by: str) -> None:
    """Keep a query, in the place of an earlier one of its name. Raises BadInput if it is one too
    many.
    """
    before = saved_queries(uow, org)
    if query.name not in before and len(before) >= MOST:
        raise BadInput(f"there are {MOST} saved queries", hint="Delete one that nobody needs.")
    kinds: list[JsonValue] = list(query.kinds)
    told: dict[str, JsonValue] = {
        "name": query.name,
        "expression": query.text,
        "top": query.shown,
        "kinds": kinds,
    }
    note(uow, org, SAVED, _ABOUT, data=told, by=by)


def delete_query(uow: UnitOfWork, org: Org, name: str, /, *, by: str) -> None:
    """Let go of a saved query. Raises NotFound."""
    if name not in saved_queries(uow, org):
        raise NotFound(f"no saved query {name!r}", hint="See GET /v1/queries.")
    note(uow, org, SAVED, _ABOUT, data={"name": name, "deleted": True}, by=by)
