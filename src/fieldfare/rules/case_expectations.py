"""What a rule test expects, and how what came differs from it, in words.

In: the `expect` of a case, and an Outcome. Out: one line a difference, none if all is as expected.
Each word has three forms: `fired` names what must be there, `not_fired` what must not, `fired_only`
all there may be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from fieldfare.kernel import BadInput, at_of, did_you_mean
from fieldfare.records import Restriction, ReviewRequest, Verdict
from fieldfare.rules.durations import duration_ms
from fieldfare.rules.outcomes import Outcome

Shown: TypeAlias = Mapping[str, object]
Form: TypeAlias = Literal["all", "none", "only"]
SUBJECTS: Final = ("fired", "effects", "errors", "labels", "declared")
WORDS: Final = tuple(
    word for subject in SUBJECTS for word in (subject, f"not_{subject}", f"{subject}_only")
)
REMOVED: Final = " removed"
"""After a label that was taken: `hasty removed on Account:ana`."""
_ON: Final = " on "
_EFFECT_WORDS: Final = (
    "kind", "policy", "on", "queue", "lane", "reason", "surfaces", "markets", "min_age", "for",
    "label", "feature", "features", "after_person", "up_to", "points", "item",
)  # fmt: skip
_UNSAID: Final = {"after_person": False}
"""What holds of an effect that does not say it."""
_NUMBERS: Final = {"lane", "min_age"}
_PARAMS: Final = {"label", "feature", "features", "up_to", "points", "item"}
"""Parameters of restrictions: they are texts, lists joined by commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One line of `expect`: about what, in which form, and the entries."""

    subject: str
    form: Form
    entries: tuple[Any, ...]

    @property
    def word(self) -> str:
        """Give the word it was written under: `not_fired`."""
        match self.form:
            case "all":
                return self.subject
            case "none":
                return f"not_{self.subject}"
            case "only":
                return f"{self.subject}_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Everything a case expects."""

    wishes: tuple[Wish, ...] = ()

    def about(self, subject: str) -> bool:
        """Tell whether it says anything about fired rules, effects or errors."""
        return any(wish.subject == subject for wish in self.wishes)


def read_expectations(written: Mapping[str, Any], where: str) -> Expectation:
    """Read `expect`. Raises BadInput for a word or an entry it does not know."""
    wishes = []
    for word, entries in written.items():
        if word not in WORDS:
            hint = did_you_mean(word, WORDS) or f"Known: {', '.join(WORDS)}."
            raise BadInput(f"{where}: {word!r} is nothing to expect", hint=hint)
        if not isinstance(entries, list):
            raise BadInput(f"{where}: `{word}` is no list", hint=f"Write `{word}: [...]`.")
        subject = word.removeprefix("not_").removesuffix("_only")
        form: Form = (
            "none" if word.startswith("not_") else "only" if word.endswith("_only") else "all"
        )
        read = {"effects": _effect, "labels": _label_change}.get(subject, _text)
        wishes.append(
            Wish(subject=subject, form=form, entries=tuple(read(e, where) for e in entries))
        )
    return Expectation(wishes=tuple(wishes))


def differences(expectation: Expectation, outcome: Outcome) -> Iterator[str]:
    """Say how an outcome differs; an error nobody expects is a difference too."""
    for wish in expectation.wishes:
        match wish.subject:
            case "fired":
                yield from _fired(wish, outcome.fired)
            case "errors":
                yield from _errors(wish, outcome.errors)
            case "labels":
                yield from _said(wish, shown_labels(outcome))
            case "declared":
                yield from _said(wish, outcome.declared)
            case _:
                yield from _effects(wish, shown_effects(outcome))
    if not expectation.about("errors"):
        for error in outcome.errors:
            yield f"errors: nothing was expected to throw; {error}"


