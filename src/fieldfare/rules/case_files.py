"""Rule tests as people write them: YAML files under `tests/` of a rule set, read into cases.

In: texts by name. Out: Cases, or BadInput naming file, line and case. The same shape of an event
serves `rules explain`. Reading is strict, because a misspelt word would test nothing.
"""

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from fieldfare.kernel import BadInput, EventId, Unknown, did_you_mean, make_id
from fieldfare.kernel.yaml_trouble import yaml_trouble
from fieldfare.matching.normalise import fold
from fieldfare.records import FactValue, Subject
from fieldfare.rules.case_expectations import Expectation, read_expectations
from fieldfare.rules.durations import duration_ms
from fieldfare.rules.labels import Entity, LabelChange, LabelStatus
from fieldfare.rules.vocabulary import Vocabulary

DEFAULT_MS: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z: when the event of a case happens unless it says `at`."""
MAX_EVENTS: Final = 20_000
MAX_ALL_EVENTS: Final = 100_000
"""Earlier events of all cases of a folder: what is tested while somebody waits."""
_SPACING_MS: Final = 1_000
_STEP_WORDS: Final = ("event", "facts", "at", "subject")
_BEFORE_WORDS: Final = (*_STEP_WORDS, "times", "every", "ago")
_CASE_WORDS: Final = ("name", *_STEP_WORDS, "lists", "labels", "before", "expect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of a case, ready for the rules."""

    kind: str
    event_id: EventId
    subject: Subject
    version: str
    data: Mapping[str, Any]
    facts: Mapping[str, FactValue | Unknown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One rule test. before: events that happened earlier, in the order of their ids.

    labels: what entities have before any of them.
    """

    name: str
    file: str
    line: int
    step: Step
    before: tuple[Step, ...] = ()
    lists: Mapping[str, frozenset[str]]
    labels: tuple[LabelChange, ...] = ()
    expect: Expectation


class _Loader(yaml.SafeLoader):
    """YAML as JSON has it: what looks like a date is text, and so are `on`, `no` and `yes`.

    An alias is refused where it stands, so that nothing grows as it is read.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise ValueError("aliases are not read here")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


_OURS: Final = frozenset({"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"})
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag not in _OURS]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|false|False)$"), list("tTfF")
)


def is_case_file(name: str) -> bool:
    """Tell whether a file of a rule set's folder holds rule tests."""
    return name.startswith("tests/") and name.endswith(".yaml")


def read_cases(sources: Mapping[str, str], vocabulary: Vocabulary) -> tuple[Case, ...]:
    """Read every case of a rule set's folder, in the order of files and lines.

    Raises BadInput for what is no list of cases, for a word it does not know and for two cases of
    one name in a file, and where there are more events than MAX_ALL_EVENTS.
    """
    cases: list[Case] = []
    events = 0
    for file in sorted(filter(is_case_file, sources)):
        names: set[str] = set()
        for line, written in case_entries(file, sources[file]):
            reader = _Reader(f"{file}:{line}", vocabulary)
            case = reader.case(written, file, line)
            if case.name in names:
                raise BadInput(f"{file}:{line}: a second case is called {case.name!r}")
            names.add(case.name)
            cases.append(case)
            events += len(case.before)
            if events > MAX_ALL_EVENTS:
                hint = "Use fewer `times`, or put the load into a backtest."
                raise BadInput(
                    f"{file}:{line}: all cases have more than {MAX_ALL_EVENTS:,} events before",
                    hint=hint,
                )
    return tuple(cases)


def read_event(written: Mapping[str, Any], vocabulary: Vocabulary, *, where: str) -> Case:
    """Read an event for `explain`: like a case without name and expectations, or a bare event."""
    if "event" not in written:
        written = {"event": written}
    reader = _Reader(where, vocabulary)
    reader.refuse_unknown(written, _CASE_WORDS)
    return reader.case({"name": where, "expect": {}, **written}, where, 1)


