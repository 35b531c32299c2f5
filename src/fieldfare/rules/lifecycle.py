"""The life of a rule set's version: from draft to live, and which steps there are.

In flow the moves a version has made and the one that is wanted; out flow the moves to be written,
or the reason why not. Pure: who may, what is stored and what is announced are other rooms' affair.

A version goes draft -> review -> shadow -> rollout (1, 10, 50 %) -> live -> retired. It can be
rejected back to draft, withdrawn, and taken up again; all of the traffic is live. At most one
version is live, one is rolled out and three run in the shadow at any time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fieldfare.kernel import BadInput, Conflict, EventId, NotFound, NotPermitted, at_of

SHARES: Final = (1, 10, 50)
"""Per cent of authors a rollout may take; 100 is live."""
ALL: Final = 100
MOST_SHADOWS: Final = 3
_AFTER_LIVE: Final = "A live version ends when another goes live, or by `fieldfare rules rollback`."


class VersionState(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    REVIEW = "review"
    SHADOW = "shadow"
    ROLLOUT = "rollout"
    LIVE = "live"
    RETIRED = "retired"
    WITHDRAWN = "withdrawn"


_S = VersionState
FOLLOWS: Final[Mapping[VersionState, frozenset[VersionState]]] = MappingProxyType(
    {
        _S.DRAFT: frozenset({_S.REVIEW, _S.WITHDRAWN}),
        _S.REVIEW: frozenset({_S.DRAFT, _S.SHADOW, _S.WITHDRAWN}),
        _S.SHADOW: frozenset({_S.DRAFT, _S.ROLLOUT, _S.LIVE, _S.WITHDRAWN}),
        _S.ROLLOUT: frozenset({_S.ROLLOUT, _S.SHADOW, _S.LIVE, _S.WITHDRAWN}),
        _S.LIVE: frozenset(),
        _S.RETIRED: frozenset({_S.DRAFT}),
        _S.WITHDRAWN: frozenset({_S.DRAFT}),
    }
)
"""What may be asked for next. A live version ends only by another's going live."""

ASKED_FOR: Final = frozenset(to for after in FOLLOWS.values() for to in after)
"""States a version can be moved to; it retires by another's going live."""

AUTHORS_MOVES: Final = frozenset(
    {
        (_S.DRAFT, _S.REVIEW),
        (_S.DRAFT, _S.WITHDRAWN),
        (_S.REVIEW, _S.DRAFT),
        (_S.REVIEW, _S.WITHDRAWN),
        (_S.RETIRED, _S.DRAFT),
        (_S.WITHDRAWN, _S.DRAFT),
    }
)
"""What an author does alone: nothing in it runs. Every other move is an approver's."""

DECIDING: Final = frozenset({_S.ROLLOUT, _S.LIVE})
"""States in which a version decides, so that its rule tests must pass."""

RUNNING: Final = DECIDING | {_S.SHADOW}
"""States in which a version runs, so that it must compile."""


