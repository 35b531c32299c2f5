"""From what a compiled function found to verdicts in words; runs only when something fired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from fieldfare.kernel import EventId, JsonValue, Unknown
from fieldfare.records import (
    ACCOUNT,
    FactValue,
    Reason,
    Restriction,
    ReviewRequest,
    SeenValue,
    Subject,
    Verdict,
    Voice,
)
from fieldfare.rules.assembling import Captured, EffectPlan, Kind, RulePlan, SeenPlan, WhenPlan
from fieldfare.rules.label_book import EntityLabels
from fieldfare.rules.label_effects import DECLARE, LABEL_EFFECTS, changes_of
from fieldfare.rules.labels import LabelChange, settled
from fieldfare.rules.restricting import CannotApply, applied_spec, names_in, restriction_of
from fieldfare.rules.sighted_spans import spans_of
from fieldfare.rules.tallies import Figure
from fieldfare.rules.vocabulary import PolicyTerms, Vocabulary

MAX_SEEN_TEXT: Final = 200
_SIDE: Final = frozenset({*LABEL_EFFECTS, DECLARE})
_TOP_LANE: Final = 0
_LANE: Final = 1


class RuleInput(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything rules may know about one event; they see values only.

    data: the event's JSON; facts: name -> value or Unknown, as of the event's id; counts: aligned
    with `RuleSet.counter_updates`; lists: name -> entries. subject, version: what is judged.
    labels: of the entities in `RuleSet.label_asks`, None where one is Unknown.
    """

    kind: str
    event_id: int
    subject: Subject
    version: str
    data: Mapping[str, Any]
    facts: Mapping[str, FactValue | Unknown]
    counts: Sequence[Figure] = ()
    lists: Mapping[str, frozenset[str]] = {}
    labels: Sequence[EntityLabels | None] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one event: the rules that fired, what they ask for, and what went wrong.

    labels: changes of entities' labels, those without effect with the reason why; declared: the
    words of all DeclareVerdicts, each once.
    """

    fired: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    errors: tuple[str, ...] = ()
    labels: tuple[LabelChange, ...] = ()
    declared: tuple[str, ...] = ()


NOTHING: Final = Outcome()


@dataclass(frozen=True, slots=True)
class _Ask:
    """What one effect comes to: where, what, and whether it may overrule a person."""

    subject: Subject
    after_person: bool
    policy: str
    restrictions: tuple[Restriction, ...] = ()
    review: tuple[ReviewRequest, ...] = ()


def outcome_of(
    kind: Kind,
    found: tuple[list[str], list[tuple[int, Any]], list[tuple[int, Any]]],
    event: RuleInput,
    vocabulary: Vocabulary,
) -> Outcome:
    """Build the outcome from the places and captured values a compiled function returned."""
    errors, hits, deeds = found
    reasons = {at: _reason(kind.rules[at], captured, event) for at, captured in hits}
    verdicts: list[Verdict] = []
    labels: list[LabelChange] = []
    declared: list[str] = []
    for at, captured in deeds:
        plan = kind.whens[at]
        fired = [reasons[rule] for rule in plan.rules if rule in reasons]
        asked = replace(plan, effects=tuple(e for e in plan.effects if e.name not in _SIDE))
        verdicts += _verdicts(asked, captured, fired, event, vocabulary, errors)
        for effect in plan.effects:
            if effect.name in LABEL_EFFECTS:
                labels += changes_of(effect.name, _args(effect, captured), fired, event.event_id)
            elif effect.name == DECLARE and (word := _args(effect, captured)["verdict"]):
                declared.append(str(word))
    return Outcome(
        fired=tuple(kind.rules[at].key for at, _ in hits),
        verdicts=tuple(verdicts),
        errors=tuple(errors),
        labels=settled(labels),
        declared=tuple(dict.fromkeys(declared)),
    )


def _args(effect: EffectPlan, captured: Sequence[object] | None) -> dict[str, object]:
    return {name: _value(argument, captured) for name, argument in effect.args.items()}


def _value(argument: object, captured: Sequence[object] | None) -> object:
    if isinstance(argument, Captured):
        return captured[argument.at] if captured is not None else None
    return argument


def _reason(plan: RulePlan, captured: Sequence[object] | None, event: RuleInput) -> Reason:
    written = []
    for word in plan.words:
        value = _value(word, captured)
        written.append("Unknown" if value is None else str(value))
    seen = tuple(seen_value(sight, captured, event) for sight in plan.seen)
    return Reason(by=plan.key, description="".join(written), seen=seen)


def seen_value(plan: SeenPlan, captured: Sequence[object] | None, event: RuleInput) -> SeenValue:
    """Show a value a rule saw, or why it was Unknown."""
    value = _value(plan.value, captured)
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
        threshold=_shown(_value(plan.threshold, captured)),
        spans=spans_of(name, event.data, event.facts),
    )


def _shown(value: object) -> JsonValue:
    """Write a value as JSON, texts cut to 200 characters."""
    if isinstance(value, str):
        return value if len(value) <= MAX_SEEN_TEXT else value[:MAX_SEEN_TEXT] + "…"
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value[:MAX_SEEN_TEXT]]
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:MAX_SEEN_TEXT]


def _verdicts(  # noqa: PLR0917 -- all of it is the event's
    plan: WhenPlan,
    captured: Sequence[object] | None,
    reasons: list[Reason],
    event: RuleInput,
    vocabulary: Vocabulary,
    errors: list[str],
) -> list[Verdict]:
    """Make one verdict for each subject (and for what may overrule a person, one of its own)."""
    asks: dict[tuple[Subject, bool], list[_Ask]] = {}
    for effect in plan.effects:
        try:
            ask = _ask(effect, _args(effect, captured), event, vocabulary)
        except CannotApply as e:
            errors.append(f"{effect.name} of rule {reasons[0].by if reasons else ''}: {e}")
            continue
        asks.setdefault((ask.subject, ask.after_person), []).append(ask)
    return [_verdict(subject, reasons, together, event) for (subject, _), together in asks.items()]


def _verdict(
    subject: Subject, reasons: list[Reason], asks: list[_Ask], event: RuleInput
) -> Verdict:
    policy = next((ask.policy for ask in asks if ask.policy), "")
    return Verdict(
        by=Voice.RULE,
        author=", ".join(reason.by for reason in reasons),
        subject=subject,
        version="" if subject.kind == ACCOUNT else event.version,
        event_id=EventId(event.event_id),
        restrictions=_distinct([r for ask in asks for r in ask.restrictions]),
        review=tuple(dict.fromkeys(request for ask in asks for request in ask.review)),
        reasons=tuple(replace(reason, policy=policy) for reason in reasons),
        after_person=asks[0].after_person,
    )


def _distinct(restrictions: list[Restriction]) -> tuple[Restriction, ...]:
    """Drop repeats; restrictions hold mappings, so they have no hash."""
    kept: list[Restriction] = []
    for restriction in restrictions:
        if restriction not in kept:
            kept.append(restriction)
    return tuple(kept)


def _ask(
    effect: EffectPlan, args: Mapping[str, object], event: RuleInput, vocabulary: Vocabulary
) -> _Ask:
    spec = applied_spec(effect.name, args)
    policy = _policy(effect, args, vocabulary)
    subject = event.subject
    if spec.on == "account":
        account = args.get("account")
        if account is None:
            raise CannotApply("the account is Unknown")
        subject = Subject(ACCOUNT, str(account))
    after_person = args.get("after_person") is True
    code = policy.code if policy else ""
    if spec.name == "Review":
        review = (_review(args, policy, default_lane=_LANE),)
        return _Ask(subject, after_person, code, review=review)
    if policy is None:
        raise CannotApply("the policy is Unknown")
    if spec.name == "ApplyPolicy":
        return _applied(args, policy, _Ask(subject, after_person, code))
    restriction = restriction_of(spec, args, policy, event_id=event.event_id, subject=event.subject)
    return _Ask(subject, after_person, code, restrictions=(restriction,))


def _policy(
    effect: EffectPlan, args: Mapping[str, object], vocabulary: Vocabulary
) -> PolicyTerms | None:
    """Find the policy an effect names; None if it names none (Review with a queue)."""
    code = args.get("policy")
    if code is None:
        if "policy" in effect.args and "queue" not in effect.args:
            raise CannotApply("the policy is Unknown")
        return None
    terms = vocabulary.policies.get(str(code))
    if terms is None:
        raise CannotApply(f"there is no policy {str(code)[:40]!r}")
    return terms


def _review(
    args: Mapping[str, object], policy: PolicyTerms | None, *, default_lane: int
) -> ReviewRequest:
    queue = args.get("queue") or (policy.queue if policy else None)
    if queue is None:
        raise CannotApply("the queue is Unknown")
    lane = args.get("lane")
    return ReviewRequest(
        queue=str(queue),
        policy=policy.code if policy else "",
        reason=str(args.get("reason") or ""),
        lane=lane if isinstance(lane, int) else default_lane,
    )


def _applied(args: Mapping[str, object], policy: PolicyTerms, ask: _Ask) -> _Ask:
    """Expand ApplyPolicy by the pack's table, narrowed to the scope the effect names."""
    stage = args.get("stage") or "at_high_confidence"
    if stage == "on_confirm":
        listed, has_case = policy.on_confirm, False
    else:
        is_match = args.get("vetted_match") is True
        listed = policy.on_match if is_match else policy.at_high_confidence
        has_case = policy.review
    surfaces, markets = names_in(args, "surfaces"), names_in(args, "markets")
    restrictions = tuple(
        replace(
            restriction,
            surfaces=restriction.surfaces if surfaces is None else surfaces,
            markets=restriction.markets if markets is None else markets,
        )
        for restriction in listed
    )
    lane = _TOP_LANE if policy.severity == "S4" else _LANE
    review = (_review(args, policy, default_lane=lane),) if has_case else ()
    return replace(ask, restrictions=restrictions, review=review)
