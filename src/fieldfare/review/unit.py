"""The part of a unit of work that review needs; the store's own has it all."""

from typing import Protocol

from fieldfare.decisions.repositories import Verdicts
from fieldfare.ingest.repositories import Items
from fieldfare.kernel import Org
from fieldfare.records import Log, Subject
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
