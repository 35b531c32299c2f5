"""What review asks of the store: cases under leases, and the exposure of the people who look."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.records import Case, CaseState, Exposure, Lease, Subject


class Cases(Protocol):
    def put(self, case: Case, /) -> None:
        """Insert a case, or write its new state over the old one."""
        ...

    def get(self, org: Org, case_id: EventId, /) -> Case | None: ...

    def claim(
        self, org: Org, lease: Lease, /, *, now_ms: int, queue: str | None = None
    ) -> Case | None:
        """Lease the most urgent ready case (lane, then due_at, then id); lapsed leases are ready.

        A person who already holds a live lease gets that same case under the new lease. A case that
        has `lease.reviewer` among its `excluded` is passed over. A lease lapses at `expires_at`.
        """
        ...

    def page(
        self,
        org: Org,
        /,
        *,
        states: frozenset[CaseState],
        before: EventId | None,
        limit: int,
        queue: str | None = None,
    ) -> Sequence[Case]:
        """List cases newest first, from below `before`; queue: None for all."""
        ...

    def of_subject(self, org: Org, subject: Subject, /) -> Sequence[Case]: ...

    def asked_about(self, org: Org, person: Subject, /) -> Sequence[Subject]:
        """Name the items of a person, and the account itself, that have an open case."""
        ...


class QueueDepths(Protocol):
    def depths(self, org: Org, /, *, now_ms: int) -> Mapping[str, tuple[int, int]]:
        """Per queue: open cases and the age of the oldest in ms."""
        ...


class Exposures(Protocol):
    def add(self, exposure: Exposure, /) -> None: ...

    def count(self, org: Org, reviewer: str, /, *, since_ms: int) -> int: ...