def shown_effects(outcome: Outcome) -> tuple[Shown, ...]:
    """Write what an outcome asks for as a case names it: a restriction or a review each."""
    return tuple(
        shown
        for verdict in outcome.verdicts
        for shown in (
            *(_restriction(r, verdict) for r in verdict.restrictions),
            *(_review(r, verdict) for r in verdict.review),
        )
    )


def shown_labels(outcome: Outcome) -> tuple[str, ...]:
    """Write the changes of labels as a case names them: `hasty on Account:ana`."""
    return tuple(
        f"{change.label}{'' if change.status.is_added else REMOVED}{_ON}"
        f"{change.entity.type}:{change.entity.id}"
        for change in outcome.labels
        if not change.dropped
    )


def parted(change: str) -> tuple[tuple[str, str], ...]:
    """Give the ways to read a written change: a label, perhaps with REMOVED, and its entity.

    More than one where the id of an entity, or the name of a label, holds ` on ` itself.
    """
    words = change.split(_ON)
    ways = ((_ON.join(words[:at]), _ON.join(words[at:])) for at in range(1, len(words)))
    return tuple((label, entity) for label, entity in ways if label and _is_subject(entity))


def written(effect: Shown) -> str:
    """Write an effect for people: `limit IN.SPAM on comment:c1`."""
    main = f"{effect['kind']} {effect.get('policy', '')}".strip()
    rest = [f"{k}={v}" for k, v in effect.items() if k not in {"kind", "policy", "on"}]
    on = f" on {effect['on']}" if "on" in effect else ""
    return f"{main}{on} ({', '.join(rest)})" if rest else f"{main}{on}"


def _fired(wish: Wish, fired: Sequence[str]) -> Iterator[str]:
    came = ", ".join(fired) or "none"
    for rule in wish.entries:
        if wish.form == "none" and rule in fired:
            yield f"fired: {rule} fired and should not have"
        elif wish.form != "none" and rule not in fired:
            yield f"fired: {rule} did not fire; fired: {came}"
    if wish.form == "only":
        for rule in fired:
            if rule not in wish.entries:
                yield f"fired: {rule} fired, and only {_listed(wish.entries)} should have"


def _said(wish: Wish, said: Sequence[str]) -> Iterator[str]:
    came = ", ".join(said) or "none"
    for words in wish.entries:
        if (words in said) is (wish.form == "none"):
            verb = "was not expected" if wish.form == "none" else "is missing"
            yield f"{wish.subject}: {words} {verb}; came: {came}"
    if wish.form == "only":
        for words in said:
            if words not in wish.entries:
                yield f"{wish.subject}: {words} was not expected"


def _errors(wish: Wish, errors: Sequence[str]) -> Iterator[str]:
    for text in wish.entries:
        is_there = any(text in error for error in errors)
        if wish.form == "none" and is_there:
            yield f"errors: {text!r} was not expected; came: {'; '.join(errors)}"
        elif wish.form != "none" and not is_there:
            yield f"errors: expected {text!r}; came: {'; '.join(errors) or 'none'}"
    if wish.form == "only":
        for error in errors:
            if not any(text in error for text in wish.entries):
                yield f"errors: {error} was not expected"


def _effects(wish: Wish, effects: Sequence[Shown]) -> Iterator[str]:
    came = "; ".join(map(written, effects)) or "none"
    for wanted in wish.entries:
        is_there = any(_fits(wanted, effect) for effect in effects)
        if wish.form == "none" and is_there:
            yield f"effects: {written(wanted)} was not expected; came: {came}"
        elif wish.form != "none" and not is_there:
            yield f"effects: expected {written(wanted)}; came: {came}"
    if wish.form == "only":
        for effect in effects:
            if not any(_fits(wanted, effect) for wanted in wish.entries):
                yield f"effects: {written(effect)} was not expected"


def _fits(wanted: Shown, effect: Shown) -> bool:
    return all(effect.get(key, _UNSAID.get(key)) == value for key, value in wanted.items())


def _listed(entries: Sequence[object]) -> str:
    return ", ".join(map(str, entries)) or "none"


