"""The review page: queues, and one case with everything a person needs to decide it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from fieldfare.engine.content import scan_of
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.policies import Policy, PolicyPack
from fieldfare.records import Case, ItemVersion
from fieldfare.review import VERDICT_WITHDRAWN, Action, consequences, foreseen
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.views.grounds import (
    DecisionLine,
    Find,
    ReasonLine,
    SignalLine,
    TextLine,
    decision_line,
    signals_of,
    text_lines,
)
from fieldfare.web.console.views.items import (
    HISTORY,
    FactLine,
    facts_of,
    reports_of,
    told,
)
from fieldfare.web.console.views.known import KnownOfItem, known_of_item
from fieldfare.web.console.views.scan_pictures import Still, stills_of
from fieldfare.web.console.wording import sentence

KEYED: Final = 9
"""Policies that have a number key."""
_VIDEO: Final = "video/"
_BANK: Final = "hash.match.bank"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    name: str
    open: int
    oldest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one action would do under one policy."""

    action: str
    consequences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOffer:
    """A policy to choose. first: the action it foresees for a confirmed breach."""

    code: str
    title: str
    severity: str
    rule: str
    do_not: tuple[str, ...]
    allowed: tuple[str, ...]
    exceptions: tuple[str, ...]
    first: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Where a finding lies in time. spans: (start, width) in 0..1000 of the duration."""

    name: str
    value: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedItem:
    """The item the case is about. number: of its version; 0 when it is gone."""

    kind: str
    host_id: str
    number: int
    state: str
    market: str
    language: str
    posted_at: Moment
    views: int
    reports: tuple[tuple[str, int], ...]
    texts: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorLine:
    """The account behind it, as far as the host told. since: when it was made."""

    host_id: str
    since: Moment | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedMedia:
    """What there is to look at. duration_s: 0 when there is none or it is unknown."""

    stills: tuple[Still, ...]
    duration_s: float
    has_video: bool
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """The case in hand. earlier: decisions on the item before the one in force, newest first."""

    id: str
    queue: str
    reason: str
    opened_at: Moment
    due_at: Moment
    is_late: bool
    lease_ends: Moment
    lease_ms: int
    revealed_until: Moment | None
    item: JudgedItem
    author: AuthorLine
    media: JudgedMedia
    signals: tuple[SignalLine, ...]
    reasons: tuple[ReasonLine, ...]
    decision: DecisionLine | None
    earlier: tuple[DecisionLine, ...]
    policies: tuple[PolicyOffer, ...]
    others: tuple[tuple[str, str], ...]
    known: KnownOfItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """A decision that can still be taken back."""

    case_id: str
    outcome: str
    policy: str
    until: Moment
    left_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was chosen and written when the case was lost, so that nothing typed is lost."""

    action: str
    policy: str
    note: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """taken_back: whether the case is in hand again because its decision was just undone."""

    queues: tuple[QueueLine, ...]
    exposures: int
    case: CaseView | None
    undo: Undo | None
    draft: Draft | None
    nothing_left: bool
    taken_back: bool


