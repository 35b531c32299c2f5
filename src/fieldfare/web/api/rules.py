"""The rule set in force, checking another, and putting it in force: refused as a whole or not."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.rule_drafts import check_draft
from fieldfare.ingest.schemas import decode
from fieldfare.kernel import JsonValue
from fieldfare.metrics.overview import DAY_MS
from fieldfare.metrics.rule_hits import HitsOf, measure_rules
from fieldfare.rules import Problem
from fieldfare.rules.lifecycle import Move
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

router = APIRouter(prefix="/v1", tags=["administration"])
FileText = Annotated[str, msgspec.Meta(max_length=1_000_000)]


class NewRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A folder of rules: file name -> text; main.sml is the first. note: why now."""

    files: Annotated[dict[str, FileText], msgspec.Meta(min_length=1, max_length=500)]
    note: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


_RULES: Final = msgspec.json.Decoder(NewRules)


@router.get("/rules")
def read_rules(
    who: Annotated[Principal, requires(Permission.RULES_READ)], platform: Platform
) -> Response:
    """Give the rule set in force: its hash, its files, its rules, and how often each threw lately.

    errors_24h: events of the last 24 hours on which the rule threw and was Unknown.
    """
    rules, now_ms = platform.rule_set(who.org), platform.clock.now_ms()
    lately = HitsOf(from_ms=now_ms - DAY_MS, to_ms=now_ms + 1, deciding=True)
    measured = platform.store.read(lambda uow: measure_rules(uow, who.org, lately))
    threw = {each.rule: each.errors for each in measured}
    rows: list[JsonValue] = [
        {**msgspec.to_builtins(rule), "errors_24h": threw.get(rule.name, 0)} for rule in rules.rules
    ]
    return answer({"hash": rules.hash, "files": dict(rules.sources), "rules": rows})


@router.post("/rules/check", openapi_extra=openapi_body(NewRules))
async def check_rules(
    request: Request,
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
) -> Response:
    """Check and compile without putting in force: all problems, or none and the hash it would have.

    Lines and columns count from 1, in characters; `width` is how many of them the caret spans.
    """
    wanted = decode(_RULES, await request.body())
    in_force = platform.books.of(who.org)
    checked = await run_in_threadpool(in_turn, lambda: check_draft(wanted.files, in_force))
    rules = checked.rules
    names: list[JsonValue] = [rule.name for rule in rules.rules] if rules else []
    problems: list[JsonValue] = [_problem_json(problem) for problem in checked.problems]
    return answer({"problems": problems, "rules": names, "hash": rules.hash if rules else None})


def _problem_json(problem: Problem) -> JsonValue:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "width": problem.width,
        "message": problem.message,
        "hint": problem.hint,
        "severity": problem.severity,
        "source_line": problem.source_line,
    }


@router.post("/rules", status_code=201, openapi_extra=openapi_body(NewRules))
async def put_rules(
    request: Request,
    who: Annotated[Principal, requires(Permission.RULES_OVERRIDE)],
    platform: Platform,
) -> Response:
    """Put a folder live past review, on the record; the usual way is /v1/rule-versions.

    A rule set that does not compile or whose tests fail is refused and the old one goes on.
    It decides for all authors: `taken_back` names a version whose rollout that ended, else null.
    """
    wanted = decode(_RULES, await request.body())
    put, made = await run_in_threadpool(
        in_turn,
        lambda: platform.versioning.override(
            who.org, wanted.files, by=who.pseudonym, note=wanted.note
        ),
    )
    told: dict[str, JsonValue] = {"hash": made.hash, "number": put.version.number}
    told["taken_back"] = await run_in_threadpool(taken_back_json, platform, who, put.taken_back)
    return answer({**told, "rules": len(made.rules)}, status=201)


def taken_back_json(platform: Served, who: Principal, ended: Move | None) -> JsonValue:
    """Write which version's rollout was taken back, and where that version is now."""
    if ended is None:
        return None
    version = platform.versioning.find(who.org, ended.hash).version
    return {"hash": version.hash, "number": version.number, "state": ended.to.value}
