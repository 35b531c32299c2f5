"""Versions of the rules: look at them, compare them, move them, go back."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.rule_moves import WayBack, way_back
from fieldfare.engine.versioning import VersionRow
from fieldfare.kernel import BadInput, Conflict, JsonValue
from fieldfare.rules.lifecycle import AUTHORS_MOVES, RUNNING, Move, VersionState
from fieldfare.web.console.diffs import difference
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.rule_hits import DAYS, period
from fieldfare.web.console.views.rule_shadow import shadow_view
from fieldfare.web.console.views.rule_versions import version_view, versions_view
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.RULES_READ)]
Writer = Annotated[Principal, requires(Permission.RULES_WRITE)]
Approver = Annotated[Principal, requires(Permission.RULES_ACTIVATE)]
Named = Annotated[str, Query(max_length=64)]
Days = Annotated[int, Query(ge=1, le=90)]
MAX_NOTE = 2_000


@router.get("/rules/versions")
def versions_page(request: Request, who: Reader, platform: Platform) -> Response:
    rows = platform.versioning.all(who.org)
    broken = platform.books.of(who.org).not_compiling
    view = versions_view(rows, _way_back(platform, who), who, broken=broken)
    return answer(request, "rule_versions.html", view, current="rules")


@router.post("/rules/versions/rollback")
def roll_back(request: Request, who: Approver, platform: Platform, fields: Fields) -> Response:
    """Put the version live again that was live before `live`, and take a rollout back."""
    went = platform.versioning.roll_back(
        who.org, fields.get("live", ""), by=who.pseudonym, note=_note(fields)
    )
    ended = went.taken_back.hash if went.taken_back else None
    told: dict[str, JsonValue] = {"hash": went.move.hash, "taken_back": ended}
    return done(request, f"/rules/versions/{went.move.hash}", told)


@router.get("/rules/versions/{version}")
def version_page(
    request: Request, who: Reader, platform: Platform, version: str, against: Named = ""
) -> Response:
    """Show one version, compared with the live one unless another is named."""
    rows = platform.versioning.all(who.org)
    sheet = in_turn(lambda: platform.versioning.sheet(who.org, version))
    other = _other(platform, who, rows, sheet.row, against)
    old = platform.versioning.files(who.org, other.version.hash) if other else None
    compared = difference(old, sheet.files) if old is not None else None
    way = _way_back(platform, who)
    view = version_view(sheet, rows, who, against=other, difference=compared, way=way)
    return answer(request, "rule_version.html", view, current="rules")


@router.get("/rules/versions/{version}/shadow")
def shadow_page(
    request: Request, who: Reader, platform: Platform, version: str, days: Days = DAYS
) -> Response:
    """Show what a version did or would have done beside the live one."""
    rows = platform.versioning.all(who.org)
    row = platform.versioning.find(who.org, version)
    live = next((each for each in rows if each.standing.state is VersionState.LIVE), None)
    of = period(platform.clock.now_ms(), days)
    problem = platform.books.of(who.org).not_compiling.get(row.version.hash, "")
    view = platform.store.read(
        lambda uow: shadow_view(uow, who.org, row, live, of, problem=problem)
    )
    return answer(request, "rule_shadow.html", view, current="rules")


@router.post("/rules/versions/{version}/moves")
def move_version(
    request: Request, who: Writer, platform: Platform, version: str, fields: Fields
) -> Response:
    """Move a version from where the page saw it (`etag`) to where `to` says."""
    row = platform.versioning.find(who.org, version)
    to = fields.get("to", "")
    if to not in set(VersionState):
        known = ", ".join(VersionState)
        raise BadInput(f"{to!r} is no state of a version.", hint=f"One of {known}.", pointer="/to")
    wanted = VersionState(to)
    if (row.standing.state, wanted) not in AUTHORS_MOVES:
        who.must(Permission.RULES_ACTIVATE)
    share = fields.get("share", "") or "0"
    if not (share.isascii() and share.isdigit() and len(share) < 4):  # noqa: PLR2004
        raise BadInput(f"{share!r} is no share.", hint="Per cent of authors.", pointer="/share")
    note = _note(fields)

    def move() -> Move:
        return platform.versioning.move(
            who.org,
            row.version.hash,
            wanted,
            by=who.pseudonym,
            share=int(share),
            note=note,
            etag=fields.get("etag") or row.standing.etag,
        )

    # What takes rules out compiles nothing, and waits for nobody's draft.
    moved = in_turn(move) if wanted in RUNNING else move()
    return done(
        request, f"/rules/versions/{moved.hash}", {"hash": moved.hash, "to": moved.to.value}
    )


def _note(fields: dict[str, str]) -> str:
    note = fields.get("note", "").strip()
    if len(note) > MAX_NOTE:
        raise BadInput(f"A note has at most {MAX_NOTE} characters.", pointer="/note")
    return note


def _way_back(platform: Served, who: Principal) -> WayBack | None:
    try:
        return platform.store.read(lambda uow: way_back(uow, who.org))
    except Conflict:
        return None  # nothing was live before, and nothing is rolled out


def _other(
    platform: Served, who: Principal, rows: Sequence[VersionRow], row: VersionRow, against: str
) -> VersionRow | None:
    """Say what a version is compared with: what is named, else the live one, else its base."""
    if against:
        return platform.versioning.find(who.org, against)
    live = next((each for each in rows if each.standing.state is VersionState.LIVE), None)
    if live is not None and live.version.hash != row.version.hash:
        return live
    base = row.version.base
    return next((each for each in rows if each.version.hash == base), None)