def case_entries(file: str, text: str) -> Iterator[tuple[int, object]]:
    """Give each case of a file as it is written, and its line. Raises BadInput for no YAML."""
    try:
        root = yaml.compose(text, _Loader)
        values = yaml.load(text, _Loader)  # noqa: S506 -- a SafeLoader without dates
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        hint = "A file of rule tests is a YAML list of cases."
        found = yaml_trouble(e, text)
        place = f"{file}:{found.line}:{found.column}"
        raise BadInput(f"{place}: this is no YAML: {found.why}", hint=hint) from e
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise BadInput(f"{file} is no list of cases", hint="Start each with `- name: ...`.")
    for node, value in zip(root.value, values, strict=True):
        yield node.start_mark.line + 1, value


class _Reader:
    """Reads one case; `where` leads every complaint."""

    def __init__(self, where: str, vocabulary: Vocabulary) -> None:
        self._where = where
        self._vocabulary = vocabulary

    def case(self, written: object, file: str, line: int) -> Case:
        case = self._mapping(written, "a case")
        name = case.get("name")
        if not isinstance(name, str) or not name:
            raise self._bad("the case has no name", "Say in `name:` what it shows.")
        self._where = f"{self._where} ({name})"
        self.refuse_unknown(case, _CASE_WORDS)
        if "expect" not in case:
            raise self._bad("the case expects nothing", "Add `expect: {fired: [...]}`.")
        now = self._moment(case["at"]) if "at" in case else DEFAULT_MS
        before = self._before(case.get("before") or [], now)
        return Case(
            name=name,
            file=file,
            line=line,
            step=self._step(case, now, sequence=len(before) + 1),
            before=before,
            lists=self._lists(self._mapping(case.get("lists") or {}, "lists")),
            labels=tuple(self._labels(self._mapping(case.get("labels") or {}, "labels"))),
            expect=read_expectations(self._mapping(case["expect"], "expect"), self._where),
        )

    def refuse_unknown(self, written: Mapping[str, object], words: Sequence[str]) -> None:
        for word in written:
            if word not in words:
                hint = did_you_mean(str(word), words) or f"Known: {', '.join(words)}."
                raise self._bad(f"{word!r} is no word of a case", hint)

    def _before(self, written: object, now: int) -> tuple[Step, ...]:
        if not isinstance(written, list):
            raise self._bad("`before` is no list", "Each entry is {event: ..., ago: ..., ...}.")
        planned: list[tuple[int, int, Mapping[str, Any]]] = []
        for place, entry in enumerate(written):
            step = self._mapping(entry, "an entry of `before`")
            self.refuse_unknown(step, _BEFORE_WORDS)
            rest = (len(written) - place) * _SPACING_MS
            last = self._moment(step["at"]) if "at" in step else now - self._ms(step, "ago", rest)
            times, every = step.get("times", 1), self._ms(step, "every", _SPACING_MS)
            if type(times) is not int or not 1 <= times <= MAX_EVENTS - len(planned):
                raise self._bad(f"`times` is no number from 1 to {MAX_EVENTS:,}", "")
            for n in range(times):
                at = last - (times - 1 - n) * every
                if at > now:
                    raise self._bad("an event before comes after the case's own", "Mend `at`.")
                planned.append((at, len(planned), _numbered(step, n + 1) if times > 1 else step))
        planned.sort(key=lambda one: one[:2])
        return tuple(
            self._step(step, at, sequence=place) for place, (at, _, step) in enumerate(planned, 1)
        )

    def _step(self, written: Mapping[str, Any], at_ms: int, *, sequence: int) -> Step:
        event = self._mapping(written.get("event"), "event")
        _check_json(event, self._where)
        kind = event.get("kind")
        if kind not in self._vocabulary.event_kinds:
            known = self._vocabulary.event_kinds
            hint = did_you_mean(str(kind), known) or f"Known: {', '.join(sorted(known))}."
            raise self._bad(f"no rule runs on an event of kind {kind!r}", hint)
        return Step(
            kind=str(kind),
            event_id=make_id(at_ms, sequence=sequence),
            subject=self._subject(written, event),
            version=str(event.get("version", "v1")),
            data=event,
            facts=self._facts(self._mapping(written.get("facts") or {}, "facts")),
        )

    def _subject(self, written: Mapping[str, Any], event: Mapping[str, Any]) -> Subject:
        if "subject" in written:
            kind, colon, host_id = str(written["subject"]).partition(":")
            if not (kind and colon and host_id):
                raise self._bad("`subject` is no subject", "Write it as `video:v1`.")
            return Subject(kind, host_id)
        item = event.get("item")
        item = item if isinstance(item, dict) else {}
        return Subject(str(item.get("kind", "item")), str(item.get("host_id", "1")))

    def _facts(self, written: Mapping[str, Any]) -> dict[str, FactValue | Unknown]:
        facts: dict[str, FactValue | Unknown] = {}
        for name, value in written.items():
            if name not in self._vocabulary.facts:
                hint = did_you_mean(name, self._vocabulary.facts)
                raise self._bad(f"there is no fact {name!r}", hint or "See the rules' reference.")
            _check_json(value, self._where)
            if isinstance(value, dict) and set(value) == {"unknown"}:
                facts[name] = Unknown(str(value["unknown"]))
            else:
                facts[name] = value
        return facts

    def _lists(self, written: Mapping[str, Any]) -> dict[str, frozenset[str]]:
        for name, entries in written.items():
            if name not in self._vocabulary.lists:
                hint = did_you_mean(name, self._vocabulary.lists)
                raise self._bad(f"no rule reads a list {name!r}", hint)
            if not isinstance(entries, list | frozenset):
                raise self._bad(f"the list {name!r} is no list of entries", "")
        return {name: _folded(entries) for name, entries in written.items()}

    def _labels(self, written: Mapping[str, Any]) -> Iterator[LabelChange]:
        for entity, names in written.items():
            of, colon, entity_id = entity.partition(":")
            if not (of and colon and entity_id and isinstance(names, list)):
                raise self._bad(f"{entity!r} has no labels", "Write `Account:ana: [hasty]`.")
            for name in names:
                yield LabelChange(
                    entity=Entity(of, entity_id),
                    label=str(name),
                    status=LabelStatus.ADDED,
                    reason="given",
                )

    def _ms(self, step: Mapping[str, Any], word: str, otherwise: int) -> int:
        if word not in step:
            return otherwise
        found = 0 if step[word] == 0 else duration_ms(str(step[word]))
        if found is None:
            raise self._bad(f"`{word}: {step[word]}` is no duration", "Write 30s, 5m, 24h or 7d.")
        return found

    def _moment(self, written: object) -> int:
        try:
            moment = dt.datetime.fromisoformat(str(written))
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=dt.UTC)
            at_ms = round(moment.timestamp() * 1000)
            make_id(at_ms)
        except ValueError:
            hint = "Write a moment from 2024 on, such as 2026-01-01T12:00:00Z."
            raise self._bad(f"`at: {written}` is no moment", hint) from None
        return at_ms

    def _mapping(self, written: object, what: str) -> Mapping[str, Any]:
        if not isinstance(written, Mapping) or not all(isinstance(key, str) for key in written):
            raise self._bad(f"{what} is no mapping of names to values", "")
        return written

    def _bad(self, message: str, hint: str) -> BadInput:
        return BadInput(f"{self._where}: {message}", hint=hint)