def _text(entry: object, where: str) -> str:
    if not isinstance(entry, str):
        raise BadInput(f"{where}: {entry!r} is no text", hint="Quote it.")
    return entry


def _label_change(entry: object, where: str) -> str:
    """Read `hasty on Account:ana` or `hasty removed on Account:ana`."""
    text = _text(entry, where)
    if not parted(text):
        hint = "Write `hasty on Account:ana` or `hasty removed on Account:ana`."
        raise BadInput(f"{where}: {text!r} is no change of a label", hint=hint)
    return text


def _is_subject(written: object) -> bool:
    kind, colon, its_id = str(written).partition(":")
    return bool(kind and colon and its_id)


def _effect(entry: object, where: str) -> Shown:
    """Read `limit IN.SPAM`, `limit IN.SPAM on account:u1` or a mapping of what is to be equal."""
    if isinstance(entry, str):
        words = entry.split()
        effect: dict[str, Any] = dict(zip(("kind", "policy"), words, strict=False))
        rest = words[2:]
        if words[1:2] == ["on"]:
            del effect["policy"]
            rest = words[1:]
        is_on = rest[:1] == ["on"] and len(rest) == len(("on", "subject"))
        if rest and not (is_on and _is_subject(rest[1])):
            hint = "Write `limit IN.SPAM`, `ban IN.SPAM on account:u1` or {kind: ..., ...}."
            raise BadInput(f"{where}: {entry!r} is no effect", hint=hint)
        return {**effect, "on": rest[1]} if rest else effect
    if not isinstance(entry, Mapping) or "kind" not in entry:
        hint = "Write `limit IN.SPAM` or {kind: review, queue: adult}."
        raise BadInput(f"{where}: {entry!r} is no effect", hint=hint)
    for word in entry:
        if word not in _EFFECT_WORDS:
            hint = did_you_mean(str(word), _EFFECT_WORDS) or f"Known: {', '.join(_EFFECT_WORDS)}."
            raise BadInput(f"{where}: {word!r} is nothing an effect has", hint=hint)
    return {key: _comparable(key, value, where) for key, value in entry.items()}


def _comparable(key: str, value: object, where: str) -> object:
    if key == "for":
        length = duration_ms(str(value))
        if length is None:
            raise BadInput(f"{where}: `for: {value}` is no duration", hint="Write 24h or 7d.")
        return f"{length} ms"
    if key == "on" and not _is_subject(value):
        raise BadInput(f"{where}: `on: {value}` is no subject", hint="Write `account:u1`.")
    if key in _NUMBERS and type(value) is not int:
        raise BadInput(f"{where}: `{key}: {value!r}` is no whole number", hint="Leave out quotes.")
    if key == "after_person" and not isinstance(value, bool):
        raise BadInput(f"{where}: `{key}: {value!r}` is neither true nor false", hint="Say which.")
    if key in {"surfaces", "markets"} and isinstance(value, list):
        return ", ".join(sorted(map(str, value)))
    if key in _PARAMS:
        return ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return value


def _restriction(restriction: Restriction, verdict: Verdict) -> Shown:
    shown: dict[str, object] = {
        "kind": restriction.kind,
        "policy": restriction.policy,
        "on": str(verdict.subject),
    }
    for name in ("surfaces", "markets"):
        if (names := getattr(restriction, name)) is not None:
            shown[name] = ", ".join(sorted(names))
    if restriction.min_age is not None:
        shown["min_age"] = restriction.min_age
    if restriction.until is not None:
        shown["for"] = f"{restriction.until - at_of(verdict.event_id)} ms"
    if verdict.after_person:
        shown["after_person"] = True
    return {**shown, **restriction.params}


def _review(request: ReviewRequest, verdict: Verdict) -> Shown:
    return {
        "kind": "review",
        "policy": request.policy,
        "on": str(verdict.subject),
        "queue": request.queue,
        "lane": request.lane,
        "reason": request.reason,
    }
