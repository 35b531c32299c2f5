"""Investigating: which events of a time an expression selects, when, with which values, about what.

In flow an inquiry and the lake; out flow counts over time, the most frequent values beside their
share in the period before, and the newest events. An expression means here what it means in a rule.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fieldfare.engine.in_force import EVALUATED_KINDS, InForce, vocabulary
from fieldfare.engine.lake import Lake, LakeEvent
from fieldfare.kernel import BadInput, JsonValue, Org, at_of
from fieldfare.kernel.ids import id_before
from fieldfare.records import Subject
from fieldfare.rules.queries import Query, compile_query

MOST_BUCKETS: Final = 60
MOST_VALUES: Final = 100_000
"""Different values that are told apart; one that comes after them is counted nowhere."""
MOST_SUBJECTS: Final = 200_000
"""Different subjects that are told apart, some 50 MB of them; beyond it is "or more"."""
MOST_ROWS: Final = 200
TOP: Final = 20
WORDS: Final = frozenset({"data.item.caption", "data.item.text", "data.text"})
"""What is shown of an event, whatever is asked."""
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
_STEPS: Final = (
    MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS,
    30 * DAY_MS,
)  # fmt: skip
IsOver = Callable[[], bool]
"""Asked between batches: whether the one who asks has waited long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is asked. from_ms, to_ms: of the events' ids, half-open, in ms since 1970.

    text: a condition over the names of the rule set in force. kinds: none for those rules judge.
    shown: an expression whose most frequent values are wanted. rows: newest events to give.
    """

    text: str
    from_ms: int
    to_ms: int
    kinds: tuple[str, ...] = ()
    shown: str = ""
    rows: int = 50


@dataclass(frozen=True, slots=True)
class TopValue:
    """A value and how often it was; None where it was Unknown. Shares of all that were selected.

    before: its share in the period of equal length before; None if nothing was selected there.
    """

    value: str | None
    count: int
    share: float
    before: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found. scanned: events looked at; complete: all of them, else those up to `up_to`.

    starts, counts: the columns of a chart, `step_ms` apart. subjects: the different ones, of which
    there are more if `items_cut`; values: different known values of what is shown; before: events
    selected in the period before, None if nobody asked for it or time was up.
    """

    scanned: int
    count: int
    subjects: tuple[Subject, ...]
    items_cut: bool
    values: int
    complete: bool
    up_to_ms: int
    step_ms: int
    starts: tuple[int, ...]
    counts: tuple[int, ...]
    before: int | None
    top: tuple[TopValue, ...]
    rows: tuple[LakeEvent, ...]

    @property
    def items(self) -> int:
        """How many different subjects were selected."""
        return len(self.subjects)


