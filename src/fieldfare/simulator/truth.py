"""Measures a played community against the truth: plan, views and the platform's answers flow in.

Out flow Figures. Definitions: an item is *caught* if its last decision restricts it and it breaks a
policy. Precision of a policy: of the items restricted under it, the share that breaks it. Recall:
of the posted items that break it, the share restricted under it. Before any view: of those caught,
the share whose first restriction came before the first view. Violative views: of 10,000 views,
those of items that break the policy. Without the platform everything planned would have been posted
and seen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.kernel import unix_ms
from fieldfare.simulator.community import Community, Posting
from fieldfare.simulator.host import Json, Name
from fieldfare.simulator.play import Seen

PER: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one posting. restricted_for: policies; is_unseen: restricted before any view.

    is_waiting: a person was asked to look at it and has not yet. verdict: the policy under which a
    person restricted it, "" if they allowed it, None if no person decided. views_without: what it
    would have had without the platform.
    """

    posting: Posting
    views: int
    views_without: int
    restricted_for: frozenset[str] = frozenset()
    is_unseen: bool = False
    is_waiting: bool = False
    verdict: str | None = None
    is_posted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One row: a policy, or all of them. Shares are None where there is nothing to divide by.

    violating, restricted, caught: items; caught_unseen: of those caught, before any view.
    for_review: of the violating, those not restricted that wait for a person.
    """

    policy: str
    violating: int
    restricted: int
    caught: int
    caught_unseen: int
    for_review: int
    violative_views: float
    violative_views_without: float

    @property
    def precision(self) -> float | None:
        return self.caught / self.restricted if self.restricted else None

    @property
    def recall(self) -> float | None:
        return self.caught / self.violating if self.violating else None

    @property
    def before_any_view(self) -> float | None:
        return self.caught_unseen / self.caught if self.caught else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HowFigures:
    """One kind of posting: how many were posted and how many of them were restricted."""

    how: str
    posted: int
    restricted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Who decided, counted in posted items: each is a machine's unless a person decided it.

    wrong_by_people: allowed though it breaks a policy, or restricted under one it does not break.
    waiting: of all posted, those a person was asked for and nobody has decided yet.
    """

    by_machine: int
    by_people: int
    restricted_by_machine: int
    restricted_by_people: int
    wrong_by_people: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything the report says. flooders_stopped: of the accounts made to flood.

    others_stopped: accounts restricted that were not; not all of them are innocent.
    """

    policies: tuple[Figures, ...]
    overall: Figures
    hows: tuple[HowFigures, ...]
    hands: Hands
    videos: int
    comments: int
    comments_prevented: int
    reports: int
    views: int
    views_without: int
    flooders: int
    flooders_stopped: int
    others_stopped: int


def outcome_of(posting: Posting, item: Json, seen: Seen, *, views_without: int) -> Outcome:
    """Read what became of a posting from the platform's answer about it."""
    made = sorted(item["decisions"], key=lambda decision: int(decision["id"]))
    last = made[-1]["restrictions"] if made else []
    first = next((d for d in made if d["restrictions"]), None)
    is_unseen = bool(last) and first is not None
    if is_unseen and first is not None:
        is_unseen = seen.before(posting.name, unix_ms(first["at"])) == 0
    return Outcome(
        posting=posting,
        views=seen.views[posting.name],
        views_without=views_without,
        restricted_for=frozenset(restriction["policy"] for restriction in last),
        is_unseen=is_unseen,
        is_waiting=posting.name in seen.waiting,
        verdict=seen.verdicts.get(posting.name),
    )


def prevented(posting: Posting, *, views_without: int) -> Outcome:
    """Give the outcome of a comment that its author could not write."""
    return Outcome(posting=posting, views=0, views_without=views_without, is_posted=False)


def views_without(community: Community) -> Counter[Name]:
    """Count what would have been seen of each item if everything was shown."""
    counted: Counter[Name] = Counter()
    for showing in community.showings:
        counted.update(showing.views)
    return counted


def measure(community: Community, outcomes: Sequence[Outcome], seen: Seen) -> Measured:
    """Work out all figures."""
    posted = [outcome for outcome in outcomes if outcome.is_posted]
    policies = {o.posting.truth for o in outcomes} | {p for o in posted for p in o.restricted_for}
    kinds = Counter(o.posting.kind for o in posted)
    return Measured(
        policies=tuple(figures_of(policy, outcomes) for policy in sorted(policies - {""})),
        overall=figures_of("", outcomes),
        hows=tuple(_hows(posted)),
        hands=hands_of(posted),
        videos=kinds["video"],
        comments=kinds["comment"],
        comments_prevented=len(outcomes) - len(posted),
        reports=seen.reports,
        views=sum(o.views for o in outcomes),
        views_without=sum(o.views_without for o in outcomes),
        flooders=len(community.flooders),
        flooders_stopped=len(community.flooders & seen.stopped),
        others_stopped=len(seen.stopped - community.flooders),
    )


def figures_of(policy: str, outcomes: Iterable[Outcome]) -> Figures:
    """Work out the row of a policy; "" is all of them, and then any restriction counts."""
    everything = list(outcomes)
    posted = [o for o in everything if o.is_posted]
    restricted = [o for o in posted if (policy in o.restricted_for if policy else o.restricted_for)]
    caught = [o for o in restricted if _breaks(o, policy)]
    violating = [o for o in everything if _breaks(o, policy)]
    return Figures(
        policy=policy,
        violating=sum(o.is_posted for o in violating),
        restricted=len(restricted),
        caught=len(caught),
        caught_unseen=sum(o.is_unseen for o in caught),
        for_review=sum(o.is_waiting and not o.restricted_for for o in violating),
        violative_views=_rate(sum(o.views for o in violating), sum(o.views for o in everything)),
        violative_views_without=_rate(
            sum(o.views_without for o in violating), sum(o.views_without for o in everything)
        ),
    )


def hands_of(posted: Sequence[Outcome]) -> Hands:
    """Count who decided what."""
    people = [o for o in posted if o.verdict is not None]
    restricted = sum(bool(o.restricted_for) for o in posted)
    restricted_by_people = sum(bool(o.verdict) for o in people)
    return Hands(
        by_machine=len(posted) - len(people),
        by_people=len(people),
        restricted_by_machine=restricted - restricted_by_people,
        restricted_by_people=restricted_by_people,
        wrong_by_people=sum(o.verdict != o.posting.truth for o in people),
        waiting=sum(o.is_waiting for o in posted),
    )


def _breaks(outcome: Outcome, policy: str) -> bool:
    return outcome.posting.truth == policy if policy else bool(outcome.posting.truth)


def _hows(posted: Sequence[Outcome]) -> Iterable[HowFigures]:
    counted: Mapping[str, int] = Counter(o.posting.how for o in posted)
    restricted = Counter(o.posting.how for o in posted if o.restricted_for)
    for how in sorted(counted):
        yield HowFigures(how=how, posted=counted[how], restricted=restricted[how])


def _rate(part: int, whole: int) -> float:
    return part * PER / whole if whole else 0.0
