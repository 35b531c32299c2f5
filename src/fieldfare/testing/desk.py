"""A review desk over a real store, for tests of what people do with cases.

Its deciding only takes note; the engine has tests of its own.
"""

import itertools
from dataclasses import dataclass, field

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org, SimulatedClock
from fieldfare.policies import PolicyPack, load_pack, packs_dir
from fieldfare.records import (
    Case,
    CaseState,
    Decision,
    Judgement,
    NewEvent,
    Subject,
    Verdict,
    Voice,
)
from fieldfare.review import Choice, Closed, Held, Hold, Reviewing, ReviewTimes
from fieldfare.storage import SqlStore

PACK = load_pack(packs_dir() / "default")
VERSION = "a" * 32
TIMES = ReviewTimes()
_orgs = itertools.count(1)


@dataclass(slots=True)
class NotingDecide:
    """Stands in for the engine: takes note of what it was asked to decide."""

    asked: list[Verdict | None] = field(default_factory=list)

    def __call__(
        self,
        uow: UnitOfWork,
        org: Org,
        subject: Subject,
        version: str,
        verdict: Verdict | None,
        /,
    ) -> Decision:
        self.asked.append(verdict)
        event = uow.log.append(org, NewEvent(kind="decision.made", subject=subject, data={}))
        restrictions = verdict.restrictions if verdict else ()
        return Decision(
            org=org,
            id=event.id,
            at=event.at,
            subject=subject,
            version=version,
            revision=len(self.asked),
            judgement=Judgement(
                action="allow", policy="", by=Voice.PERSON, restrictions=restrictions
            ),
            pack=PACK.hash,
            rule_set="",
        )


class Desk:
    """The workflows of review in an organisation of their own."""

    def __init__(self, store: SqlStore, clock: SimulatedClock) -> None:
        self.store = store
        self.clock = clock
        self.org = Org(f"desk-{next(_orgs)}")
        self.decide = NotingDecide()
        self.reviewing = Reviewing[UnitOfWork](
            clock=clock, decide=self.decide, pack=self._pack, secret=b"s" * 32, times=TIMES
        )
        store.write(lambda uow: uow.organisations.add(self.org, self.org))

    def open(self, *, lane: int = 1, queue: str = "adult", due_in_ms: int = 60_000) -> Case:
        """Put a case into a queue."""

        def write(uow: UnitOfWork) -> Case:
            number = uow.log.append(
                self.org, NewEvent(kind="case.opened", subject=Subject("video", "v"), data={})
            )
            case = Case(
                org=self.org,
                id=number.id,
                queue=queue,
                subject=Subject("video", f"v{number.id}"),
                version=VERSION,
                policies=("AD.NUDE",),
                decision_id=EventId(1),
                reason="",
                lane=lane,
                opened_at=number.at,
                due_at=number.at + due_in_ms,
                state=CaseState.READY,
            )
            uow.cases.put(case)
            return case

        return self.store.write(write)

    def claim(self, reviewer: str, *, queue: str | None = None) -> Held | None:
        return self.store.write(
            lambda uow: self.reviewing.claim(uow, self.org, reviewer, queue=queue)
        )

    def claimed(self, reviewer: str) -> Held:
        held = self.claim(reviewer)
        if held is None:
            raise AssertionError("nothing to claim")
        return held

    def hold(self, held: Held, reviewer: str) -> Hold:
        return Hold(org=self.org, case_id=held.case.id, reviewer=reviewer, token=held.token)

    def close(self, hold: Hold, choice: Choice) -> Closed:
        return self.store.write(lambda uow: self.reviewing.close(uow, hold, choice))

    def heartbeat(self, hold: Hold) -> Case:
        return self.store.write(lambda uow: self.reviewing.heartbeat(uow, hold))

    def skip(self, hold: Hold) -> Case:
        return self.store.write(lambda uow: self.reviewing.skip(uow, hold, reason="not my area"))

    def release(self, hold: Hold) -> Case:
        return self.store.write(lambda uow: self.reviewing.release(uow, hold))

    def escalate(self, hold: Hold) -> Case:
        return self.store.write(lambda uow: self.reviewing.escalate(uow, hold, note="hard"))

    def undo(self, case_id: EventId, reviewer: str) -> Held:
        return self.store.write(lambda uow: self.reviewing.undo(uow, self.org, case_id, reviewer))

    def case(self, case_id: EventId) -> Case:
        found = self.store.read(lambda uow: uow.cases.get(self.org, case_id))
        if found is None:
            raise AssertionError(f"case {case_id} is lost")
        return found

    def kinds_after(self, case_id: EventId) -> list[str]:
        """Name the log entries that follow from a case, in order."""

        def read(uow: UnitOfWork) -> list[str]:
            ids = uow.log.caused_by(self.org, case_id)
            events = [uow.log.get(self.org, each) for each in ids]
            return [event.kind for event in events if event]

        return self.store.read(read)

    def standing(self, case: Case) -> list[Verdict]:
        return list(
            self.store.read(lambda uow: uow.verdicts.standing(self.org, case.subject, case.version))
        )

    def _pack(self, _org: Org) -> PolicyPack:
        return PACK
