"""What is brought into memory at start: what is in force, what is decided, how old accounts are.

From one consistent read. What is in force is that of the event the evaluator comes to next, not of
today: what came later is read when its turn has come. A new organisation begins with what it was
given.
"""

from collections.abc import Mapping

from fieldfare.decisions.gate import GateItem, MemoryGate
from fieldfare.engine.evaluator import READER
from fieldfare.engine.exposure import views_judged
from fieldfare.engine.grounds import Grounds
from fieldfare.engine.in_force import Books
from fieldfare.engine.labels import book_of
from fieldfare.engine.readable_lists import tell_of
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.kernel.ids import LAST_ID
from fieldfare.records import ItemState, ItemVersion, Restriction


def bring_into_memory(uow: UnitOfWork, *, books: Books, grounds: Grounds, gate: MemoryGate) -> None:
    """Load every organisation's books, gate and account ages as of the evaluator's position."""
    position = uow.cursors.get(READER)
    for org in uow.organisations.all():
        books.refresh(uow, org, as_of=position)
        if not books.has(org):
            books.refresh(uow, org, as_of=LAST_ID)
        if books.has(org):
            tell_of(org, books.of(org).older_lists)
        grounds.open(org)
        grounds.learn_labels(org, book_of(uow, org))
    against = {(org, made): found for org, made, found in uow.decisions.restricting()}
    views = views_judged(uow, position)
    for org, item in uow.items.all_current():
        seen = views.get((org, item.subject), 0)
        cap = gate.first_cap(item.subject.kind, seen)
        gate.put(org, item.subject, _gate_item(org, item, against, cap))
    for org, account in uow.accounts.all():
        grounds.learn_account(org, account.subject.host_id, account.created_at)
        if account.state == "deleted":
            gate.lose_account(org, account.subject.host_id)
        if account.decision_id and (org, account.decision_id) in against:
            restrictions = against[org, account.decision_id]
            gate.restrict_account(org, account.subject.host_id, restrictions)


def _gate_item(
    org: Org,
    item: ItemVersion,
    against: Mapping[tuple[Org, EventId], tuple[Restriction, ...]],
    cap: int | None,
) -> GateItem:
    decided = item.state is ItemState.DECIDED
    return GateItem(
        number=item.number,
        version=item.digest,
        author=item.author.host_id,
        media=tuple(part.sha256 for part in item.media),
        decision_id=item.decision_id if decided else None,
        restrictions=against.get((org, item.decision_id), ()) if item.decision_id else (),
        deleted=item.state is ItemState.DELETED,
        cap=cap,
    )
