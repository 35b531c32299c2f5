"""Bulk review: people are asked about all items that an inquiry selected, once and on the record.

In flow the subjects of an inquiry and what is to be asked; out flow cases in a queue. Nothing is
decided here: each item keeps the decision it has until somebody has looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import msgspec

from fieldfare.decisions.unknowns import UNJUDGED_QUEUE
from fieldfare.engine.bulk_orders import CHUNK, Orders, must_be_as_expected
from fieldfare.engine.investigating import Inquiry
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import (
    BadInput,
    EventId,
    JsonValue,
    Org,
    did_you_mean,
    digest,
    rfc3339,
)
from fieldfare.policies import PolicyPack
from fieldfare.records import ItemState, ReviewRequest, Subject
from fieldfare.review.opening import open_cases

REVIEWED: Final = "bulk.reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOrder:
    """What is ordered. key: the caller's own; the same order under it is carried out once.

    expected: how many items the preview counted; limit: more than that are not asked about.
    """

    inquiry: Inquiry
    policy: str
    reason: str
    expected: int
    limit: int
    key: str
    queue: str = ""


class Bulk(msgspec.Struct, frozen=True):
    """What came of an order. asked: cases opened; skipped: items that were gone, undecided, or
    already asked about.
    """

    asked: int
    skipped: int


class BulkReview:
    """Carries out orders for one organisation."""

    def __init__(self, store: Store, org: Org, pack: PolicyPack) -> None:
        self._store = store
        self._org = org
        self._pack = pack
        self._orders = Orders(store, org, Bulk)

    def earlier(self, order: BulkOrder) -> Bulk | None:
        """Give what came of the same order before. Raises Conflict for another under its key."""
        return self._orders.earlier(order.key, _content(order))

    def carry_out(self, order: BulkOrder, subjects: Sequence[Subject], *, by: str) -> Bulk:
        """Ask about the subjects. Raises BadInput or Conflict before anything is done."""
        request = self._request(order)
        must_be_as_expected(len(subjects), order.expected, order.limit)
        asked = 0
        for start in range(0, len(subjects), CHUNK):
            some = subjects[start : start + CHUNK]
            asked += self._store.write(partial(self._ask, request, some))
        return self._store.write(partial(self._keep, order, asked, len(subjects), by))

    def _request(self, order: BulkOrder) -> ReviewRequest:
        policy = self._pack.policies.get(order.policy)
        if policy is None:
            hint = did_you_mean(order.policy, self._pack.policies) or "See the Policies page."
            raise BadInput(f"no policy {order.policy!r}", hint=hint, pointer="/policy")
        queue = order.queue or policy.queue
        queues = {UNJUDGED_QUEUE, *(each.queue for each in self._pack.policies.values())}
        if queue not in queues:
            hint = did_you_mean(queue, queues) or f"Queues: {', '.join(sorted(queues))}."
            raise BadInput(f"no queue {queue!r}", hint=hint, pointer="/queue")
        return ReviewRequest(queue=queue, policy=policy.code, reason=order.reason)

    def _ask(self, request: ReviewRequest, subjects: Sequence[Subject], uow: UnitOfWork) -> int:
        return sum(self._ask_about(uow, request, subject) for subject in subjects)

    def _ask_about(self, uow: UnitOfWork, request: ReviewRequest, subject: Subject) -> bool:
        decision_id = _standing(uow, self._org, subject)
        decision = uow.decisions.get(self._org, decision_id) if decision_id else None
        if decision is None:
            return False
        asking = replace(decision, judgement=replace(decision.judgement, review=(request,)))
        return bool(open_cases(uow, asking, self._pack, again=True))

    def _keep(self, order: BulkOrder, asked: int, total: int, by: str, uow: UnitOfWork) -> Bulk:
        inquiry = order.inquiry
        kinds: list[JsonValue] = list(inquiry.kinds)
        told: dict[str, JsonValue] = {
            "expression": inquiry.text,
            "kinds": kinds,
            "from": rfc3339(inquiry.from_ms),
            "to": rfc3339(inquiry.to_ms),
            "policy": order.policy,
            "queue": order.queue,
            "reason": order.reason,
            "asked": asked,
            "skipped": total - asked,
        }
        came = Bulk(asked=asked, skipped=total - asked)
        self._orders.keep(
            uow, REVIEWED, told, key=order.key, content=_content(order), came=came, by=by
        )
        return came


def askable(uow: UnitOfWork, org: Org, subjects: Sequence[Subject]) -> int:
    """Count those that people can be asked about: posted here, decided and not deleted.

    Which of them have been asked about already depends on the queue, and is not looked at.
    """
    return sum(_standing(uow, org, subject) is not None for subject in subjects)


def _standing(uow: UnitOfWork, org: Org, subject: Subject) -> EventId | None:
    """Name the decision that stands on an item; None of what was imported, deleted or waits."""
    item = uow.items.current(org, subject)
    return None if item is None or item.state is ItemState.DELETED else item.decision_id


def _content(order: BulkOrder) -> str:
    inquiry = order.inquiry
    return digest(
        [
            *(inquiry.text, list(inquiry.kinds), inquiry.from_ms, inquiry.to_ms),
            *(order.policy, order.queue, order.reason, order.expected, order.limit),
        ]
    )
