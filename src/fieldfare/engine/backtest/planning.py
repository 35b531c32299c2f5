"""From what somebody wants to a plan: pack in force, lists as they stood, the span in ids."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldfare.engine.backtest.plan import ListsSince, Plan
from fieldfare.engine.compiling import Compiler
from fieldfare.engine.in_force import POLICIES, RULES
from fieldfare.engine.readable_lists import readable_lists
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, EventId, NotFound, Org
from fieldfare.kernel.ids import LAST_ID, id_before
from fieldfare.matching.repositories import NAMED_LIST

LIST_CHANGED: Final = "list.changed"
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A backtest somebody asks for: events of from_ms <= moment < to_ms (ms since 1970).

    files: the candidate's; rule_set: or the hash of a kept version; neither: the rules in force.
    """

    from_ms: int
    to_ms: int
    files: Mapping[str, str] | None = None
    rule_set: str = ""


def planned(uow: UnitOfWork, org: Org, wanted: Wanted) -> Plan:
    """Plan a backtest and compile its candidate.

    Raises RuleSetDoesNotCompile with every problem, BadInput for an empty span, NotFound for a
    version that nobody kept.
    """
    if wanted.to_ms <= wanted.from_ms:
        hint = "`from` is the first moment that counts, `to` the first that does not any more."
        raise BadInput("the span is empty", hint=hint, pointer="/to")
    pack = uow.versions.in_force(org, POLICIES, as_of=LAST_ID)
    if pack is None:
        raise NotFound(f"organisation {org!r} has no policy pack", hint="Run `fieldfare init`.")
    after, up_to = id_before(wanted.from_ms), id_before(wanted.to_ms)
    compiler = Compiler()
    named = [r for r in uow.lists.current(org, as_of=LAST_ID) if r.kind == NAMED_LIST]
    plan = Plan(
        org=org,
        files=_files(uow, org, wanted),
        policies=pack.files,
        after=after,
        up_to=up_to,
        until=LAST_ID,
        # As for the live rules: a list that nothing can read is none they may name.
        list_names=frozenset(readable_lists(uow, org, named, compiler).named),
    )
    if not plan.rules.needs.lists:
        return plan
    return replace(plan, lists=tuple(_lists(uow, org, plan, compiler)))


def _files(uow: UnitOfWork, org: Org, wanted: Wanted) -> Mapping[str, str]:
    if wanted.files is not None:
        return wanted.files
    if wanted.rule_set:
        files = uow.rule_versions.files(org, wanted.rule_set)
        if files is None:
            hint = "List them: fieldfare rules versions"
            raise NotFound(f"no version {wanted.rule_set[:12]!r} of the rules", hint=hint)
        return files
    rules = uow.versions.in_force(org, RULES, as_of=LAST_ID)
    if rules is None:
        raise NotFound(f"organisation {org!r} has no rules", hint="Run `fieldfare init`.")
    return rules.files


def _lists(uow: UnitOfWork, org: Org, plan: Plan, compiler: Compiler) -> Iterator[ListsSince]:
    """Give the lists as they stood at the start, and anew after each change in the span.

    An organisation begins with the lists it was given first: imported history is older than they.
    """

    def as_of(event_id: EventId) -> Mapping[str, frozenset[str]]:
        named = [
            record
            for record in uow.lists.current(org, as_of=event_id)
            if record.kind == NAMED_LIST and record.name in plan.rules.needs.lists
        ]
        return readable_lists(uow, org, named, compiler).named

    changes = _changes(uow, org, EventId(0), plan.up_to)
    known = [event_id for event_id in changes if event_id <= plan.after]
    later = [event_id for event_id in changes if event_id > plan.after]
    if known:
        yield ListsSince(since=EventId(0), lists=as_of(known[-1]))
    else:
        begin = later[0] if later else LAST_ID
        yield ListsSince(since=EventId(0), lists=as_of(begin))
    for event_id in later:
        yield ListsSince(since=event_id, lists=as_of(event_id))


def _changes(uow: UnitOfWork, org: Org, after: EventId, up_to: EventId) -> Sequence[EventId]:
    found: list[EventId] = []
    while events := uow.recall.of_kind(LIST_CHANGED, after, limit=PAGE):
        found += [event.id for event in events if event.org == org and event.id <= up_to]
        after = events[-1].id
        if after > up_to:
            break
    return found
