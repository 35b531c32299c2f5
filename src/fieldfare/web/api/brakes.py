"""What keeps rules in check: quotas that turn actions into questions, and snoozes."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.decisions.breakers import Quota
from fieldfare.decisions.snoozes import Snooze
from fieldfare.engine.brake_administration import lift_quota, set_quota, snooze, wake
from fieldfare.ingest.kinds import ITEM_KINDS
from fieldfare.ingest.schemas import ItemName, Moment, Name, decode, moment
from fieldfare.kernel import BadInput, JsonValue, did_you_mean, parse_id, rfc3339
from fieldfare.metrics.brakes import QuotaState, quota_states
from fieldfare.records import ACCOUNT, Subject
from fieldfare.rules.durations import duration_ms
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires

router = APIRouter(prefix="/v1", tags=["rules"])
Reader = Annotated[Principal, requires(Permission.RULES_READ)]
Operator = Annotated[Principal, requires(Permission.RULES_BRAKE)]
Times = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class NewQuota(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often a rule ("*": all together) may take an action by itself; 0: it only asks."""

    rule: Name
    action: Name
    per_minute: Times | None = None
    per_day: Times | None = None


class NewSnooze(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule's silence about an account or item: `until` (RFC 3339), or `for` as in 24h or 7d."""

    rule: Name
    entity: ItemName
    until: Moment | None = None
    length: Annotated[str, msgspec.Meta(max_length=20)] | None = msgspec.field(
        default=None, name="for"
    )
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


_QUOTA: Final = msgspec.json.Decoder(NewQuota)
_SNOOZE: Final = msgspec.json.Decoder(NewSnooze)


@router.get("/quotas")
def list_quotas(who: Reader, platform: Platform) -> Response:
    """List the quotas in force, with what rules did in this minute and this day (UTC)."""
    now_ms = platform.clock.now_ms()
    found = platform.store.read(lambda uow: quota_states(uow, who.org, now_ms=now_ms))
    return answer({"quotas": [state_json(state) for state in found]})


@router.put("/quotas", openapi_extra=openapi_body(NewQuota))
async def put_quota(request: Request, who: Operator, platform: Platform) -> Response:
    """Set a quota; the one before it for the same rule and action ends."""
    wanted = decode(_QUOTA, await request.body())
    in_force = platform.books.of(who.org)
    made = await run_in_threadpool(
        platform.store.write,
        lambda uow: set_quota(
            uow,
            who.org,
            in_force,
            rule=wanted.rule,
            action=wanted.action,
            per_minute=wanted.per_minute,
            per_day=wanted.per_day,
            by=who.pseudonym,
        ),
    )
    return answer(quota_json(made))


@router.delete("/quotas/{rule}/{action}")
def delete_quota(rule: str, action: str, who: Operator, platform: Platform) -> Response:
    """Take a quota back: the rule may act as often as it likes."""
    platform.store.write(lambda uow: lift_quota(uow, who.org, rule, action, by=who.pseudonym))
    return answer({"rule": rule, "action": action, "per_minute": None, "per_day": None})


@router.get("/snoozes")
def list_snoozes(who: Reader, platform: Platform) -> Response:
    """List the snoozes that last beyond now, newest first, those woken early too."""
    now_ms = platform.clock.now_ms()
    found = platform.store.read(lambda uow: uow.snoozes.all(who.org, until_after=now_ms))
    return answer({"snoozes": [snooze_json(each) for each in found]})


@router.post("/snoozes", status_code=201, openapi_extra=openapi_body(NewSnooze))
async def create_snooze(request: Request, who: Operator, platform: Platform) -> Response:
    """Let a rule be silent about one account or item until a moment."""
    wanted = decode(_SNOOZE, await request.body())
    in_force, now_ms = platform.books.of(who.org), platform.clock.now_ms()
    until = snooze_end(wanted.until, wanted.length, now_ms=now_ms)
    entity = snoozed(wanted.entity.kind, wanted.entity.host_id)
    made = await run_in_threadpool(
        platform.store.write,
        lambda uow: snooze(
            uow,
            who.org,
            in_force,
            rule=wanted.rule,
            entity=entity,
            until=until,
            now_ms=now_ms,
            reason=wanted.reason,
            by=who.pseudonym,
        ),
    )
    return answer(snooze_json(made), status=201)


@router.delete("/snoozes/{snooze_id}")
def delete_snooze(snooze_id: str, who: Operator, platform: Platform) -> Response:
    """Wake a rule early."""
    event_id, now_ms = parse_id(snooze_id), platform.clock.now_ms()
    platform.store.write(lambda uow: wake(uow, who.org, event_id, now_ms=now_ms, by=who.pseudonym))
    return answer({"id": snooze_id, "awake": True})


def snoozed(kind: str, host_id: str) -> Subject:
    """Read what a snooze is about, an account or item, however its kind is capitalised.

    Raises BadInput for another kind: such a snooze would never hold anything back.
    """
    known = (ACCOUNT, *ITEM_KINDS)
    folded = kind.strip().casefold()
    if folded not in known:
        hint = did_you_mean(folded, known) or f"Write one of {', '.join(known)}."
        raise BadInput(f"nothing is of the kind {kind!r}", hint=hint, pointer="/entity/kind")
    return Subject(folded, host_id)


def snooze_end(until: str | None, length: str | None, *, now_ms: int) -> int:
    """Read when a snooze ends (ms since 1970). Raises BadInput unless one of the two says so."""
    end = moment(until, pointer="/until")
    if (end is None) == (length is None):
        hint = "Give until (RFC 3339) or for (24h, 7d), one of them."
        raise BadInput("a snooze has one end", hint=hint, pointer="/until")
    if end is not None:
        return end
    ms = duration_ms(length or "")
    if ms is None:
        hint = "Write it like 30m, 24h or 7d."
        raise BadInput(f"{length!r} is no length of time", hint=hint, pointer="/for")
    return now_ms + ms


def quota_json(quota: Quota) -> dict[str, JsonValue]:
    return {
        "rule": quota.rule,
        "action": quota.action,
        "per_minute": quota.per_minute,
        "per_day": quota.per_day,
        "since": str(quota.since),
        "by": quota.by,
    }


def state_json(state: QuotaState) -> dict[str, JsonValue]:
    return {
        **quota_json(state.quota),
        "used_this_minute": state.used_this_minute,
        "used_today": state.used_today,
        "tripped_today": state.tripped_today,
    }


def snooze_json(each: Snooze) -> dict[str, JsonValue]:
    return {
        "id": str(each.id),
        "rule": each.rule,
        "entity": {"kind": each.entity.kind, "host_id": each.entity.host_id},
        "until": rfc3339(each.until),
        "by": each.by,
        "reason": each.reason,
        "awake": each.ended is not None,
        "held": each.held,
    }
