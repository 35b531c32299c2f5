"""The part of a unit of work that review needs; the store's own has it all."""

from typing import Protocol

from fieldfare.decisions.repositories import Verdicts
from fieldfare.ingest.repositories import Items
from fieldfare.kernel import Org
from fieldfare.records import ACCOUNT, Log, Subject
from fieldfare.review.repositories import Cases, Exposures


class UnsentEffects(Protocol):
    """What undo asks of the outbox, which stands above this room."""

    def cancel(self, org: Org, subject: Subject, revision: int, /) -> int: ...


class ReviewUnit(Protocol):
    """One transaction, as review sees it."""

    @property
    def log(self) -> Log: ...
    @property
    def items(self) -> Items: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def exposures(self) -> Exposures: ...
    @property
    def verdicts(self) -> Verdicts: ...
    @property
    def unsent(self) -> UnsentEffects: ...


def person_behind(uow: ReviewUnit, org: Org, subject: Subject, /) -> Subject | None:
    """Give whose data an event about a subject holds: an item's author, or the account itself.

    Under their key it is written, and with it erased. None for an item nobody knows.
    """
    if subject.kind == ACCOUNT:
        return subject
    item = uow.items.current(org, subject)
    return item.author if item else None
