"""The grounds of a decision for people: reasons, values beside thresholds, texts with hits."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.engine.grounds import text_fields
from fieldfare.kernel import EventId, JsonValue, Span
from fieldfare.records import Decision, Event, Fact, Reason, SeenValue, Voice
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.wording import sentence

Find = Callable[[Mapping[str, str]], Sequence[Fact]]
"""Finds facts in the text fields of an item, as the text signal in force does."""

_LONG: Final = 160
_SIGNS: Final[Mapping[str, str]] = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLine:
    """A stretch of the media a finding rests on, in seconds."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLine:
    """A value beside what it was compared with. gauge, mark: value and threshold in 0..100, or None
    where they are no numbers.
    """

    name: str
    value: str
    unknown: str
    op: str
    threshold: str
    gauge: int | None
    mark: int | None
    spans: tuple[SpanLine, ...]
    is_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLine:
    """Why a decision says what it says. by: the rule or the person."""

    by: str
    is_rule: bool
    policy: str
    description: str
    seen: tuple[SignalLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """A decision in short. consequences: sentences on what it takes away. taken_back: by the one
    who gave the verdict behind it. declared: words the rules said about the event.
    """

    id: str
    at: Moment
    action: str
    by: str
    policy: str
    version: str
    revision: int
    pack: str
    rule_set: str
    consequences: tuple[str, ...]
    reasons: tuple[ReasonLine, ...]
    unknown: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str], ...]
    asks: tuple[str, ...]
    taken_back: bool
    declared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPiece:
    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """A text field of an item, cut where a finding rests on it."""

    field: str
    pieces: tuple[TextPiece, ...]


def decision_line(
    decision: Decision, *, withdrawn: Collection[EventId] = frozenset()
) -> DecisionLine:
    """Put a decision into words. withdrawn: the verdicts that were taken back."""
    judgement = decision.judgement
    return DecisionLine(
        id=str(decision.id),
        at=Moment(decision.at),
        action=judgement.action,
        by=judgement.by.value,
        policy=judgement.policy,
        version=decision.version,
        revision=decision.revision,
        pack=decision.pack,
        rule_set=decision.rule_set,
        consequences=tuple(dict.fromkeys(sentence(r) for r in judgement.restrictions)),
        reasons=tuple(
            reason_line(reason, is_rule=judgement.by is Voice.RULE) for reason in judgement.reasons
        ),
        unknown=tuple(sorted(judgement.unknown.items())),
        models=tuple(sorted(decision.models.items())),
        asks=tuple(dict.fromkeys(request.queue for request in judgement.review)),
        taken_back=judgement.by is Voice.PERSON
        and any(cause in withdrawn for cause in decision.causes),
        declared=decision.declared,
    )


def reason_line(reason: Reason, *, is_rule: bool) -> ReasonLine:
    return ReasonLine(
        by=reason.by,
        is_rule=is_rule,
        policy=reason.policy,
        description=reason.description,
        seen=tuple(signal_line(seen) for seen in reason.seen),
    )


def signal_line(seen: SeenValue) -> SignalLine:
    """Put a seen value into words and onto a gauge."""
    gauge, mark = _gauge(seen.value, seen.threshold)
    return SignalLine(
        name=seen.name,
        value="" if seen.unknown else show(seen.value),
        unknown=seen.unknown or "",
        op=_SIGNS.get(seen.op, seen.op),
        threshold="" if seen.threshold is None else show(seen.threshold),
        gauge=gauge,
        mark=mark,
        spans=tuple(
            SpanLine(start_s=span.start, end_s=span.end) for span in seen.spans if span.unit == "s"
        ),
        is_hit=not seen.unknown,
    )


def signals_of(decision: Decision) -> tuple[SignalLine, ...]:
    """List every value the reasons saw, once, and then what stayed unknown."""
    seen = {
        (value.name, value.op, show(value.threshold)): signal_line(value)
        for reason in decision.judgement.reasons
        for value in reason.seen
    }
    known = {name for name, _, _ in seen}
    missing = (
        signal_line(SeenValue(name=name, value=None, unknown=why))
        for name, why in sorted(decision.judgement.unknown.items())
        if name not in known
    )
    return (*seen.values(), *missing)


def show(value: JsonValue) -> str:
    """Write a JSON value for people: short, numbers to three places."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        text = ", ".join(show(each) for each in value)
    elif isinstance(value, dict):
        text = ", ".join(f"{name} {show(each)}" for name, each in value.items())
    else:
        text = str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def text_lines(post: Event | None, find: Find) -> tuple[TextLine, ...]:
    """Give the text fields of a post, cut at what the lexicons in force find in them."""
    item = (post.data or {}).get("item") if post else None
    fields = text_fields(item) if isinstance(item, dict) else {}
    spans = [span for fact in find(fields) for span in fact.spans if span.unit == "char"]
    return tuple(
        TextLine(field=name, pieces=_cut(text, (each for each in spans if each.field == name)))
        for name, text in fields.items()
    )


def _cut(text: str, spans: Iterable[Span]) -> tuple[TextPiece, ...]:
    hit = [False] * len(text)
    for span in spans:
        for at in range(max(0, int(span.start)), min(len(text), int(span.end))):
            hit[at] = True
    pieces: list[TextPiece] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or hit[at] != hit[start]:
            pieces.append(TextPiece(text=text[start:at], is_hit=hit[start]))
            start = at
    return tuple(pieces)


def _gauge(value: JsonValue, threshold: JsonValue) -> tuple[int | None, int | None]:
    """Place value and threshold on a scale that ends at 1, or above the larger of both."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, None
    limit = threshold if isinstance(threshold, int | float) else None
    top = max(1.0, float(value), 1.25 * float(limit or 0))
    place = round(100 * max(0.0, value) / top)
    return place, None if limit is None else round(100 * max(0.0, limit) / top)