def queue_lines(uow: UnitOfWork, org: Org, *, now_ms: int) -> tuple[QueueLine, ...]:
    depths = uow.queues.depths(org, now_ms=now_ms)
    return tuple(
        QueueLine(name=name, open=count, oldest_ms=age)
        for name, (count, age) in sorted(depths.items())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """When a page is made: the moment, how long a lease lasts, until when media are clear."""

    now_ms: int
    lease_ms: int
    revealed_until: int | None


def case_view(uow: UnitOfWork, case: Case, pack: PolicyPack, *, find: Find, hour: Hour) -> CaseView:
    """Gather what the page of a case shows."""
    item = uow.items.current(case.org, case.subject)
    asking = uow.decisions.get(case.org, case.decision_id)
    decisions = uow.decisions.of_subject(case.org, case.subject)
    withdrawn = _withdrawn(uow, case)
    offered = tuple(pack.policies[code] for code in case.policies if code in pack.policies)
    until = hour.revealed_until
    return CaseView(
        id=str(case.id),
        queue=case.queue,
        reason=case.reason,
        opened_at=Moment(case.opened_at),
        due_at=Moment(case.due_at),
        is_late=case.due_at < hour.now_ms,
        lease_ends=Moment(case.lease.expires_at if case.lease else hour.now_ms),
        lease_ms=hour.lease_ms,
        revealed_until=None if until is None else Moment(until),
        item=_item(uow, case, item, find),
        author=_author(uow, case, item),
        media=_media(uow, case, item),
        signals=signals_of(asking) if asking else (),
        reasons=decision_line(asking).reasons if asking else (),
        decision=decision_line(decisions[-1]) if decisions else None,
        earlier=tuple(
            decision_line(each, withdrawn=withdrawn) for each in reversed(decisions[:-1])
        ),
        policies=tuple(_offer(policy, pack, now_ms=hour.now_ms) for policy in offered),
        others=_others(pack, offered),
        known=known_of_item(
            uow, case.org, item, pack, by=case.lease.reviewer if case.lease else ""
        ),
    )


def _withdrawn(uow: UnitOfWork, case: Case) -> frozenset[EventId]:
    """Find the verdicts on the item of a case that were taken back."""
    events = uow.log.of_subject(case.org, case.subject, limit=HISTORY)
    return frozenset(
        cause for event in events if event.kind == VERDICT_WITHDRAWN for cause in event.causes
    )


def _item(uow: UnitOfWork, case: Case, item: ItemVersion | None, find: Find) -> JudgedItem:
    post = uow.log.get(case.org, item.event_id) if item else None
    return JudgedItem(
        kind=case.subject.kind,
        host_id=case.subject.host_id,
        number=item.number if item else 0,
        state=item.state.value if item else "deleted",
        market=item.market if item else "",
        language=told(post, "language"),
        posted_at=Moment(item.posted_at if item else case.opened_at),
        views=uow.views.total(case.org, case.subject),
        reports=reports_of(uow.log.of_subject(case.org, case.subject, limit=HISTORY)),
        texts=text_lines(post, find),
    )


def _author(uow: UnitOfWork, case: Case, item: ItemVersion | None) -> AuthorLine:
    subject = item.author if item else case.subject
    account = uow.accounts.get(case.org, subject)
    return AuthorLine(
        host_id=subject.host_id,
        since=Moment(account.created_at) if account and account.created_at else None,
        state=account.state if account else "",
    )


def _media(uow: UnitOfWork, case: Case, item: ItemVersion | None) -> JudgedMedia:
    scan = scan_of(uow, case.org, item) if item else None
    facts = facts_of(scan)
    duration_s = _duration(facts)
    return JudgedMedia(
        stills=stills_of(scan),
        duration_s=duration_s,
        has_video=_has_video(item, duration_s),
        lanes=lanes_of(facts, duration_s),
    )


def lanes_of(facts: Sequence[FactLine], duration_s: float) -> tuple[Lane, ...]:
    """Draw the findings that rest on stretches of the media, each on a scale of 0..1000.

    What rests on the same stretches shares a lane, under what its names have in common.
    """
    if duration_s <= 0:
        return ()
    shared: dict[tuple[tuple[float, float], ...], list[FactLine]] = {}
    for fact in facts:
        if fact.spans:
            shared.setdefault(fact.spans, []).append(fact)
    return tuple(
        Lane(
            name=_common_name([fact.name for fact in group]),
            value=_telling(group),
            spans=tuple(_scaled(start, end, duration_s) for start, end in spans),
        )
        for spans, group in shared.items()
    )


def _common_name(names: Sequence[str]) -> str:
    """Give the dotted beginning that names share; the first name if they share none."""
    parts = [name.split(".") for name in names]
    shared = list(takewhile(lambda same: len(set(same)) == 1, zip(*parts, strict=False)))
    return ".".join(same[0] for same in shared) or names[0]


def _telling(facts: Sequence[FactLine]) -> str:
    """Choose the value that says most of a lane: which bank matched, else the first."""
    banks = (fact.value for fact in facts if fact.name == _BANK)
    return next(banks, facts[0].value)


def undo_of(case: Case | None, reviewer: str, *, now_ms: int, undo_ms: int) -> Undo | None:
    """Offer to take back what this person decided a moment ago."""
    if case is None or case.closed_at is None or case.lease is None or not case.outcome:
        return None
    until = case.closed_at + undo_ms
    if case.lease.reviewer != reviewer or now_ms >= until:
        return None
    action, _, policy = case.outcome.partition(" ")
    return Undo(
        case_id=str(case.id),
        outcome=action,
        policy=policy,
        until=Moment(until),
        left_ms=until - now_ms,
    )


def _others(pack: PolicyPack, offered: Sequence[Policy]) -> tuple[tuple[str, str], ...]:
    taken = {policy.code for policy in offered}
    return tuple(
        (code, policy.text().title) for code, policy in pack.policies.items() if code not in taken
    )


def _offer(policy: Policy, pack: PolicyPack, *, now_ms: int) -> PolicyOffer:
    text = policy.text()
    kinds = tuple(kind.name for kind in pack.kinds if "item" in kind.scopes)
    offers = tuple(
        Offer(
            action=action.value,
            consequences=tuple(
                dict.fromkeys(
                    sentence(r) for r in consequences(policy, action, at_ms=now_ms, kinds=kinds)
                )
            ),
        )
        for action in Action
    )
    return PolicyOffer(
        code=policy.code,
        title=text.title,
        severity=policy.severity.value,
        rule=text.rule,
        do_not=text.do_not,
        allowed=text.allowed,
        exceptions=policy.exceptions,
        first=foreseen(policy).value,
        offers=offers,
    )


def _scaled(start: float, end: float, duration_s: float) -> tuple[int, int]:
    left = min(1000, round(1000 * start / duration_s))
    return left, max(4, min(1000, round(1000 * end / duration_s)) - left)


def _duration(facts: Sequence[FactLine]) -> float:
    found = next((f.value for f in facts if f.name == "media.duration_s" and f.value), "0")
    try:
        return float(found)
    except ValueError:
        return 0.0


def _has_video(item: ItemVersion | None, duration_s: float) -> bool:
    if item is None or not item.media:
        return False
    return duration_s > 0 or any(part.content_type.startswith(_VIDEO) for part in item.media)
