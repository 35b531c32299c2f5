"""Versions of the rules: propose, look, compare, move, go back."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.rule_diffs import FileDiff, diff_of
from fieldfare.engine.rule_moves import Proposal
from fieldfare.engine.versioning import VersionRow, VersionSheet
from fieldfare.ingest.schemas import decode
from fieldfare.kernel import BadInput, JsonValue, at_of, rfc3339
from fieldfare.rules.lifecycle import AUTHORS_MOVES, FOLLOWS, RUNNING, Move, VersionState
from fieldfare.web.api.rules import FileText, taken_back_json
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.turns import in_turn

router = APIRouter(prefix="/v1/rule-versions", tags=["rules"])
Note = Annotated[str, msgspec.Meta(max_length=2_000)]
VersionName = Annotated[str, msgspec.Meta(max_length=64)]


class NewVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A folder of rules as a draft. base: the version it was made from; left out, the live one."""

    files: Annotated[dict[str, FileText], msgspec.Meta(min_length=1, max_length=500)]
    note: Note = ""
    base: VersionName = ""


class NewMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a version is to go. share: per cent of authors, for a rollout alone."""

    to: VersionState
    share: int = 0
    note: Note = ""


class Rollback(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """live: the version that is live as the caller saw it; the one before it takes its place, and
    what is rolled out is taken back.
    """

    live: VersionName
    note: Note = ""


_VERSION: Final = msgspec.json.Decoder(NewVersion)
_MOVE: Final = msgspec.json.Decoder(NewMove)
_ROLLBACK: Final = msgspec.json.Decoder(Rollback)


@router.get("")
def list_versions(
    who: Annotated[Principal, requires(Permission.RULES_READ)], platform: Platform
) -> Response:
    """List the versions and where each stands, the newest first.

    problem: why one that should run does not, for it no longer compiles; "" for all others.
    """
    broken = platform.books.of(who.org).not_compiling
    rows: list[JsonValue] = [
        {**row_json(row), "problem": broken.get(row.version.hash, "")}
        for row in platform.versioning.all(who.org)
    ]
    return answer({"versions": rows})


@router.post("", status_code=201, openapi_extra=openapi_body(NewVersion))
async def propose_version(
    request: Request,
    who: Annotated[Principal, requires(Permission.RULES_WRITE)],
    platform: Platform,
) -> Response:
    """Check a folder of rules and keep it as a draft. 409: there is one of the same content."""
    wanted = decode(_VERSION, await request.body())
    proposal = Proposal(by=who.pseudonym, note=wanted.note, base=wanted.base)
    version = await run_in_threadpool(
        in_turn, lambda: platform.versioning.propose(who.org, wanted.files, proposal)
    )
    row = await run_in_threadpool(platform.versioning.find, who.org, version.hash)
    return _tagged(answer(row_json(row), status=201), row)


@router.post("/rollback", openapi_extra=openapi_body(Rollback))
async def roll_back(
    request: Request,
    who: Annotated[Principal, requires(Permission.RULES_ACTIVATE)],
    platform: Platform,
) -> Response:
    """Put the version live again that was live before. 409: another one is live by now.

    It decides for all authors: a rollout is taken back, and `taken_back` says so (else null).
    Where nothing was live before, the rollout alone is taken back, and is what is answered.
    """
    wanted = decode(_ROLLBACK, await request.body())
    went = await run_in_threadpool(
        lambda: platform.versioning.roll_back(
            who.org, wanted.live, by=who.pseudonym, note=wanted.note
        )
    )
    row = await run_in_threadpool(platform.versioning.find, who.org, went.move.hash)
    ended = await run_in_threadpool(taken_back_json, platform, who, went.taken_back)
    return _tagged(answer({**row_json(row), "taken_back": ended}), row)


@router.get("/{version}")
def read_version(
    version: str, who: Annotated[Principal, requires(Permission.RULES_READ)], platform: Platform
) -> Response:
    """Give a version: its files, its moves, and what its tests say today."""
    sheet = in_turn(lambda: platform.versioning.sheet(who.org, version))
    return _tagged(answer(sheet_json(sheet)), sheet.row)


@router.get("/{version}/diff")
def compare_versions(
    version: str,
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
    against: str = "",
) -> Response:
    """Compare a version with another; left out, with the one it was made from."""
    row = platform.versioning.find(who.org, version)
    other = against or row.version.base
    old = platform.versioning.files(who.org, other) if other else {}
    new = platform.versioning.files(who.org, row.version.hash)
    named = platform.versioning.find(who.org, other).version.hash if other else ""
    files: list[JsonValue] = [diff_json(each) for each in diff_of(old, new)]
    return answer({"version": row.version.hash, "against": named, "files": files})


@router.post("/{version}/moves", openapi_extra=openapi_body(NewMove))
async def move_version(
    version: str,
    request: Request,
    who: Annotated[Principal, requires(Permission.RULES_WRITE)],
    platform: Platform,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Move a version. What makes it run needs `rules_activate` besides.

    If-Match with the ETag of the version as it was looked at: 412 if somebody moved it since.
    """
    wanted = decode(_MOVE, await request.body())
    row = await run_in_threadpool(platform.versioning.find, who.org, version)
    if (row.standing.state, wanted.to) not in AUTHORS_MOVES:
        who.must(Permission.RULES_ACTIVATE)
    # Whoever named no state means the version as it was just looked at: what was permitted is what
    # is done.
    etag = row.standing.etag if if_match in {None, "*"} else _etag(if_match or "")

    def move() -> Move:
        return platform.versioning.move(
            who.org,
            row.version.hash,
            wanted.to,
            by=who.pseudonym,
            share=wanted.share,
            note=wanted.note,
            etag=etag,
        )

    # What takes rules out compiles nothing, and waits for nobody's draft.
    await run_in_threadpool(lambda: in_turn(move) if wanted.to in RUNNING else move())
    moved = await run_in_threadpool(platform.versioning.find, who.org, row.version.hash)
    return _tagged(answer(row_json(moved)), moved)


