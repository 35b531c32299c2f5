"""Versions of the rules: the list of them, and one with its difference, tests, moves and trail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.access import Permission, Principal
from fieldfare.engine.rule_moves import WayBack
from fieldfare.engine.rule_tests import CaseReport
from fieldfare.engine.setup import INIT
from fieldfare.engine.versioning import VersionRow, VersionSheet
from fieldfare.kernel import at_of
from fieldfare.rules.lifecycle import ALL, AUTHORS_MOVES, FOLLOWS, SHARES, Move, VersionState
from fieldfare.web.console.diffs import Difference
from fieldfare.web.console.moments import Moment

_S: Final = VersionState
_ORDER: Final = (_S.LIVE, _S.ROLLOUT, _S.SHADOW, _S.REVIEW, _S.DRAFT, _S.WITHDRAWN, _S.RETIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """A version and where it stands. share: per cent of authors, in a rollout.

    problem: why it does not run although it should.
    """

    hash: str
    number: int
    state: str
    share: int
    author: str
    note: str
    base: str
    created_at: Moment
    moved_at: Moment
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoBack:
    """What a rollback from the live version would do, for whoever may.

    before: what goes live again, None if nothing was live before. rollout: what is taken back, to
    the state `rollout_to`.
    """

    live: VersionLine
    before: VersionLine | None
    rollout: VersionLine | None
    rollout_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsView:
    """All versions, the newest first. back: None where there is nothing to go back to, or whoever
    looks may not.
    """

    versions: tuple[VersionLine, ...]
    live: VersionLine | None
    back: GoBack | None
    may_write: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveChoice:
    """A move that may be made. share: of a rollout. blocked: why this person may not, "" if so."""

    to: str
    share: int
    blocked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailLine:
    """A move as the log has it. before: "" for the first.

    is_installed: the installation came with it; is_override: a person put it live past review.
    """

    event_id: str
    at: Moment
    before: str
    to: str
    share: int
    by: str
    note: str
    is_installed: bool
    is_override: bool
    is_rollback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version. etag: names where it stands, so that two people do not move it at once.

    against: what the difference is to, None where there is nothing to compare with. tests: None
    where it does not compile any more, and then `problem` says why. back: of the live version.
    """

    version: VersionLine
    etag: str
    live: str
    files: tuple[str, ...]
    against: VersionLine | None
    others: tuple[VersionLine, ...]
    difference: Difference | None
    tests: CaseReport | None
    problem: str
    choices: tuple[MoveChoice, ...]
    back: GoBack | None
    trail: tuple[TrailLine, ...]
    may_write: bool


def version_line(row: VersionRow, problem: str = "") -> VersionLine:
    return VersionLine(
        hash=row.version.hash,
        number=row.version.number,
        state=row.standing.state.value,
        share=row.standing.share,
        author=row.version.author,
        note=row.version.note,
        base=row.version.base,
        created_at=Moment(row.version.created_at),
        moved_at=Moment(at_of(row.standing.moved)),
        problem=problem,
    )


def versions_view(
    rows: Sequence[VersionRow], way: WayBack | None, who: Principal, *, broken: Mapping[str, str]
) -> VersionsView:
    """List versions. broken: hash -> why a version does not run although it should."""
    lines = tuple(version_line(row, broken.get(row.version.hash, "")) for row in rows)
    return VersionsView(
        versions=lines,
        live=next((line for line in lines if line.state == _S.LIVE), None),
        back=_go_back(way, lines, who),
        may_write=who.may(Permission.RULES_WRITE),
    )


def _go_back(way: WayBack | None, lines: Sequence[VersionLine], who: Principal) -> GoBack | None:
    if way is None or not who.may(Permission.RULES_ACTIVATE):
        return None
    known = {line.hash: line for line in lines}
    if way.live not in known:
        return None  # it went live after the versions were listed
    return GoBack(
        live=known[way.live],
        before=known.get(way.before),
        rollout=known.get(way.rollout.hash) if way.rollout else None,
        rollout_to=way.rollout.to.value if way.rollout else "",
    )


def version_view(
    sheet: VersionSheet,
    rows: Sequence[VersionRow],
    who: Principal,
    *,
    against: VersionRow | None,
    difference: Difference | None,
    way: WayBack | None,
) -> VersionView:
    """Show one version, compared with another."""
    lines = [version_line(row) for row in rows]
    live = next((line.hash for line in lines if line.state == _S.LIVE), "")
    return VersionView(
        version=version_line(sheet.row),
        etag=sheet.row.standing.etag,
        live=live,
        files=tuple(sorted(sheet.files)),
        against=version_line(against) if against else None,
        others=tuple(line for line in lines if line.hash != sheet.row.version.hash),
        difference=difference,
        tests=sheet.tests,
        problem=sheet.problem,
        choices=choices(sheet.row, who, tests=sheet.tests),
        back=_go_back(way, lines, who) if sheet.row.standing.state is _S.LIVE else None,
        trail=tuple(_trail_line(move) for move in reversed(sheet.moves)),
        may_write=who.may(Permission.RULES_WRITE),
    )


def choices(row: VersionRow, who: Principal, *, tests: CaseReport | None) -> tuple[MoveChoice, ...]:
    """List the moves from where a version stands, the furthest last."""
    state = row.standing.state
    found = []
    for to in reversed(_ORDER):
        if to not in FOLLOWS[state]:
            continue
        shares = [s for s in SHARES if s != row.standing.share] if to is _S.ROLLOUT else [0]
        blocked = _blocked(row, to, who, tests)
        found += [MoveChoice(to=to.value, share=share, blocked=blocked) for share in shares]
    return tuple(found)


def full_share(choice: MoveChoice) -> int:
    """Say for how many per cent of the authors a version decides after a move."""
    return ALL if choice.to == _S.LIVE else choice.share


def _blocked(row: VersionRow, to: VersionState, who: Principal, tests: CaseReport | None) -> str:
    """Name why somebody may not make a move: role, own, tests, compile; "" if they may."""
    state = row.standing.state
    is_authors = (state, to) in AUTHORS_MOVES
    needed = Permission.RULES_WRITE if is_authors else Permission.RULES_ACTIVATE
    if not who.may(needed):
        return "role"
    own = who.pseudonym in {row.version.author, row.standing.asked_by}
    if (state, to) == (_S.REVIEW, _S.SHADOW) and own:
        return "own"
    if to in {_S.SHADOW, _S.ROLLOUT, _S.LIVE} and tests is None:
        return "compile"
    if to in {_S.ROLLOUT, _S.LIVE} and tests is not None and tests.failed:
        return "tests"
    return ""


def _trail_line(move: Move) -> TrailLine:
    is_installed = move.override and move.by == INIT
    return TrailLine(
        event_id=str(move.event_id),
        at=Moment(at_of(move.event_id)),
        before=move.before.value if move.before else "",
        to=move.to.value,
        share=move.share,
        by=move.by,
        note=move.note,
        is_installed=is_installed,
        is_override=move.override and not is_installed,
        is_rollback=move.back,
    )
