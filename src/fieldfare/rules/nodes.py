"""The checked intermediate form: typed trees, the only thing code is generated from.

Equality ignores the place, so that the same expression written twice is computed once. Names are
resolved, arguments are in order, every literal is a plain Python value.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fieldfare.rules.counters import Counter
from fieldfare.rules.json_paths import Path
from fieldfare.rules.patterns import Pattern
from fieldfare.rules.problems import Place
from fieldfare.rules.sml_types import SmlType

Literal_: TypeAlias = str | int | float | bool | None
CompareOp: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]


@dataclass(frozen=True, slots=True)
class Node:
    """What all nodes have: a static type and a place (not part of equality)."""

    type: SmlType
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Const(Node):
    value: Literal_


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A definition of the rule set, by its key (locals carry their file)."""

    key: str


@dataclass(frozen=True, slots=True)
class EventKind(Node):
    """`GetActionName()`: folded to a constant for each event kind."""


@dataclass(frozen=True, slots=True)
class EventNumber(Node):
    """`GetActionId()`: the id of the event."""


@dataclass(frozen=True, slots=True)
class Field(Node):
    """`JsonData`, `EntityJson`: a path into the event, read as `type`.

    optional: null is a value, which only the semantics `osprey` tells from one that failed. every:
    all that a path with wildcards leads to, as a list; else the first.
    """

    path: Path
    coerce: bool
    optional: bool = False
    every: bool = False


@dataclass(frozen=True, slots=True)
class FactOf(Node):
    name: str


@dataclass(frozen=True, slots=True)
class CountOf(Node):
    """`Count`, `Sum`, ...: the figure of the counter for this key, as of this event.

    per_s: for `Rate`, the seconds a count is divided by; 0 gives the figure itself. written: the
    call, for people.
    """

    counter: Counter
    key: tuple[Node, ...]
    of: Node | None
    where: Node | None
    per_s: float = 0.0
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Text(Node):
    """An f-string: literal parts and nodes in turn."""

    parts: tuple["str | Node", ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    of: Node


@dataclass(frozen=True, slots=True)
class Negative(Node):
    of: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare(Node):
    op: CompareOp
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Present(Node):
    """`X != None` (or, when `negate`, `X == None` and `is_missing(X)`): never Unknown."""

    of: Node
    negate: bool


@dataclass(frozen=True, slots=True)
class AllOf(Node):
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Default(Node):
    """`default(x, v)`, `ResolveOptional`: `of`, or `otherwise` where it is Unknown."""

    of: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A standard function with its arguments in the order of its parameters."""

    function: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Matches(Node):
    """`RegexMatch`: the pattern is found in the target. `RegexMatchMap`: in any or all items."""

    target: Node
    pattern: Pattern
    mode: Literal["", "any", "all"] = ""


@dataclass(frozen=True, slots=True)
class CountMatches(Node):
    """`CountRegexMatches`: how many of the patterns are found in the target."""

    parts: tuple[Matches, ...]


@dataclass(frozen=True, slots=True)
class InNamedList(Node):
    """`InList`: the value is on the list. `TextMatch`: the text has an entry as words."""

    list: str
    value: Node
    words: bool = False


@dataclass(frozen=True, slots=True)
class LabelOf(Node):
    """`HasLabel`: the entity has the label (or, unless `added`, has it not) as of the event's id.

    manual: only what a person set (True) or a rule (False); min_age: ms, as a node.
    """

    entity: Node
    label: str
    added: bool = True
    manual: bool | None = None
    min_age: Node | None = None
    error_on_empty: bool = False


@dataclass(frozen=True, slots=True)
class ExperimentOf(Node):
    """`Experiment`: the bucket of an entity. sizes: places of each bucket, of 10,000."""

    entity: Node
    name: str
    buckets: tuple[str, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RuleOf(Node):
    """`Rule(...)`: true where all conditions are; the description is text with names."""

    when: AllOf
    description: Node


@dataclass(frozen=True, slots=True)
class EffectOf(Node):
    """A call of an effect: its name and the arguments that were given."""

    name: str
    args: tuple[tuple[str, Node], ...]


def children(node: Node) -> tuple[Node, ...]:  # noqa: C901, PLR0911, PLR0912 -- one case a node
    """Give the nodes right below a node."""
    match node:
        case ListOf(items=parts) | AllOf(parts=parts) | AnyOf(parts=parts) | Call(args=parts):
            return parts
        case CountMatches():
            return node.parts
        case Text():
            return tuple(part for part in node.parts if isinstance(part, Node))
        case Not(of=of) | Negative(of=of) | Present(of=of):
            return (of,)
        case Arithmetic() | Compare():
            return (node.left, node.right)
        case Default():
            return (node.of, node.otherwise)
        case Matches():
            return (node.target,)
        case InNamedList():
            return (node.value,)
        case ExperimentOf():
            return (node.entity,)
        case LabelOf():
            return (node.entity,) if node.min_age is None else (node.entity, node.min_age)
        case RuleOf():
            return (node.when, node.description)
        case EffectOf():
            return tuple(value for _, value in node.args)
        case CountOf():
            extra = (node.of, node.where)
            return (*node.key, *(part for part in extra if part is not None))
        case _:
            return ()