@dataclass(slots=True)
class _Tally:
    """What one pass over the events adds up."""

    step_ms: int
    rows: deque[LakeEvent]
    scanned: int = 0
    count: int = 0
    complete: bool = True
    up_to: int = 0
    columns: Counter[int] = field(default_factory=Counter)
    values: Counter[str | None] = field(default_factory=Counter)
    subjects: dict[Subject, None] = field(default_factory=dict)
    cut: bool = False

    def add(self, event: LakeEvent, shown: str | None) -> None:
        self.count += 1
        self.columns[at_of(event.id) // self.step_ms] += 1
        if shown in self.values or len(self.values) < MOST_VALUES:
            self.values[shown] += 1
        if event.subject not in self.subjects:
            if len(self.subjects) < MOST_SUBJECTS:
                self.subjects[event.subject] = None
            else:
                self.cut = True
        self.rows.append(event)


class Investigation:
    """Answers inquiries about one organisation's events by the rule set in force.

    is_over: asked between batches; what was found by then is given, and said to be incomplete.
    """

    def __init__(self, lake: Lake, in_force: InForce, org: Org, *, is_over: IsOver) -> None:
        self._lake = lake
        self._in_force = in_force
        self._org = org
        self._is_over = is_over

    def findings(self, inquiry: Inquiry) -> Findings:
        """Answer an inquiry. Raises BadInput, and RuleSetDoesNotCompile pointing into its texts."""
        query = self._compiled(inquiry)
        step_ms = _step(inquiry)
        tally = self._pass(inquiry, query)
        before = self._before(inquiry, query) if inquiry.shown.strip() else None
        first, last = inquiry.from_ms // step_ms, (inquiry.to_ms - 1) // step_ms
        return Findings(
            scanned=tally.scanned,
            count=tally.count,
            subjects=tuple(tally.subjects),
            items_cut=tally.cut,
            values=len(tally.values.keys() - {None}),
            complete=tally.complete,
            up_to_ms=inquiry.to_ms if tally.complete else at_of(tally.up_to),
            step_ms=step_ms,
            starts=tuple(at * step_ms for at in range(first, last + 1)),
            counts=tuple(tally.columns[at] for at in range(first, last + 1)),
            before=before.count if before is not None else None,
            top=_top(tally, before) if inquiry.shown.strip() else (),
            rows=tuple(reversed(tally.rows)),
        )

    def subjects(self, inquiry: Inquiry) -> tuple[Sequence[Subject], bool]:
        """Name what an inquiry selects, each subject once, and whether that is all of it."""
        tally = self._pass(inquiry, self._compiled(inquiry))
        return tuple(tally.subjects), tally.complete and not tally.cut

    def values(self, inquiry: Inquiry) -> tuple[Sequence[str], bool]:
        """Name the different known values an inquiry shows, and whether those are all of them."""
        tally = self._pass(inquiry, self._compiled(inquiry))
        known = tuple(value for value in tally.values if value is not None)
        return known, tally.complete and len(tally.values) < MOST_VALUES

    def _compiled(self, inquiry: Inquiry) -> Query:
        if inquiry.from_ms >= inquiry.to_ms:
            hint = "Give a moment to begin that is before the end."
            raise BadInput("the time asked for is empty", hint=hint, pointer="/from")
        in_force = self._in_force
        return compile_query(
            inquiry.text,
            sources=in_force.rules.sources,
            vocabulary=vocabulary(in_force.pack, frozenset(in_force.lists)),
            kinds=inquiry.kinds or EVALUATED_KINDS,
            shown=inquiry.shown,
        )

    def _pass(self, inquiry: Inquiry, query: Query) -> _Tally:
        tally = _Tally(step_ms=_step(inquiry), rows=deque(maxlen=min(inquiry.rows, MOST_ROWS)))
        lists = self._in_force.lists
        after, up_to = id_before(inquiry.from_ms), id_before(inquiry.to_ms)
        batches = self._lake.events(
            self._org,
            after=after,
            up_to=up_to,
            kinds=query.kinds,
            fields=query.reads | WORDS,
        )
        for batch in batches:
            if self._is_over():
                tally.complete = False
                break
            for event in batch:
                kind = event.kind
                if not event.judged and kind in EVALUATED_KINDS:
                    continue  # its rules run later, on its scan
                found = query(kind, event.id, event.data, event.facts, lists)
                if found is not None:
                    tally.add(event, found.shown)
            tally.scanned += len(batch)
            tally.up_to = batch[-1].id
        return tally

    def _before(self, inquiry: Inquiry, query: Query) -> _Tally | None:
        """Look at the period of equal length before; None if there is no time for that."""
        length = inquiry.to_ms - inquiry.from_ms
        earlier = replace(inquiry, from_ms=inquiry.from_ms - length, to_ms=inquiry.from_ms, rows=0)
        tally = self._pass(earlier, query)
        return tally if tally.complete else None


def _top(tally: _Tally, before: _Tally | None) -> tuple[TopValue, ...]:
    earlier = before.count if before is not None else 0
    return tuple(
        TopValue(
            value,
            count,
            count / tally.count,
            before.values[value] / earlier if before is not None and earlier else None,
        )
        for value, count in tally.values.most_common(TOP)
    )


def _step(inquiry: Inquiry) -> int:
    length = inquiry.to_ms - inquiry.from_ms
    return next((step for step in _STEPS if length / step <= MOST_BUCKETS), length)


def row_json(event: LakeEvent) -> dict[str, JsonValue]:
    """Show an event for people: what it is about, whose it is, and the words in it."""
    item = event.data.get("item")
    words = item if isinstance(item, dict) else {}
    text = words.get("caption") or words.get("text") or event.data.get("text") or ""
    return {
        "id": str(event.id),
        "kind": event.kind,
        "subject": {"kind": event.subject.kind, "host_id": event.subject.host_id},
        "person": event.person.host_id if event.person else None,
        "text": str(text)[:200],
    }
