"""Which conditions several rules have in common: each is worth a variable of its own.

In flow the folded conditions of one event kind; out flow those that stand in it more than once and
cost nothing but a comparison, so that asking early can neither throw nor be slow.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from fieldfare.rules.nodes import (
    AllOf,
    AnyOf,
    Compare,
    Const,
    CountOf,
    EventNumber,
    FactOf,
    Field,
    ListOf,
    Name,
    Node,
    Not,
)
from fieldfare.rules.sml_types import plain

_SIMPLE: Final = frozenset({"int", "float", "str", "bool"})


def repeated(conditions: Iterable[Node]) -> frozenset[Node]:
    """Give the comparisons, and alternatives of comparisons, that occur more than once.

    The parts of one that was met before are not counted again: they are asked for through it.
    """
    met: Counter[Node] = Counter()
    waiting = list(conditions)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Compare | AnyOf) and _is_quick(node):
            met[node] += 1
            if met[node] > 1:
                continue
        if isinstance(node, AllOf | AnyOf):
            waiting += node.parts
        elif isinstance(node, Not):
            waiting.append(node.of)
    return frozenset(node for node, times in met.items() if times > 1)


def _is_quick(node: Node) -> bool:
    if isinstance(node, AnyOf):
        return all(map(_is_quick, node.parts))
    return isinstance(node, Compare) and _is_at_hand(node.left) and _is_at_hand(node.right)


def _is_at_hand(node: Node) -> bool:
    """Tell whether a value stands in a variable or in the code, and is a number or a text."""
    if isinstance(node, ListOf):
        return all(isinstance(item, Const) for item in node.items)
    is_there = isinstance(node, Const | Name | Field | FactOf | CountOf | EventNumber)
    return is_there and plain(node.type).base in _SIMPLE
