"""Orders in bulk: the same order under one key is carried out once, and stands on the log.

In flow who orders what; out flow what came of it, now or the first time.
"""

from typing import Final, Generic, TypeVar

import msgspec

from fieldfare.engine.administration import note
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.ingest.repositories import EarlierCall
from fieldfare.kernel import BadInput, Conflict, JsonValue, Org
from fieldfare.records import Subject

MOST: Final = 10_000
"""Items or entities one order may be about."""
CHUNK: Final = 100
"""How many are changed in one transaction."""
CALL: Final = "bulk"
CameT = TypeVar("CameT", bound=msgspec.Struct)


class Orders(Generic[CameT]):
    """Remembers the orders of one organisation. came: what an order comes to."""

    def __init__(self, store: Store, org: Org, came: type[CameT]) -> None:
        self._store = store
        self._org = org
        self._came = came

    def earlier(self, key: str, content: str) -> CameT | None:
        """Give what came of the same order before. Raises Conflict for another under its key."""
        found = self._store.read(lambda uow: uow.call_keys.find(self._org, CALL, key))
        if found is None:
            return None
        if found.content_digest != content:
            hint = "Use a new key for a new order."
            raise Conflict(f"the key {key!r} was used for another order", hint=hint)
        return msgspec.json.decode(found.answer, type=self._came)

    def keep(  # all of it is one line of the ledger
        self,
        uow: UnitOfWork,
        kind: str,
        told: dict[str, JsonValue],
        *,
        key: str,
        content: str,
        came: CameT,
        by: str,
    ) -> None:
        """Put a carried out order on the log, and its answer under its key."""
        about = Subject("query", content[:16])
        event_id = note(uow, self._org, kind, about, data=told, by=by)
        answer = msgspec.json.encode(came)
        call = EarlierCall(content_digest=content, event_id=event_id, answer=answer)
        uow.call_keys.keep(self._org, CALL, key, call)


def must_be_as_expected(found: int, expected: int, limit: int) -> None:
    """Refuse an order about another number than was previewed, or about too many."""
    if found != expected:
        hint = "Look at it once more: the rules or the events have changed since."
        raise Conflict(f"{found} are selected now, not {expected}", hint=hint)
    if found > min(limit, MOST):
        hint = f"Narrow the inquiry; an order may be about {MOST:,} at most."
        raise BadInput(f"{found} are more than the limit", hint=hint, pointer="/limit")
