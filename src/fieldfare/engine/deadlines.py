"""Deadlines: what waits for too long is held and asked about, and what is asked for too long is
told.

In flow what the store says is late by the platform's clock; out flow decisions that hold, cases,
and case.overdue events. Nothing is ever shown because time went by. Each step may be repeated or
cut off at any moment: it acts on what is late now, inside the transaction that ends the lateness.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import structlog
from prometheus_client import Gauge

from fieldfare.decisions.unknowns import (
    UNJUDGED_QUEUE,
    UNKNOWN_LANE,
    UNKNOWN_REASON,
    judge_unknowns,
)
from fieldfare.engine.deciding import Deciding, Question
from fieldfare.engine.grounds import awaits_scan
from fieldfare.engine.in_force import FACTS, Books
from fieldfare.engine.reactions import is_fresh
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import Clock, EventId, Org, Unknown, make_id
from fieldfare.policies import PolicyPack
from fieldfare.records import (
    Decision,
    ItemState,
    ItemVersion,
    Reason,
    Restriction,
    ReviewRequest,
    Verdict,
    Voice,
)
from fieldfare.review.opening import (
    DEFAULT_DEADLINE_MIN,
    announce_overdue,
    open_cases,
)

PAGE: Final = 200
AUTHOR: Final = "deadline"
"""Who speaks when time does: the author of the verdict and of its reason."""
NOT_SCANNED: Final = "not scanned in time"
NOT_EVALUATED: Final = "not evaluated in time"
HELD_TOO_LONG: Final = "held past its deadline"
MINUTE_MS: Final = 60_000

T = TypeVar("T")
_OVERDUE: Final = Gauge("fieldfare_cases_overdue", "Open cases past their deadline.", ("org",))
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """How many a step acted on: versions held, holds given a case, cases told to be overdue."""

    held: int
    asked: int
    announced: int


class Deadlines:
    """Acts on what is late. undecided_ms: how long a version may wait for its first decision."""

    def __init__(
        self, store: Store, books: Books, deciding: Deciding, clock: Clock, *, undecided_ms: int
    ) -> None:
        self._store = store
        self._books = books
        self._deciding = deciding
        self._clock = clock
        self._undecided_ms = undecided_ms
        self._since = clock.now_ms()
        self._late: dict[Org, int] = {}

    @property
    def cases_overdue(self) -> int:
        """The open cases past their deadline at the last step, over all organisations."""
        return sum(self._late.values())

    def step(self) -> Elapsed:
        """Act on everything that is late now. One that fails is logged and stops no other."""
        now_ms = self._clock.now_ms()
        elapsed = Elapsed(
            held=self._hold_undecided(now_ms),
            asked=self._ask_about_held(now_ms),
            announced=self._announce(now_ms),
        )
        counted = self._store.read(lambda uow: uow.overdue.counts(now_ms=now_ms))
        for org in self._late.keys() - counted.keys():
            _OVERDUE.labels(org).set(0)
        for org, count in counted.items():
            _OVERDUE.labels(org).set(count)
        self._late = dict(counted)
        return elapsed

    def _hold_undecided(self, now_ms: int) -> int:
        if now_ms - self._since < self._undecided_ms:
            # What waited while we were down waits for the evaluator first: its time begins with us.
            return 0
        after, before, done = EventId(0), _first_id(now_ms - self._undecided_ms), 0
        while page := self._undecided(after, before):
            done += self._each(page, self._hold)
            after = page[-1][1].event_id
        return done

    def _undecided(self, after: EventId, before: EventId) -> Sequence[tuple[Org, ItemVersion]]:
        return self._store.read(lambda uow: uow.overdue.undecided(after, before, limit=PAGE))

    def _ask_about_held(self, now_ms: int) -> int:
        after, before, done = EventId(0), _first_id(now_ms), 0
        while page := self._held(after, before):
            done += self._each(page, lambda uow, org, made: self._ask(uow, org, made, now_ms))
            after = page[-1][1]
        return done

    def _held(self, after: EventId, before: EventId) -> Sequence[tuple[Org, EventId]]:
        return self._store.read(lambda uow: uow.overdue.held(after, before, limit=PAGE))

    def _announce(self, now_ms: int) -> int:
        def write(uow: UnitOfWork) -> int:
            late = uow.overdue.unannounced(now_ms=now_ms, limit=PAGE)
            for case in late:
                announce_overdue(uow, case)
                _log.warning("case overdue", org=case.org, case=str(case.id), queue=case.queue)
            return len(late)

        done = 0
        while told := self._store.write(write):
            done += told
        return done

    def _each(
        self, page: Sequence[tuple[Org, T]], act: Callable[[UnitOfWork, Org, T], bool]
    ) -> int:
        """Act on each in a work of its own, all in few commits; how many were acted on."""
        works: list[Future[bool]] = [
            self._store.submit(lambda uow, org=org, one=one: act(uow, org, one))  # type: ignore[misc]  # a lambda with defaults has no type of its own
            for org, one in page
        ]
        done = 0
        for work in works:
            try:
                done += work.result()
            except Exception:  # noqa: BLE001  # worker boundary: the next step tries again
                _log.exception("a deadline could not be acted on")
        return done

    def _hold(self, uow: UnitOfWork, org: Org, late: ItemVersion) -> bool:
        """Hold a version nothing was decided on, and ask people, unless it was decided by now."""
        item = uow.items.current(org, late.subject)
        if item is None or item.event_id != late.event_id or item.decision_id is not None:
            return False
        if item.state is ItemState.DELETED or _is_erased(uow, org, item):
            return False
        post = uow.log.get(org, item.event_id)
        unseen = post is not None and awaits_scan(post) and item.state is ItemState.RECEIVED
        why = NOT_SCANNED if unseen else NOT_EVALUATED
        facts = dict.fromkeys(FACTS, Unknown(why))
        certain = bool(judge_unknowns(self._books.of(org).pack, facts).restrictions)
        fresh = is_fresh(item)
        spoken = () if fresh else uow.verdicts.standing(org, item.subject, item.digest)
        decided = self._deciding.decide(
            uow,
            org,
            Question(
                subject=item.subject,
                item=item,
                verdicts=(*spoken, _verdict(item, why, holds=not certain)),
                facts=facts,
                causes=(item.event_id,),
                first=fresh,
            ),
        )
        return decided is not None

    def _ask(self, uow: UnitOfWork, org: Org, decision_id: EventId, now_ms: int) -> bool:
        """Open a case about a hold whose deadline is past, if it still holds."""
        decision = uow.decisions.get(org, decision_id)
        item = uow.items.current(org, decision.subject) if decision else None
        if decision is None or item is None or item.decision_id != decision.id:
            return False
        pack = self._books.of(org).pack
        request = _request(decision, pack, now_ms)
        if request is None or _is_erased(uow, org, item):
            return False
        asking = replace(decision, judgement=replace(decision.judgement, review=(request,)))
        return bool(open_cases(uow, asking, pack, again=True))


def _verdict(item: ItemVersion, why: str, *, holds: bool) -> Verdict:
    """Say what time says about a version. holds: no policy does, so the hold names none."""
    request = ReviewRequest(
        queue=UNJUDGED_QUEUE, policy="", reason=f"{UNKNOWN_REASON}: {why}", lane=UNKNOWN_LANE
    )
    return Verdict(
        by=Voice.RULE,
        author=AUTHOR,
        subject=item.subject,
        version=item.digest,
        event_id=item.event_id,
        restrictions=(Restriction(kind="hold", policy=""),) if holds else (),
        review=(request,) if holds else (),
        reasons=(Reason(by=AUTHOR, description=why),),
    )


def _request(decision: Decision, pack: PolicyPack, now_ms: int) -> ReviewRequest | None:
    """Ask for the gravest policy that holds; None before the first deadline of those that do."""
    holding = {
        one.policy if one.policy in pack.policies else ""
        for one in decision.judgement.restrictions
        if one.kind == "hold" and (one.until is None or one.until > now_ms)
    }
    minutes = [pack.policy(code).deadline_min if code else DEFAULT_DEADLINE_MIN for code in holding]
    if not holding or now_ms < decision.at + min(minutes) * MINUTE_MS:
        return None
    policy = min(holding, key=pack.rank)
    queue = pack.policy(policy).queue if policy else UNJUDGED_QUEUE
    return ReviewRequest(queue=queue, policy=policy, reason=HELD_TOO_LONG)


def _is_erased(uow: UnitOfWork, org: Org, item: ItemVersion) -> bool:
    posted = uow.log.get(org, item.event_id)
    return posted is None or posted.data is None


def _first_id(at_ms: int) -> EventId:
    try:
        return make_id(at_ms)
    except ValueError:
        return EventId(0)