class MovedMeanwhile(Conflict):
    """Somebody else moved the version since the caller looked at it."""

    status = 412
    slug = "moved-meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of a version, as the log has it. event_id: of its ruleset.moved.

    before: None for the first. share: per cent of authors, for a rollout. by: pseudonym. override:
    it went live past review. back: it went live again by a rollback.
    """

    event_id: EventId
    hash: str
    before: VersionState | None
    to: VersionState
    by: str
    share: int = 0
    note: str = ""
    override: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a version stands: its last move, and who asked for its review last."""

    hash: str
    state: VersionState
    share: int
    moved: EventId
    asked_by: str

    @property
    def etag(self) -> str:
        """Name this standing; another move gives another name."""
        return str(self.moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A move that may be written: everything of it but the event's id."""

    hash: str
    before: VersionState | None
    to: VersionState
    share: int = 0
    override: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks of a version. author: of the version. etag: as the caller saw it."""

    hash: str
    to: VersionState
    by: str
    author: str
    share: int = 0
    etag: str | None = None


def standings(moves: Iterable[Move]) -> dict[str, Standing]:
    """Say where each version stands after moves in the order of the log."""
    found: dict[str, Standing] = {}
    for move in moves:
        known = found.get(move.hash)
        asked_by = known.asked_by if known else ""
        found[move.hash] = Standing(
            hash=move.hash,
            state=move.to,
            share=move.share,
            moved=move.event_id,
            asked_by=move.by if move.to is _S.REVIEW else asked_by,
        )
    return found


def in_state(known: Mapping[str, Standing], state: VersionState) -> list[Standing]:
    """List the versions in a state, the one moved there first first."""
    return sorted((s for s in known.values() if s.state is state), key=lambda s: s.moved)


def steps(known: Mapping[str, Standing], wanted: Wanted) -> tuple[Step, ...]:
    """Give the steps a wanted move comes to: itself, and the end of what it replaces.

    Raises NotFound for a version without a standing, MovedMeanwhile if the caller saw another one,
    BadInput for a share no rollout has, NotPermitted for an approval of one's own version, Conflict
    if the move does not follow or its place is taken.
    """
    wanted = _full_share_is_live(wanted)
    standing = known.get(wanted.hash)
    if standing is None:
        raise no_version(wanted.hash)
    if wanted.etag is not None and wanted.etag != standing.etag:
        raise MovedMeanwhile(
            f"version {wanted.hash[:12]} was moved meanwhile: it is {standing.state.value} now",
            hint="Look at it again, and move it if that is still what you want.",
        )
    _must_follow(standing, wanted)
    if (standing.state, wanted.to) == (_S.REVIEW, _S.SHADOW):
        _must_be_another(standing, wanted)
    _must_have_room(known, wanted)
    step = Step(hash=wanted.hash, before=standing.state, to=wanted.to, share=wanted.share)
    return (step, *_replaced(known, step))


def going_live(
    known: Mapping[str, Standing], version: str, *, override: bool = False, back: bool = False
) -> tuple[Step, ...]:
    """Give the steps that put a version live at once, for all authors, from wherever it stands.

    The one before it ends, and a rollout of another version is taken back.
    """
    standing = known.get(version)
    step = Step(
        hash=version,
        before=standing.state if standing else None,
        to=_S.LIVE,
        override=override,
        back=back,
    )
    return (step, *_replaced(known, step), *taking_back(known, besides=version))


def taking_back(known: Mapping[str, Standing], *, besides: str = "") -> tuple[Step, ...]:
    """Give the step that ends the rollout there is; none if it is of the version `besides`.

    It goes back to the shadow, or is withdrawn where as many run there as may: what somebody takes
    back because it does harm waits for no seat.
    """
    shadows = [s for s in in_state(known, _S.SHADOW) if s.hash != besides]
    to = _S.SHADOW if len(shadows) < MOST_SHADOWS else _S.WITHDRAWN
    return tuple(
        Step(hash=rolled.hash, before=_S.ROLLOUT, to=to)
        for rolled in in_state(known, _S.ROLLOUT)
        if rolled.hash != besides
    )


def lived(moves: Iterable[Move]) -> list[str]:
    """Name the versions one could go back to, oldest first; the last is the live one.

    Whoever went back went past what came after: a second rollback goes further back, and never
    forward to what the first one took away.
    """
    past: list[str] = []
    for move in moves:
        if move.to is not _S.LIVE:
            continue
        if move.back and move.hash in past:
            newest = len(past) - 1 - past[::-1].index(move.hash)
            del past[newest:]
        past.append(move.hash)
    return past


def ran_ms(moves: Iterable[Move], version: str, *, from_ms: int, to_ms: int) -> int:
    """Say for how many ms of [from_ms, to_ms) a version ran, in the shadow or deciding.

    moves: in the order of the log.
    """
    total, since = 0, -1
    for move in moves:
        if move.hash != version:
            continue
        at = min(max(at_of(move.event_id), from_ms), to_ms)
        if since >= 0:
            total += at - since
        since = at if move.to in RUNNING else -1
    return total + max(0, to_ms - since) if since >= 0 else total


def no_version(version: str) -> NotFound:
    """Say that there is no such version."""
    hint = "List them: fieldfare rules versions"
    return NotFound(f"no version {version[:12]!r} of the rules", hint=hint)


def no_share(share: int = 0) -> BadInput:
    """Say that a rollout needs a share, or that this one is none."""
    *first, last = map(str, SHARES)
    hint = f"It takes {', '.join(first)} or {last} % of the authors; {ALL} % is live."
    said = f"{share} is no share of a rollout" if share else "a rollout needs a share"
    return BadInput(said, hint=hint, pointer="/share")


def _full_share_is_live(wanted: Wanted) -> Wanted:
    if wanted.to is not _S.ROLLOUT:
        if wanted.share and (wanted.to, wanted.share) != (_S.LIVE, ALL):
            raise BadInput("only a rollout has a share", pointer="/share", hint="Leave it out.")
        return replace(wanted, share=0)
    if wanted.share == ALL:
        return replace(wanted, to=_S.LIVE, share=0)
    if wanted.share not in SHARES:
        raise no_share(wanted.share)
    return wanted


def _must_follow(standing: Standing, wanted: Wanted) -> None:
    state = standing.state
    stays = state is _S.ROLLOUT and wanted.to is _S.ROLLOUT and standing.share == wanted.share
    if wanted.to in FOLLOWS[state] and not stays:
        return
    if state is wanted.to:
        raise Conflict(f"version {wanted.hash[:12]} is {state.value} already", pointer="/to")
    allowed = ", ".join(sorted(each.value for each in FOLLOWS[state]))
    hint = f"From {state.value} it may go to: {allowed}." if allowed else _AFTER_LIVE
    raise Conflict(
        f"version {wanted.hash[:12]} is {state.value} and cannot become {wanted.to.value}",
        hint=hint,
        pointer="/to",
    )


def _must_be_another(standing: Standing, wanted: Wanted) -> None:
    if wanted.by in {wanted.author, standing.asked_by}:
        raise NotPermitted(
            f"{wanted.by} wrote version {wanted.hash[:12]} or asked for its review",
            hint="Somebody else has to approve it.",
        )


def _must_have_room(known: Mapping[str, Standing], wanted: Wanted) -> None:
    rolled = [s for s in in_state(known, _S.ROLLOUT) if s.hash != wanted.hash]
    if wanted.to in {_S.ROLLOUT, _S.LIVE} and rolled:
        hint = "One rollout at a time: put that one live, in the shadow, or withdraw it."
        if wanted.to is _S.LIVE:  # it is to decide for all authors, and would not
            hint = "Take that one back first: put it in the shadow, or withdraw it."
        raise Conflict(
            f"version {rolled[0].hash[:12]} is rolled out to {rolled[0].share} % of the authors",
            hint=hint,
            pointer="/to",
        )
    others = [s for s in in_state(known, wanted.to) if s.hash != wanted.hash]
    if wanted.to is _S.SHADOW and len(others) >= MOST_SHADOWS:
        names = ", ".join(s.hash[:12] for s in others)
        raise Conflict(
            f"{MOST_SHADOWS} versions run in the shadow already: {names}",
            hint="Withdraw one of them first.",
            pointer="/to",
        )


def _replaced(known: Mapping[str, Standing], step: Step) -> tuple[Step, ...]:
    if step.to is not _S.LIVE:
        return ()
    return tuple(
        Step(hash=live.hash, before=_S.LIVE, to=_S.RETIRED)
        for live in in_state(known, _S.LIVE)
        if live.hash != step.hash
    )
