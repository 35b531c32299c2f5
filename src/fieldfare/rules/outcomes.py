"""From what a compiled function found to verdicts in words; runs only when something fired."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import msgspec

from fieldfare.kernel import EventId, JsonValue, Unknown
from fieldfare.records import (
    ACCOUNT,
    FactValue,
    Reason,
    Restriction,
    SeenValue,
    Subject,
    Verdict,
    Voice,
)
from fieldfare.rules.applying import Ask, Effects, args_of, value_of
from fieldfare.rules.label_book import EntityLabels
from fieldfare.rules.label_effects import DECLARE, LABEL_EFFECTS, changes_of
from fieldfare.rules.labels import LabelChange, settled
from fieldfare.rules.plans import Captured, EffectPlan, Kind, RulePlan, SeenPlan, WhenPlan
from fieldfare.rules.restricting import CannotApply
from fieldfare.rules.sighted_spans import spans_of
from fieldfare.rules.tallies import Figure

Found: TypeAlias = tuple[list[str], list[tuple[int, Any]], list[tuple[int, Any]]]
"""What a compiled function gives: errors, and the places of rules and WhenRules with captures."""

MAX_SEEN_TEXT: Final = 200
ANY_POLICY: Final = "*"
"""Stands for a policy where which one could not be said."""
NO_POLICY: Final = ""
"""Stands for the policy of an effect that names none: a review in a queue."""
_PLAIN: Final = frozenset({int, float, bool, type(None)})


class Occurrence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event as rules see it.

    subject, version: what is judged. data: the event's JSON; facts: name -> value or Unknown, as of
    the event's id.
    """

    kind: str
    event_id: int
    subject: Subject
    version: str
    data: Mapping[str, Any]
    facts: Mapping[str, FactValue | Unknown]


class RuleInput(Occurrence, frozen=True, kw_only=True, gc=False):
    """Everything rules may know about one event; they see values only.

    counts: aligned with `RuleSet.counter_updates`; lists: name -> entries. labels: of the entities
    in `RuleSet.label_asks`, None where one is Unknown. thrown: the errors of both.
    """

    counts: Sequence[Figure] = ()
    lists: Mapping[str, frozenset[str]] = {}
    labels: Sequence[EntityLabels | None] = ()
    thrown: Sequence[str] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one event: the rules that fired, what they ask for, and what went wrong.

    labels: changes of entities' labels, those without effect with the reason why; declared: the
    words of all DeclareVerdicts, each once. undecided: the policies that effects name which could
    not be decided because something threw, ANY_POLICY where it could not even be said which,
    NO_POLICY where a review in no policy's name could not be placed.
    """

    fired: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    errors: tuple[str, ...] = ()
    labels: tuple[LabelChange, ...] = ()
    declared: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


NOTHING: Final = Outcome()


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What went wrong so far, and the policies that could not be decided because of it."""

    errors: list[str]
    undecided: list[str]


def with_thrown(found: Found | None, thrown: Sequence[str]) -> Found:
    """Add to what a compiled function found what had thrown before it ran; each once."""
    errors, hits, deeds = found or ([], [], [])
    new = [error for error in dict.fromkeys(thrown) if error not in errors]
    return [*errors, *new], hits, deeds


def outcome_of(
    kind: Kind, found: Found, event: Occurrence, effects: Effects, *, explained: bool = True
) -> Outcome:
    """Build the outcome from what a compiled function found.

    explained: False leaves out of reasons the values seen, which a replay does not look at.
    """
    errors, hits, deeds = found
    reasons = {at: _reason(kind.rules[at], captured, event, explained) for at, captured in hits}
    trouble = _Trouble(errors, _kept_away(kind, errors, deeds) if errors else [])
    verdicts: list[Verdict] = []
    labels: list[LabelChange] = []
    declared: list[str] = []
    for at, captured in deeds:
        plan = kind.whens[at]
        fired = [reasons[rule] for rule in plan.rules if rule in reasons]
        if plan.effects:
            verdicts += _verdicts(plan, captured, fired, event, effects, trouble)
        for effect in plan.side:
            args = args_of(effect, captured)
            if effect.name in LABEL_EFFECTS:
                labels += changes_of(effect.name, args, fired, event.event_id)
            elif effect.name == DECLARE and (word := args["verdict"]):
                declared.append(str(word))
    return Outcome(
        fired=tuple([kind.rules[at].key for at, _ in hits]),
        verdicts=tuple(verdicts),
        errors=tuple(errors),
        labels=settled(labels) if labels else (),
        declared=tuple(dict.fromkeys(declared)),
        undecided=tuple(dict.fromkeys(trouble.undecided)),
    )