def row_json(row: VersionRow) -> dict[str, JsonValue]:
    """Write a version and where it stands. next: where it may go, and who may send it there."""
    version, standing = row.version, row.standing
    follows: list[JsonValue] = [
        {
            "to": to.value,
            "needs": (
                Permission.RULES_WRITE
                if (standing.state, to) in AUTHORS_MOVES
                else Permission.RULES_ACTIVATE
            ).value,
        }
        for to in VersionState
        if to in FOLLOWS[standing.state]
    ]
    return {
        "hash": version.hash,
        "number": version.number,
        "author": version.author,
        "created_at": rfc3339(version.created_at),
        "note": version.note,
        "base": version.base,
        "state": standing.state.value,
        "share": standing.share,
        "moved_at": rfc3339(at_of(standing.moved)),
        "etag": standing.etag,
        "next": follows,
    }


def sheet_json(sheet: VersionSheet) -> dict[str, JsonValue]:
    """Write all of a version. tests: None where it does not compile any more."""
    tests: JsonValue = None
    if sheet.tests is not None:
        failed: list[JsonValue] = [msgspec.to_builtins(each) for each in sheet.tests.failed]
        tests = {
            "passed": sheet.tests.passed,
            "failed": failed,
            "untested": list(sheet.tests.untested),
        }
    return {
        **row_json(sheet.row),
        "files": dict(sheet.files),
        "moves": [move_json(move) for move in sheet.moves],
        "tests": tests,
        "problem": sheet.problem,
    }


def move_json(move: Move) -> dict[str, JsonValue]:
    """Write a move as the log has it."""
    return {
        "event_id": str(move.event_id),
        "at": rfc3339(at_of(move.event_id)),
        "from": move.before.value if move.before else None,
        "to": move.to.value,
        "share": move.share,
        "by": move.by,
        "note": move.note,
        "override": move.override,
        "rollback": move.back,
    }


def diff_json(diff: FileDiff) -> dict[str, JsonValue]:
    return {
        "name": diff.name,
        "change": diff.change,
        "added": diff.added,
        "removed": diff.removed,
        "lines": list(diff.lines),
    }


def _tagged(response: Response, row: VersionRow) -> Response:
    response.headers["ETag"] = f'"{row.standing.etag}"'
    return response


def _etag(told: str) -> str:
    """Read If-Match. Raises BadInput for what is no ETag of ours."""
    text = told.removeprefix("W/").strip('"')
    if not text.isdigit():
        hint = 'Send the ETag of the version as it was given, such as "123", or *.'
        raise BadInput(f"{told[:40]!r} is no ETag of a version", hint=hint)
    return text
