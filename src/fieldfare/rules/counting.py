"""Counters in expressions: what `Count`, `CountDistinct`, `Sum`, `Rate` and `TimeSince` ask for.

In: a checked call. Out: a node that names its counter, or None after noting a problem. A counter
is named by what it counts, written out: the same definition in the next version of a rule set goes
on counting, a changed one is another counter.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from fieldfare.kernel import digest
from fieldfare.rules.checking import Scope
from fieldfare.rules.counter_calls import CALLS, LOOKS_BACK, Call
from fieldfare.rules.counter_names import TOO_LONG, TOO_LONG_HINT, SpelledTooLong, spelled_out
from fieldfare.rules.counters import Counter, Kind
from fieldfare.rules.durations import duration_ms
from fieldfare.rules.nodes import Const, CountOf, ListOf, Node
from fieldfare.rules.sml_types import INT, LIST, plain
from fieldfare.rules.tallies import DAY_MS

Args: TypeAlias = Mapping[str, Node]

LONGEST_EXACT_MS: Final = 7 * DAY_MS
"""Up to here a window is exact to the millisecond; longer ones are whole UTC days."""
_KEYED: Final = {"str", "int", "float", "bool"}
_NUMBERS: Final = {"int", "float", "any"}
_OUTSIDE: Final = {
    "CountOf": ("a counter cannot depend on a counter", ""),
    "LabelOf": (
        "a counter cannot depend on a label",
        "Count what leads to the label, or ask for the label beside the count.",
    ),
    "InNamedList": (
        "a counter cannot depend on a named list",
        "Lists change while a counter counts: ask the list in the rule.",
    ),
}
"""What a counter may not rest on: it must be what its events say, whenever it is counted."""


def read_key(
    written: ast.expr, scope: Scope, read: Callable[[ast.expr, Scope], Node | None]
) -> Node | None:
    """Read a key: one feature, or a list whose parts may be of different types."""
    if not isinstance(written, ast.List):
        node = read(written, scope)
        return node and ListOf(LIST, scope.place(written), (node,))
    items = [read(item, scope) for item in written.elts]
    found = tuple(item for item in items if item is not None)
    return ListOf(LIST, scope.place(written), found) if len(found) == len(items) else None


def read_count(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    """Check a call that counts."""
    name = written.func.id if isinstance(written.func, ast.Name) else ""
    call = CALLS[name]
    window = _window(call, args, written, scope)
    parts = _parts(call, args, written, scope)
    if window is None or parts is None:
        return None
    of, returns, kind = args.get("of"), call.returns, call.kind
    if kind == "sum" and of is not None and plain(of.type).base == "int":
        kind, returns = "sum_int", INT
    definition = _Definition(kind, *window, parts, of, args.get("where"))
    counter = definition.counter(written, scope)
    if counter is None:
        return None
    return CountOf(
        type=returns,
        place=scope.place(written),
        counter=counter,
        key=parts,
        of=of,
        where=definition.where,
        per_s=counter.window_ms / 1000 if name == "Rate" else 0.0,
        written=ast.unparse(written),
    )


@dataclass(frozen=True, slots=True)
class _Definition:
    """All that makes a counter the one it is."""

    kind: Kind
    window_ms: int
    days: int
    key: tuple[Node, ...]
    of: Node | None
    where: Node | None

    def counter(self, written: ast.Call, scope: Scope) -> Counter | None:
        inside = [*self.key, *(part for part in (self.of, self.where) if part is not None)]
        try:
            spelled = [spelled_out(part, scope.resolved) for part in inside]
        except SpelledTooLong:
            scope.problem(written, TOO_LONG, TOO_LONG_HINT)
            return None
        for node, (why, hint) in _OUTSIDE.items():
            if any(_holds(part, node) for part in spelled):
                scope.problem(written, why, hint)
                return None
        shape = [len(self.key), self.of is not None, self.where is not None]
        what = [scope.file.name, self.kind, self.window_ms, *shape]
        return Counter(
            name=digest([*what, *map(repr, spelled)])[:32],
            kind=self.kind,
            window_ms=self.window_ms,
            days=self.days,
            written=ast.unparse(written),
        )


def _window(call: Call, args: Args, written: ast.Call, scope: Scope) -> tuple[int, int] | None:
    """Read a window: its length in ms, and in UTC days if it is counted in those, else 0."""
    node = args.get("window")
    text = str(node.value if isinstance(node, Const) else LOOKS_BACK)
    window_ms = duration_ms(text)
    if window_ms is None:
        hint = "Write it like 30s, 5m, 24h or 7d; at most 400 days."
        scope.problem(written, f"{text!r} is not a window", hint)
        return None
    if window_ms <= LONGEST_EXACT_MS or call.kind == "since":
        return window_ms, 0
    if window_ms % DAY_MS:
        hint = "Beyond 7d a window is whole UTC days: write it like 8d or 2w."
        scope.problem(written, f"{text!r} is not a number of days", hint)
        return None
    return window_ms, window_ms // DAY_MS


def _parts(call: Call, args: Args, written: ast.Call, scope: Scope) -> tuple[Node, ...] | None:
    """Check key and `of`; give the parts of the key."""
    keys = args["key"]
    if not isinstance(keys, ListOf) or not keys.items:
        scope.problem(written, "key is a feature or a list of features", "Write key=[Author].")
        return None
    for part in keys.items:
        if plain(part.type).base not in _KEYED:
            scope.problems.add(part.place, f"{part.type} cannot be a key of a counter")
            return None
    of = args.get("of")
    if of is None:
        return keys.items
    base = plain(of.type).base
    if call.kind == "sum" and base not in _NUMBERS:
        scope.problems.add(of.place, f"{of.type} cannot be summed", "Sum takes numbers.")
        return None
    if call.kind == "distinct" and base not in _KEYED:
        scope.problems.add(of.place, f"{of.type} cannot be a key of a counter")
        return None
    return keys.items


def _holds(spelled: object, node: str) -> bool:
    if isinstance(spelled, tuple):
        return node in spelled[:1] or any(_holds(part, node) for part in spelled)
    return False
