"""Functions in their column form: worked out for a batch of events before the rules run on it.

A replay knows many events at once. Where a function has a column form, what a batch will ask of it
is gathered first and answered by one call; the rules then find the answers. What was not foreseen,
or what the column form could not answer, is worked out as it is live, so the results are the same.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from fieldfare.rules.code_writer import CodeWriter
from fieldfare.rules.folding import Folder
from fieldfare.rules.guards import guarded, taken
from fieldfare.rules.nodes import (
    Call,
    CountOf,
    InNamedList,
    LabelOf,
    Name,
    Node,
    RuleOf,
    children,
)
from fieldfare.rules.operands import conjunction, guards_of
from fieldfare.rules.signatures import AnyFunction

if TYPE_CHECKING:
    from fieldfare.rules.lowering import Lowering

AHEAD_PARAMS: Final = "event_id, data, facts"
Key = tuple[object, ...]


class Ahead:
    """A function of the language that may have answers at hand. Called as the fence is."""

    def __init__(self, function: AnyFunction) -> None:
        self._function = function
        self._run = guarded(function)
        self.__name__ = self._run.__name__
        self._answers: Mapping[Key, object] = {}

    def __call__(self, errors: list[str], *args: object) -> object:
        answers = self._answers
        if answers:
            try:
                return answers[_key(args)]
            except (KeyError, TypeError):  # not foreseen, or a list among the arguments
                pass
        return self._run(errors, *args)

    def work(self, asked: list[tuple[object, ...]]) -> None:
        """Answer what a batch asks; forget the answers of the one before."""
        self._answers = {}
        columns, of = self._function.columns, self._function.returns
        distinct: dict[Key, tuple[object, ...]] = {}
        for args in asked:
            try:
                distinct[_key(args)] = args
            except TypeError:
                continue
        if not distinct or columns is None:
            return
        try:
            found = columns(*map(list, zip(*distinct.values(), strict=True)))
            answers = zip(distinct, found, strict=True)
            self._answers = {key: taken(value, of) for key, value in answers}
        except Exception:  # noqa: BLE001 -- the row form answers, and notes what it cannot
            self._answers = {}


def _key(args: tuple[object, ...]) -> Key:
    """Tell arguments apart that Python takes for equal: 1, 1.0 and True, 0.0 and -0.0."""
    key = (*args, *map(type, args), *(str(arg) for arg in args if type(arg) is float))
    hash(key)
    return key


class BatchAhead:
    """What an event kind can work out ahead: looks at events, then answers for all of them."""

    def __init__(self, asks: Callable[..., Any], aheads: tuple[Ahead, ...]) -> None:
        self._asks = asks
        self._aheads = aheads
        self._asked: list[list[tuple[object, ...]]] = [[] for _ in aheads]

    def look(self, event_id: int, data: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Gather what the rules will ask on an event."""
        for asked, args in zip(self._asked, self._asks(event_id, data, facts), strict=True):
            if args is not None:
                asked.append(args)

    def work(self) -> None:
        """Answer all that was gathered since the last time."""
        for ahead, asked in zip(self._aheads, self._asked, strict=True):
            ahead.work(asked)
        self._asked = [[] for _ in self._aheads]


def ahead_of(lowering: "Lowering", kind: str) -> BatchAhead | None:
    """Compile what gathers the arguments of the functions with a column form; None without any."""
    foreseen = {
        node: ahead
        for node, ahead in lowering.aheads.items()
        if all(_is_of_the_event(part, lowering.folder) for part in node.args)
    }
    if not foreseen:
        return None
    writer = CodeWriter()
    asking = type(lowering)(lowering.folder, writer)
    writer.line("errors = []")
    variables = [writer.emit(_arguments(node, asking), node.function) for node in foreseen]
    writer.line(f"return ({''.join(f'{variable}, ' for variable in variables)})")
    asks = writer.compiled(AHEAD_PARAMS, f"{kind} ahead")
    return BatchAhead(asks, tuple(foreseen.values()))


def _arguments(node: Call, asking: "Lowering") -> str:
    operands = [asking.needed(part) for part in node.args]
    guards = guards_of(operands)
    written = f"({''.join(f'{operand.code}, ' for operand in operands)})"
    return f"{written} if {conjunction(guards)} else None" if guards else written


def _is_of_the_event(node: Node, folder: Folder) -> bool:
    """Tell whether a value comes from the event and its facts alone."""
    waiting, seen = [node], set[str]()
    while waiting:
        here = waiting.pop()
        if isinstance(here, CountOf | LabelOf | InNamedList | RuleOf):
            return False
        if isinstance(here, Name) and here.key not in seen:
            seen.add(here.key)
            waiting.append(folder.definition(here.key))
        waiting += children(here)
    return True