def _folded(entries: list[object] | frozenset[str]) -> frozenset[str]:
    """Fold entries as an import writes them: one in capitals would meet nothing here, much there.

    A frozenset is a list in force, whose entries were folded as they came in: it may be long.
    """
    if isinstance(entries, frozenset):
        return entries
    return frozenset(fold(str(entry)).strip() for entry in entries)


def _numbered(value: Any, n: int) -> Any:  # noqa: ANN401 -- YAML
    """Write the number of a repeated event where its texts say `{n}`."""
    if isinstance(value, str):
        return value.replace("{n}", str(n))
    if isinstance(value, Mapping):
        return {key: _numbered(each, n) for key, each in value.items()}
    return [_numbered(each, n) for each in value] if isinstance(value, list) else value


def _check_json(value: object, where: str) -> None:
    """Raise BadInput for what an event could not carry as JSON."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Mapping):
            if not all(isinstance(key, str) for key in here):
                raise BadInput(f"{where}: names in an event are texts", hint="Quote them.")
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here
        elif isinstance(here, float) and not math.isfinite(here):
            raise BadInput(f"{where}: {here} is no number of JSON", hint="Leave it out.")
        elif here is not None and not isinstance(here, str | int | float):
            raise BadInput(f"{where}: {here!r} is no value of JSON", hint="Quote it.")
