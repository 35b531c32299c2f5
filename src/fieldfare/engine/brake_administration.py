"""Setting quotas and snoozes: each change an event on the log, in force from that event on."""

from collections.abc import Mapping
from typing import Final

from fieldfare.decisions.breakers import EVERY_RULE, Quota
from fieldfare.decisions.snoozes import Snooze
from fieldfare.engine.administration import note
from fieldfare.engine.brakes import QUOTA_CHANGED, RULE, SNOOZE_CHANGED
from fieldfare.engine.in_force import InForce
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, EventId, JsonValue, NotFound, Org, did_you_mean, rfc3339
from fieldfare.records import ACCOUNT, NewEvent, Subject

MAX_SNOOZE_MS: Final = 366 * 86_400_000

FIRST_QUOTAS: Final = (("remove", 2_000, 50_000), ("suspend", 200, 2_000), ("ban", 100, 1_000))
"""Action, a minute, a day: what all rules of a new organisation may do together. Far above what a
sound rule does, far below what a wrong one can.
"""


def set_first_quotas(uow: UnitOfWork, org: Org, *, by: str) -> None:
    """Give a new organisation quotas for what is hardest to make good again."""
    for action, per_minute, per_day in FIRST_QUOTAS:
        _put(uow, org, EVERY_RULE, action, per_minute, per_day, by=by)


def set_quota(
    uow: UnitOfWork,
    org: Org,
    in_force: InForce,
    *,
    rule: str,
    action: str,
    per_minute: int | None,
    per_day: int | None,
    by: str,
) -> Quota:
    """Set how often a rule (or all together) may take an action by itself.

    Raises BadInput for an unknown rule or action, and where neither a minute nor a day is bounded.
    """
    must_be_a_rule(in_force, rule)
    kinds = in_force.pack.kinds.by_name
    if action not in kinds:
        hint = did_you_mean(action, kinds) or f"Known are {', '.join(kinds)}."
        raise BadInput(f"{action!r} is no action", hint=hint, pointer="/action")
    if per_minute is None and per_day is None:
        hint = "Give per_minute, per_day or both; 0 lets the rule only ask."
        raise BadInput("the quota bounds nothing", hint=hint, pointer="/per_minute")
    return _put(uow, org, rule, action, per_minute, per_day, by=by)


def _put(  # noqa: PLR0917 -- the columns of a quota
    uow: UnitOfWork,
    org: Org,
    rule: str,
    action: str,
    per_minute: int | None,
    per_day: int | None,
    *,
    by: str,
) -> Quota:
    data: dict[str, JsonValue] = {"action": action, "per_minute": per_minute, "per_day": per_day}
    event_id = note(uow, org, QUOTA_CHANGED, Subject(RULE, rule), data=data, by=by)
    quota = Quota(
        org=org,
        rule=rule,
        action=action,
        per_minute=per_minute,
        per_day=per_day,
        since=event_id,
        by=by,
    )
    uow.quotas.put(quota)
    return quota


def lift_quota(uow: UnitOfWork, org: Org, rule: str, action: str, *, by: str) -> None:
    """Take a quota back. Raises NotFound if there is none."""
    data: dict[str, JsonValue] = {"action": action, "per_minute": None, "per_day": None}
    event_id = note(uow, org, QUOTA_CHANGED, Subject(RULE, rule), data=data, by=by)
    if not uow.quotas.end(org, rule, action, at=event_id):
        raise NotFound(
            f"no quota on {action!r} by {rule!r}", hint="List them: fieldfare rules quotas"
        )


def snooze(
    uow: UnitOfWork,
    org: Org,
    in_force: InForce,
    *,
    rule: str,
    entity: Subject,
    until: int,
    now_ms: int,
    reason: str,
    by: str,
) -> Snooze:
    """Let a rule be silent about an account or item until a moment (ms since 1970).

    Raises BadInput for an unknown rule, a moment that is past or more than a year away, and a
    snooze nobody gives a reason for.
    """
    must_be_a_rule(in_force, rule, every=False)
    if not now_ms < until <= now_ms + MAX_SNOOZE_MS:
        hint = "Give a moment within the next year."
        raise BadInput(f"a snooze cannot last until {rfc3339(until)}", hint=hint, pointer="/until")
    if not reason.strip():
        hint = "Whoever finds it later wants to know why."
        raise BadInput("a snooze needs a reason", hint=hint, pointer="/reason")
    data: dict[str, JsonValue] = {"rule": rule, "until": rfc3339(until), "reason": reason}
    event_id = _note_snooze(uow, org, entity, data, by=by)
    made = Snooze(org=org, id=event_id, rule=rule, entity=entity, until=until, by=by, reason=reason)
    uow.snoozes.put(made)
    return made


def wake(uow: UnitOfWork, org: Org, snooze_id: EventId, *, now_ms: int, by: str) -> None:
    """End a snooze early. Raises NotFound if there is none by that id that still holds."""
    known = {each.id: each for each in uow.snoozes.all(org, until_after=now_ms)}
    found = known.get(snooze_id)
    if found is None or found.ended is not None:
        raise NotFound(
            f"no snooze {str(snooze_id)!r} holds", hint="List them: fieldfare rules snoozes"
        )
    data: dict[str, JsonValue] = {"rule": found.rule, "snooze": str(snooze_id), "until": None}
    event_id = _note_snooze(uow, org, found.entity, data, by=by)
    uow.snoozes.wake(org, snooze_id, at=event_id)


def _note_snooze(
    uow: UnitOfWork, org: Org, entity: Subject, data: Mapping[str, JsonValue], *, by: str
) -> EventId:
    """Write it under the key of the account it is about, so that it is forgotten with them."""
    person = entity if entity.kind == ACCOUNT else None
    event = NewEvent(kind=SNOOZE_CHANGED, subject=entity, person=person, data={**data, "by": by})
    return uow.log.append(org, event).id


def must_be_a_rule(in_force: InForce, name: str, *, every: bool = True) -> None:
    """Raise BadInput unless a version that runs has a rule of that name (or `every` and it is `*`).

    Not the live one alone: a rollout decides too, and what a shadow does wrong is braked before it.
    """
    known = in_force.rule_names
    if name in known or (every and name == EVERY_RULE):
        return
    hint = did_you_mean(name, known) or "See the Rules page, or GET /v1/rules."
    raise BadInput(f"no version that runs has a rule {name!r}", hint=hint, pointer="/rule")
