"""The semantics `osprey`: a value has failed, or it is there and may be None.

Whether None means failed is known beforehand: a node's guards hold exactly where it has not failed.
`==`, `!=` and the left of `in` take what failed as None, `and` and `or` as false; all else fails
with it, a rule with any of its conditions or with a name in its description. `<` with None is
False, `x / 0` is 0. What may throw stands in a variable of its own, so that it fails alone.
"""

from collections.abc import Sequence
from typing import Final

from fieldfare.rules.lowering import Lowering
from fieldfare.rules.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Compare,
    Const,
    Default,
    Field,
    Matches,
    Name,
    Node,
    Not,
    Present,
    RuleOf,
    Text,
)
from fieldfare.rules.operands import Operand, conjunction, guards_of
from fieldfare.rules.osprey_values import (
    FAILED,
    contains,
    divided,
    optional_reader,
    osprey_reader,
)
from fieldfare.rules.signatures import Param
from fieldfare.rules.sml_types import ANY, plain
from fieldfare.rules.values import python_type

_ALL: Final = "True"


class OspreyLowering(Lowering):
    """Writes expressions in which what failed is told from what is None."""

    # -- the three faces

    def true(self, node: Node) -> str:
        match node:
            case AllOf():
                return conjunction(tuple(self.true(part) for part in node.parts) or (_ALL,))
            case AnyOf():
                return f"({' or '.join(self.true(part) for part in node.parts)})"
            case _:
                operand = self.operand(node)
                if operand.guards == (f"{operand.code} is not None",):
                    return operand.code  # None is as false as False
                return operand.true()

    def false(self, node: Node) -> str:
        return self.operand(node).false()

    def value(self, node: Node) -> str:
        return self.operand(node).value()

    def fires(self, rule: RuleOf) -> str:
        conditions = [self.true(part) for part in rule.when.parts]
        return conjunction((*self._told(rule), *conditions) or (_ALL,))

    def needed(self, node: Node) -> Operand:
        operand = self.operand(node)
        if not self._is_optional(node):
            return operand
        return Operand((*operand.guards, f"{operand.code} is not None"), operand.code)

    # -- operands

    def _operand(self, node: Node) -> Operand:
        if isinstance(node, Field) and node.optional:
            variable = self._shared(node)
            return Operand((f"{variable} is not {self.writer.bind(FAILED)}",), variable)
        made = super()._operand(node)
        if not _may_throw(node):
            return made
        label = f"line {node.place.line} of {node.place.file}"
        return self._var(self.writer.emit(made.value(), label))

    def _logic(self, node: Node) -> Operand:  # noqa: PLR0911 -- one case a node
        match node:
            case Name():
                return self._named(node)
            case AllOf() | AnyOf():
                return Operand((), f"(True if {self.true(node)} else False)")
            case RuleOf():
                return self._var(self._shared(node))
            case Not():
                of = self.operand(node.of)
                return Operand(of.guards, f"(not {of.code})")
            case Present():
                return self._present(node)
            case Default():
                return self._default(node)
            case Compare():
                return self._compare(node)
            case _:
                raise TypeError(f"{type(node).__name__} is no condition")

    def _named(self, node: Name) -> Operand:
        meant = self.operand(self.folder.definition(node.key))
        if meant.code.isidentifier():
            return meant
        variable = self.variable(node.key)
        return Operand((f"{variable} is not None",) if meant.guards else (), variable)

    def variable(self, key: str) -> str:
        if key not in self._vars:
            meant = self.operand(self.folder.definition(key))
            label = self.folder.program.definitions[key].name
            is_one = meant.code.isidentifier()
            self._vars[key] = meant.code if is_one else self.writer.emit(meant.value(), label)
        return self._vars[key]

    def _value_of(self, node: Node) -> str:
        if not isinstance(node, RuleOf):
            return self.value(node)
        parts = [self.operand(part) for part in node.when.parts]
        guards = tuple(dict.fromkeys((*guards_of(parts), *self._told(node))))
        every = conjunction(tuple(part.code for part in parts) or (_ALL,))
        return Operand(guards, f"(True if {every} else False)").value()

    def _told(self, rule: RuleOf) -> tuple[str, ...]:
        """Give the guards of what a rule's description names."""
        description = self.folder.fold(rule.description)
        return (
            self.operand(description).guards
            if isinstance(description, Name)
            else (
                guards_of(
                    [self.operand(part) for part in description.parts if isinstance(part, Node)]
                )
                if isinstance(description, Text)
                else ()
            )
        )

    def _present(self, node: Present) -> Operand:
        of = self.operand(node.of)
        if not of.guards and not self._is_optional(node.of):
            return Operand((), "False" if node.negate else "True")
        return Operand((), f"({of.value()} is {'' if node.negate else 'not '}None)")

    def _default(self, node: Default) -> Operand:
        of, rest = self.operand(node.of), self.operand(node.otherwise)
        if not of.guards and not self._is_optional(node.of):
            return of
        value = of.value()
        if not value.isidentifier():
            value = self.writer.plain(value)
        is_never_none = not rest.guards and not self._may_be_none(node.otherwise)
        chosen = self.writer.plain(f"{value} if {value} is not None else {rest.value()}")
        return Operand((), chosen) if is_never_none else self._var(chosen)

    def _compare(self, node: Compare) -> Operand:
        if node.op in {"==", "!="}:
            return Operand((), self._equal(node))
        if node.op in {"in", "not in"}:
            return self._contained(node)
        left, right = self.operand(node.left), self.operand(node.right)
        there = tuple(
            f"{side.code} is not None"
            for side, of in ((left, node.left), (right, node.right))
            if self._is_optional(of)
        )
        code = f"({' and '.join((*there, f'{left.code} {node.op} {right.code}'))})"
        return Operand(guards_of([left, right]), code)

    def _equal(self, node: Compare) -> str:
        left, right = node.left.type, node.right.type
        values = self.value(node.left), self.value(node.right)
        if left.base == right.base == "entity" and left.entity != right.entity:
            both = f"({values[0]} is None and {values[1]} is None)"
            return both if node.op == "==" else f"(not {both})"
        return f"({values[0]} {node.op} {values[1]})"

    def _contained(self, node: Compare) -> Operand:
        left = self.value(node.left)
        if (found := self._constant_set(node.right)) and _is_hashable(node.left):
            return Operand((), f"({left} {node.op} {found})")
        right = self.operand(node.right)
        if node.right.type.base == "list" and not self._is_optional(node.right):
            return Operand(right.guards, f"({left} {node.op} {right.code})")
        code = f"{self.writer.bind(contains)}({left}, {right.code})"
        return Operand(right.guards, code if node.op == "in" else f"(not {code})")

    def _arguments(self, node: Call, params: Sequence[Param]) -> list[Operand]:
        """Give the arguments of a call; a parameter that may be None takes what failed as None."""
        may_be_none = [param.takes_none for param in params]
        return [
            Operand((), self.value(argument))
            if at < len(may_be_none) and may_be_none[at]
            else self.needed(argument)
            for at, argument in enumerate(node.args)
        ]

    def _quotient(self, guards: tuple[str, ...], op: str, pair: str) -> Operand:
        return self._maybe(guards, f"{self.writer.bind(divided)}({op!r}, {pair})")

    # -- what is there

    def _is_optional(self, node: Node) -> bool:
        """Tell whether a node may be None without having failed, narrowed or not."""
        if isinstance(node, Name):
            return self._is_optional(self.folder.definition(node.key))
        return isinstance(node, Field) and node.optional

    def _may_be_none(self, node: Node) -> bool:
        return self._is_optional(node) or (isinstance(node, Const) and node.value is None)

    def _read(self, node: Field, code: str) -> str:
        of = plain(node.type)
        found = self.writer.plain(code)
        read = osprey_reader(of, coerce=node.coerce)
        obvious = python_type(of)
        unread = [f"type({found}) is not {obvious}"] if obvious else []
        if node.optional:
            read = optional_reader(read)
            unread.append(f"{found} is not None")
        line = f"{found} = {self.writer.bind(read)}({found})"
        if not unread:
            self.writer.line(line)
            return found
        self.writer.line(f"if {' and '.join(unread)}:")
        self.writer.line(f"    {line}")
        if obvious == "float":
            failed = self.writer.bind(FAILED) if node.optional else "None"
            self.writer.line(f"elif {found} is not None and {found} - {found} != 0.0:")
            self.writer.line(f"    {found} = {failed}")
        return found


def _may_throw(node: Node) -> bool:
    """Tell whether a node can fail by itself, not only because a part of it has failed."""
    match node:
        case Call() | Text():
            return True
        case Arithmetic(op=op):
            return op not in {"+", "-"} or plain(node.type).base != "int"
        case Compare(op=op):
            return op not in {"==", "!="} and ANY in {plain(node.left.type), plain(node.right.type)}
        case Matches():
            return plain(node.target.type) == ANY
        case _:
            return False


def _is_hashable(node: Node) -> bool:
    return plain(node.type).base in {"str", "int", "float", "bool"}
