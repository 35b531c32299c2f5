"""The parts of the reference that come from the tables of the language itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fieldfare.rules.counter_calls import CALLS
from fieldfare.rules.effect_table import EFFECTS, EffectSpec
from fieldfare.rules.functions import FUNCTIONS, SYNTAX
from fieldfare.rules.signatures import AnyFunction, Param
from fieldfare.rules.words import WORDS


@dataclass(frozen=True, slots=True)
class Entry:
    """A function, a call of the syntax or an effect, as people read of it.

    signature: with types; call: without, as in a table. origin: the package, "" for our own.
    """

    name: str
    topic: str
    call: str
    signature: str
    returns: str
    about: str
    example: str
    origin: str = ""


def entries(functions: Mapping[str, AnyFunction] = FUNCTIONS) -> tuple[Entry, ...]:
    """List all that can be called in an expression: the syntax, then functions in their order."""
    return (
        *(_of_syntax(name, params) for name, params in SYNTAX.items() if name in WORDS),
        *(_of_syntax(name, call.params) for name, call in CALLS.items() if call.keyed_only),
        *sorted(map(_of_function, functions.values()), key=lambda entry: entry.origin),
    )


def effect_entries() -> tuple[Entry, ...]:
    """List the effects."""
    return tuple(
        Entry(
            name=spec.name,
            topic="effects",
            call=_call(spec.name, _own(spec)),
            signature=f"{spec.name}({', '.join(map(str, spec.params))})",
            returns="effect",
            about=f"{spec.about[:1].upper()}{spec.about[1:]}.",
            example="",
        )
        for spec in EFFECTS.values()
    )


def functions_table() -> str:
    """Write all that can be called as Markdown tables, one for each topic."""
    topics: dict[str, list[Entry]] = {}
    for entry in entries():
        topics.setdefault(entry.topic, []).append(entry)
    return "\n\n".join(_topic(topic, found) for topic, found in topics.items())


def _topic(topic: str, found: Sequence[Entry]) -> str:
    rows = [
        f"| `{_cell(e.call)}` | {_cell(e.returns)} | {_cell(e.about)} | `{_cell(e.example)}` |"
        for e in found
    ]
    head = ["| call | gives | meaning | example |", "|---|---|---|---|"]
    return "\n".join([f"### {topic[:1].upper()}{topic[1:]}", "", *head, *rows])


def effects_table() -> str:
    """Write the effects as a Markdown table, without the arguments all of them take."""
    rows = []
    for effect in EFFECTS.values():
        kind = f"`{effect.kind}`" if effect.kind else ""
        call = _call(effect.name, _own(effect))
        rows.append(f"| `{call}` | {effect.on} | {kind} | {effect.about} |")
    head = ["| effect | on | restriction | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _own(effect: EffectSpec) -> Iterator[Param]:
    """Give the arguments of an effect that not all of them take."""
    shared = {"surfaces", "after_person"}
    if effect.kind != "geo_block":
        shared.add("markets")
    return (param for param in effect.params if param.name not in shared)


def _of_syntax(name: str, params: tuple[Param, ...]) -> Entry:
    words = WORDS[name]
    return Entry(
        name=name,
        topic=words.topic,
        call=_call(name, params),
        signature=f"{name}({', '.join(map(str, params))}) -> {words.returns}",
        returns=words.returns,
        about=words.about,
        example=words.example,
    )


def _of_function(function: AnyFunction) -> Entry:
    return Entry(
        name=function.name,
        topic=function.topic,
        call=_call(function.name, function.params),
        signature=function.signature(),
        returns=str(function.returns),
        about=function.about,
        example=function.example,
        origin=function.origin,
    )


def _call(name: str, params: Iterable[Param]) -> str:
    written = [p.name if p.required else f"{p.name}={p.default!r}" for p in params]
    return f"{name}({', '.join(written)})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
