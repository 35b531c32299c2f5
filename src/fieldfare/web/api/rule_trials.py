"""Trying rules over the API: their tests, and what they make of one event and why.

In flow the files of a draft, or nothing for the rules in force; out flow reports. Nothing is
stored.
"""

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.in_force import InForce
from fieldfare.ingest.schemas import decode
from fieldfare.rules import (
    CaseReport,
    Explanation,
    load_rule_set,
    play,
    read_event,
    run_cases,
)
from fieldfare.rules.given_names import with_given
from fieldfare.web.api.rules import FileText
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.turns import in_turn

router = APIRouter(prefix="/v1", tags=["rules"])
Files = Annotated[dict[str, FileText], msgspec.Meta(min_length=1, max_length=500)]


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules to test; without files, those in force. only: a part of the name of the cases."""

    files: Files | None = None
    only: str = ""


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An event to explain, as a rule test has it. lists: those in force unless given."""

    event: dict[str, Any]
    files: Files | None = None
    facts: dict[str, Any] = {}
    lists: dict[str, list[str]] | None = None
    before: list[dict[str, Any]] = []
    at: str | None = None
    subject: str | None = None


_TRIAL: Final = msgspec.json.Decoder(Trial)
_WHY: Final = msgspec.json.Decoder(Why)


@router.post("/rules/test", openapi_extra=openapi_body(Trial))
async def test_rules(
    request: Request,
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
) -> Response:
    """Run the rule tests of a draft, or of the rules in force."""
    wanted = decode(_TRIAL, await request.body())
    in_force = platform.books.of(who.org)
    report = await run_in_threadpool(in_turn, lambda: _tested(in_force, wanted))
    return answer(msgspec.to_builtins(report))


@router.post("/rules/explain", openapi_extra=openapi_body(Why))
async def explain_rules(
    request: Request,
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
) -> Response:
    """Say of every rule whether it fires on an event, condition by condition, with values."""
    wanted = decode(_WHY, await request.body())
    in_force = platform.books.of(who.org)
    explained = await run_in_threadpool(in_turn, lambda: _explained(in_force, wanted))
    return answer(msgspec.to_builtins(explained))


def _tested(in_force: InForce, wanted: Trial) -> CaseReport:
    """Run the tests of a draft: lists and banks that they give count as there."""
    words = in_force.words
    rules = in_force.rules
    if wanted.files is not None:
        given = with_given(words, wanted.files)
        rules = load_rule_set(wanted.files, vocabulary=given)
    return run_cases(rules, rules.sources, words, only=wanted.only)


def _explained(in_force: InForce, wanted: Why) -> Explanation:
    words, rules = in_force.words, in_force.rules
    written: dict[str, Any] = {
        "event": wanted.event,
        "facts": wanted.facts,
        "before": wanted.before,
        "lists": in_force.lists if wanted.lists is None else wanted.lists,
    }
    written |= {"at": wanted.at} if wanted.at else {}
    written |= {"subject": wanted.subject} if wanted.subject else {}
    if wanted.files is not None:
        words = with_given(words, wanted.files, written)
        rules = load_rule_set(wanted.files, vocabulary=words)
    _, explained = play(rules, read_event(written, words, where="event"))
    return explained
