"""Reviewing: the workflows of a case, each one transaction of the caller's unit of work.

A person's wish flows in; the case's next state, its log entries and, when the case is closed, a new
decision flow out together or not at all. What deciding is, this room does not know: it is given it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from fieldfare.kernel import Clock, EventId, JsonValue, NotFound, Org
from fieldfare.policies import PolicyPack
from fieldfare.records import (
    Case,
    CaseState,
    Decision,
    ItemState,
    NewEvent,
    Reason,
    Restriction,
    Subject,
    Verdict,
    Voice,
)
from fieldfare.review import reveals
from fieldfare.review.choices import Choice, consequences
from fieldfare.review.transitions import (
    UndoTooLate,
    decided,
    draw_token,
    escalated,
    extended,
    is_held,
    lease_of,
    must_hold,
    put_back,
    skipped,
    taken_back,
)
from fieldfare.review.unit import ReviewUnit, person_behind

VERDICT_GIVEN: Final = "verdict.given"
VERDICT_WITHDRAWN: Final = "verdict.withdrawn"
CASE_SKIPPED: Final = "case.skipped"
CASE_ESCALATED: Final = "case.escalated"
ESCALATION_QUEUE: Final = "escalation"
_MAX_LEASED: Final = 1_000

U = TypeVar("U", bound=ReviewUnit)
U_contra = TypeVar("U_contra", bound=ReviewUnit, contravariant=True)


class CaseUnknown(NotFound):
    slug = "case-unknown"


class Decide(Protocol[U_contra]):
    """The engine's deciding, in the caller's transaction.

    verdict: of a person, whose effects wait until the undo is over; None: what stands is joined
    anew, because a verdict was withdrawn. Gives None if what holds is what held before.
    """

    def __call__(
        self, uow: U_contra, org: Org, subject: Subject, version: str, verdict: Verdict | None, /
    ) -> Decision | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What a person shows to act on a case: who they are and the token of their lease."""

    org: Org
    case_id: EventId
    reviewer: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A case in somebody's hands. token: the lease's, which only its holder ever sees."""

    case: Case
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A case decided just now. undo_until: ms since 1970. decision: None if nothing new holds."""

    case: Case
    decision: Decision | None
    undo_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTimes:
    """How long things last, in ms."""

    lease_ms: int = 300_000
    undo_ms: int = 10_000
    reveal_ms: int = 60_000