def _kept_away(kind: Kind, errors: Sequence[str], deeds: Sequence[tuple[int, Any]]) -> list[str]:
    """Name the policies of all effects that did not come because something threw."""
    away: set[int] = set()
    unsaid: list[str] = []
    for error in errors:
        rest_on_it = kind.kept_away.deeds(error.partition(":")[0])
        if rest_on_it is None:
            unsaid.append(ANY_POLICY)
        else:
            away |= rest_on_it
    left = sorted(away.difference(at for at, _ in deeds))
    return [*unsaid, *(_named(effect) for at in left for effect in kind.whens[at].effects)]


def _named(effect: EffectPlan) -> str:
    """Name the policy of an effect."""
    code = effect.args.get("policy")
    if code is None:
        return NO_POLICY
    return ANY_POLICY if isinstance(code, Captured) else str(code)


def _reason(
    plan: RulePlan,
    captured: Sequence[Any] | None,
    event: Occurrence,
    explained: bool,  # noqa: FBT001 -- of `outcome_of`
) -> Reason:
    written = []
    for word in plan.words:
        value = value_of(word, captured)
        written.append("Unknown" if value is None else str(value))
    seen = tuple([seen_value(sight, captured, event) for sight in plan.seen]) if explained else ()
    return Reason(by=plan.key, description="".join(written), seen=seen)


def seen_value(plan: SeenPlan, captured: Sequence[Any] | None, event: Occurrence) -> SeenValue:
    """Show a value a rule saw, or why it was Unknown."""
    value = value_of(plan.value, captured)
    name = plan.sighting.name
    why = None
    if value is None:
        fact = event.facts.get(name)
        why = fact.why if isinstance(fact, Unknown) else "missing"
    return SeenValue(
        name=name,
        value=_shown(value),
        unknown=why,
        op=plan.sighting.op,
        threshold=_shown(value_of(plan.threshold, captured)),
        spans=spans_of(name, event.data, event.facts),
    )


def _shown(value: object) -> JsonValue:
    """Write a value as JSON, texts cut to 200 characters."""
    if value.__class__ in _PLAIN:
        return cast("JsonValue", value)
    if isinstance(value, str):
        return value if len(value) <= MAX_SEEN_TEXT else value[:MAX_SEEN_TEXT] + "…"
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value[:MAX_SEEN_TEXT]]
    if isinstance(value, bool | int | float):
        return value
    return str(value)[:MAX_SEEN_TEXT]


def _verdicts(  # noqa: PLR0917 -- all of it is the event's
    plan: WhenPlan,
    captured: Sequence[Any] | None,
    reasons: list[Reason],
    event: Occurrence,
    effects: Effects,
    trouble: _Trouble,
) -> Iterator[Verdict]:
    """Make one verdict for each subject (and for what may overrule a person, one of its own)."""
    asks: dict[tuple[str | None, bool], list[Ask]] = {}
    for effect in plan.effects:
        try:
            ask = effects.ask(effect, captured, event.subject, event.event_id)
        except CannotApply as e:
            by = reasons[0].by if reasons else ""
            trouble.errors.append(f"rule {by}: {effect.name}: {e}")
            trouble.undecided.append(_named(effect))
            continue
        account = None if _is_own(ask.account, event.subject) else ask.account
        asks.setdefault((account, ask.after_person), []).append(ask)
    for (account, _), together in asks.items():
        yield _verdict(account, reasons, together, event)


def _is_own(account: str | None, subject: Subject) -> bool:
    """Tell whether an account that an effect names is what the event is about anyway."""
    return subject.kind == ACCOUNT and subject.host_id == account


def _verdict(
    account: str | None, reasons: list[Reason], asks: list[Ask], event: Occurrence
) -> Verdict:
    policy = next((ask.policy for ask in asks if ask.policy), "")
    subject = event.subject if account is None else Subject(ACCOUNT, account)
    return Verdict(
        by=Voice.RULE,
        author=", ".join([reason.by for reason in reasons]),
        subject=subject,
        version="" if subject.kind == ACCOUNT else event.version,
        event_id=EventId(event.event_id),
        restrictions=_distinct(asks),
        review=tuple(dict.fromkeys([request for ask in asks for request in ask.review])),
        reasons=tuple([_under(policy, reason) for reason in reasons]),
        after_person=asks[0].after_person,
    )


def _under(policy: str, reason: Reason) -> Reason:
    return Reason(by=reason.by, policy=policy, description=reason.description, seen=reason.seen)


def _distinct(asks: list[Ask]) -> tuple[Restriction, ...]:
    """Drop repeats; restrictions hold mappings, so they have no hash."""
    if len(asks) == 1 and len(asks[0].restrictions) <= 1:
        return asks[0].restrictions
    kept: list[Restriction] = []
    for ask in asks:
        for restriction in ask.restrictions:
            if restriction not in kept:
                kept.append(restriction)
    return tuple(kept)
