"""Bulk labels: every entity that an inquiry shows gets a label, once and on the record.

In flow the values an inquiry shows, as ids of one type of entity; out flow label.changed events of
people, which hold against rules as any label given by hand does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec

from fieldfare.engine.bulk_orders import CHUNK, Orders, must_be_as_expected
from fieldfare.engine.in_force import InForce
from fieldfare.engine.investigating import Inquiry
from fieldfare.engine.labels import MANUAL, change_by_hand, must_fit
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import JsonValue, Org, digest, rfc3339
from fieldfare.rules.labels import Entity, LabelChange

LABELLED: Final = "bulk.labelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOrder:
    """What is ordered: the values of `inquiry.shown` are ids of entities of `entity_type`.

    added: False takes the label off. expected: how many different values the preview counted;
    key: the caller's own; the same order under it is carried out once. expires_at: ms since 1970.
    """

    inquiry: Inquiry
    entity_type: str
    label: str
    reason: str
    expected: int
    limit: int
    key: str
    added: bool = True
    expires_at: int | None = None


class Labelled(msgspec.Struct, frozen=True):
    """What came of an order: how many entities got the label, or lost it."""

    entities: int


class BulkLabel:
    """Carries out orders for one organisation."""

    def __init__(self, store: Store, org: Org, in_force: InForce) -> None:
        self._store = store
        self._org = org
        self._in_force = in_force
        self._orders = Orders(store, org, Labelled)

    def earlier(self, order: LabelOrder) -> Labelled | None:
        """Give what came of the same order before. Raises Conflict for another under its key."""
        return self._orders.earlier(order.key, _content(order))

    def carry_out(self, order: LabelOrder, values: Sequence[str], *, by: str) -> Labelled:
        """Label the entities. Raises, before anything is done, BadInput for a label nobody declared
        or a value it does not fit, Conflict if others are selected than were previewed.
        """
        must_be_as_expected(len(values), order.expected, order.limit)
        changes = [_change(order, value, by) for value in values]
        for change in changes:
            must_fit(self._in_force, change)
        for start in range(0, len(changes), CHUNK):
            self._store.write(partial(self._label, changes[start : start + CHUNK]))
        came = Labelled(entities=len(values))
        self._store.write(partial(self._keep, order, came, by))
        return came

    def _label(self, changes: Sequence[LabelChange], uow: UnitOfWork) -> None:
        for change in changes:
            change_by_hand(uow, self._org, self._in_force, change)

    def _keep(self, order: LabelOrder, came: Labelled, by: str, uow: UnitOfWork) -> None:
        inquiry = order.inquiry
        told: dict[str, JsonValue] = {
            "expression": inquiry.text,
            "top": inquiry.shown,
            "from": rfc3339(inquiry.from_ms),
            "to": rfc3339(inquiry.to_ms),
            "entity_type": order.entity_type,
            "label": order.label,
            "status": "added" if order.added else "removed",
            "reason": order.reason,
            "entities": came.entities,
        }
        self._orders.keep(
            uow, LABELLED, told, key=order.key, content=_content(order), came=came, by=by
        )


def _change(order: LabelOrder, value: str, by: str) -> LabelChange:
    return LabelChange(
        entity=Entity(order.entity_type, value),
        label=order.label,
        status=MANUAL[order.added],
        reason=by,
        description=order.reason,
        expires_at=order.expires_at,
    )


def _content(order: LabelOrder) -> str:
    inquiry = order.inquiry
    return digest(
        [
            *(inquiry.text, inquiry.shown, list(inquiry.kinds), inquiry.from_ms, inquiry.to_ms),
            *(order.entity_type, order.label, order.added, order.reason, order.expires_at),
            *(order.expected, order.limit),
        ]
    )