class Reviewing(Generic[U]):
    """The workflows. Every method is called inside a unit of work and keeps nothing itself.

    reviewer: the pseudonym of the person who asks. secret: signs reveal tokens; 32 random bytes
    that need not outlive the process. pack: gives the policies of an organisation.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        decide: Decide[U],
        pack: Callable[[Org], PolicyPack],
        secret: bytes,
        times: ReviewTimes | None = None,
    ) -> None:
        self._clock = clock
        self._decide = decide
        self._pack = pack
        self._secret = secret
        self.times = times or ReviewTimes()

    def claim(self, uow: U, org: Org, reviewer: str, *, queue: str | None = None) -> Held | None:
        """Lease the most urgent case to a person; None if there is none for them."""
        token, digest = draw_token()
        now_ms = self._clock.now_ms()
        lease = lease_of(reviewer, digest, now_ms=now_ms, lease_ms=self.times.lease_ms)
        case = uow.cases.claim(org, lease, now_ms=now_ms, queue=queue)
        return Held(case=case, token=token) if case else None

    def held(self, uow: U, hold: Hold) -> Case:
        """Give a case this person holds under this token. Raises CaseUnknown, CaseNotLeased."""
        case = self.case(uow, hold.org, hold.case_id)
        must_hold(case, hold.reviewer, hold.token, now_ms=self._clock.now_ms())
        return case

    def case(self, uow: U, org: Org, case_id: EventId) -> Case:
        """Give a case. Raises CaseUnknown."""
        case = uow.cases.get(org, case_id)
        if case is None:
            raise CaseUnknown(f"There is no case {case_id}.")
        return case

    def heartbeat(self, uow: U, hold: Hold) -> Case:
        """Extend the lease while the page is looked at. Raises as `held` does."""
        case = self.case(uow, hold.org, hold.case_id)
        now_ms = self._clock.now_ms()
        lease = must_hold(case, hold.reviewer, hold.token, now_ms=now_ms)
        longer = extended(case, lease, now_ms=now_ms, lease_ms=self.times.lease_ms)
        uow.cases.put(longer)
        return longer

    def release(self, uow: U, hold: Hold) -> Case:
        """Give the case back, to be taken by anybody. Raises as `held` does."""
        case = put_back(self.held(uow, hold))
        uow.cases.put(case)
        return case

    def skip(self, uow: U, hold: Hold, *, reason: str = "") -> Case:
        """Give the case back and never get it again. Raises as `held` does."""
        case = self.held(uow, hold)
        self._note(uow, case, CASE_SKIPPED, {"reviewer": hold.reviewer, "reason": reason})
        after = skipped(case, hold.reviewer)
        uow.cases.put(after)
        return after

    def escalate(self, uow: U, hold: Hold, *, note: str = "") -> Case:
        """Hand the case to those who know more, at the top. Raises as `held` does."""
        case = self.held(uow, hold)
        self._note(uow, case, CASE_ESCALATED, {"reviewer": hold.reviewer, "note": note})
        after = escalated(case, hold.reviewer, queue=ESCALATION_QUEUE)
        uow.cases.put(after)
        return after

    def close(self, uow: U, hold: Hold, choice: Choice) -> Closed:
        """Decide a case: verdict, decision and closed case in one.

        Raises CaseUnknown, CaseNotLeased (nothing is changed then) and UnknownPolicy.
        """
        case = self.held(uow, hold)
        now_ms = self._clock.now_ms()
        verdict = self._verdict(uow, case, hold.reviewer, choice)
        after = decided(case, choice.outcome, now_ms=now_ms)
        uow.cases.put(after)
        uow.verdicts.put(case.org, verdict)
        decision = self._decide(uow, case.org, case.subject, case.version, verdict)
        return Closed(case=after, decision=decision, undo_until=now_ms + self.times.undo_ms)

    def undo(self, uow: U, org: Org, case_id: EventId, reviewer: str) -> Held:
        """Take back a decision made within the undo time, with all that has not left yet.

        The case is leased to the same person again; a case taken meanwhile goes back to the queue.
        Raises CaseUnknown and UndoTooLate (nothing is changed then).
        """
        case = self.case(uow, org, case_id)
        now_ms = self._clock.now_ms()
        token, digest = draw_token()
        lease = lease_of(reviewer, digest, now_ms=now_ms, lease_ms=self.times.lease_ms)
        after = taken_back(case, lease, now_ms=now_ms, undo_ms=self.times.undo_ms)
        self._must_be_current(uow, case)
        given = self._verdict_event(uow, case)
        for other in self._holding(uow, org, reviewer, now_ms=now_ms):
            uow.cases.put(put_back(other))
        uow.cases.put(after)
        uow.verdicts.withdraw(org, given)
        self._note(uow, case, VERDICT_WITHDRAWN, {"reviewer": reviewer}, given)
        item = uow.items.current(org, case.subject)
        if item is not None:
            uow.unsent.cancel(org, case.subject, item.revision)
        self._decide(uow, org, case.subject, case.version, None)
        return Held(case=after, token=token)

    def reveal(self, uow: U, hold: Hold, *, what: str) -> reveals.Reveal:
        """Let the holder of a case see it clearly for a while; counted as exposure at once.

        what: "stills" or "video". Raises as `held` does.
        """
        case = self.held(uow, hold)
        reveals.record(uow, hold.reviewer, case, what=what)
        ends = self._clock.now_ms() + self.times.reveal_ms
        return reveals.sign(self._secret, hold.reviewer, case, what=what, expires_at=ends)

    def may_see(
        self, uow: U, org: Org, case_id: EventId, reviewer: str, token: str, *, what: str
    ) -> Case:
        """Give the case whose clear media this reveal token opens now.

        what: "stills" or "video", which is to be seen; a reveal of the video opens both. Raises
        CaseUnknown and RevealRefused.
        """
        case = self.case(uow, org, case_id)
        now_ms = self._clock.now_ms()
        reveals.check(self._secret, token, reviewer, case, what=what, now_ms=now_ms)
        return case

    def restrictions(self, org: Org, choice: Choice) -> tuple[Restriction, ...]:
        """Work out what a choice would take away now. Raises UnknownPolicy."""
        pack = self._pack(org)
        policy = pack.policy(choice.policy) if choice.policy else None
        kinds = (kind.name for kind in pack.kinds if "item" in kind.scopes)
        return consequences(policy, choice.action, at_ms=self._clock.now_ms(), kinds=kinds)

    def _verdict(self, uow: U, case: Case, reviewer: str, choice: Choice) -> Verdict:
        restrictions = self.restrictions(case.org, choice)
        taken: JsonValue = msgspec.to_builtins(restrictions)
        event = self._note(
            uow,
            case,
            VERDICT_GIVEN,
            {
                "by": Voice.PERSON.value,
                "reviewer": reviewer,
                "version": case.version,
                "action": choice.action.value,
                "policy": choice.policy,
                "restrictions": taken,
                "note": choice.note,
            },
        )
        return Verdict(
            by=Voice.PERSON,
            author=reviewer,
            subject=case.subject,
            version=case.version,
            event_id=event,
            restrictions=restrictions,
            reasons=(Reason(by=reviewer, policy=choice.policy, description=choice.outcome),),
        )

    def _note(
        self, uow: U, case: Case, kind: str, data: dict[str, JsonValue], *more: EventId
    ) -> EventId:
        """Write what happened to a case on the log; notes are erased with the author's data."""
        event = NewEvent(
            kind=kind,
            subject=case.subject,
            data=data,
            person=person_behind(uow, case.org, case.subject),
            causes=(case.id, *more),
        )
        return uow.log.append(case.org, event).id

    def _verdict_event(self, uow: U, case: Case) -> EventId:
        """Find the verdict that closed the case: the last one the case caused."""
        for event_id in reversed(uow.log.caused_by(case.org, case.id)):
            event = uow.log.get(case.org, event_id)
            if event is not None and event.kind == VERDICT_GIVEN:
                return event_id
        raise UndoTooLate(f"The verdict on case {case.id} is gone.")

    def _must_be_current(self, uow: U, case: Case) -> None:
        item = uow.items.current(case.org, case.subject)
        if item is not None and item.digest != case.version:
            raise UndoTooLate(f"The item of case {case.id} has changed since.")
        if item is not None and item.state is ItemState.DELETED:
            raise UndoTooLate(f"The item of case {case.id} was deleted since.")

    def _holding(self, uow: U, org: Org, reviewer: str, *, now_ms: int) -> Iterable[Case]:
        leased = uow.cases.page(
            org, states=frozenset({CaseState.LEASED}), before=None, limit=_MAX_LEASED
        )
        return [case for case in leased if is_held(case, reviewer, now_ms=now_ms)]
