"""The semantics `safe`: three truth values; Unknown satisfies no condition.

A comparison, arithmetic, a call or `not` with an Unknown operand is Unknown; `and` is False if any
part is, `or` is True if any part is, else Unknown if any is. `X == None` is never Unknown.
"""

from fieldfare.rules.lowering import Lowering
from fieldfare.rules.nodes import AllOf, AnyOf, Compare, Default, Name, Node, Not, Present
from fieldfare.rules.operands import Operand, conjunction, guards_of
from fieldfare.rules.sml_types import BOOL, plain
from fieldfare.rules.strings import divided


class SafeLowering(Lowering):
    """Writes expressions in which None is Unknown."""

    def true(self, node: Node) -> str:
        if node in self.repeated:
            return self._once(node)
        return self._true(node)

    def _true(self, node: Node) -> str:
        match node:
            case AllOf():
                return conjunction(tuple(self.true(part) for part in node.parts))
            case AnyOf():
                return f"({' or '.join(self.true(part) for part in node.parts)})"
            case Not():
                return self.false(node.of)
            case Name() if plain(node.type) == BOOL:
                return self.variable(node.key)
            case _:
                return self.operand(node).true()

    def _once(self, node: Node) -> str:
        """Give the variable of a condition that several rules have in common."""
        if ("true", node) not in self._vars:
            self._vars["true", node] = self.writer.plain(self._true(node))
        return self._vars["true", node]

    def false(self, node: Node) -> str:
        match node:
            case AllOf():
                return f"({' or '.join(self.false(part) for part in node.parts)})"
            case AnyOf():
                return conjunction(tuple(self.false(part) for part in node.parts))
            case Not():
                return self.true(node.of)
            case Name() if plain(node.type) == BOOL:
                return f"{self.variable(node.key)} is False"
            case _:
                return self.operand(node).false()

    def value(self, node: Node) -> str:
        if isinstance(node, AllOf | AnyOf):
            return f"(False if {self.false(node)} else True if {self.true(node)} else None)"
        if isinstance(node, Not) and isinstance(node.of, AllOf | AnyOf):
            return f"(True if {self.false(node.of)} else False if {self.true(node.of)} else None)"
        if isinstance(node, Default):
            of = self.operand(node.of)
            rest = self.value(node.otherwise)
            return f"({of.code} if {conjunction(of.guards)} else {rest})" if of.guards else of.code
        return self.operand(node).value()

    def _logic(self, node: Node) -> Operand:
        match node:
            case Name():
                return self._var(self.variable(node.key))
            case Not():
                return self._not(node)
            case Present():
                return self._present(node)
            case Default():
                return self._default(node)
            case Compare():
                return self._compare(node)
            case _:
                return self._var(self._shared(node))

    def _not(self, node: Not) -> Operand:
        if isinstance(node.of, AllOf | AnyOf):
            return self._var(self._shared(node))
        of = self.operand(node.of)
        return Operand(of.guards, f"(not {of.code})")

    def _present(self, node: Present) -> Operand:
        guards = self.operand(node.of).guards
        there = conjunction(guards) if guards else "True"
        return Operand((), f"(not {there})" if node.negate else f"({there})")

    def _default(self, node: Default) -> Operand:
        of, otherwise = self.operand(node.of), self.operand(node.otherwise)
        if not of.guards:
            return of
        if not otherwise.guards:
            return Operand((), f"({of.code} if {conjunction(of.guards)} else {otherwise.code})")
        return self._var(self._shared(node))

    def _compare(self, node: Compare) -> Operand:
        left = self.operand(node.left)
        if node.op in {"in", "not in"} and (found := self._constant_set(node.right)):
            return Operand(left.guards, f"({left.code} {node.op} {found})")
        right = self.operand(node.right)
        return Operand(guards_of([left, right]), f"({left.code} {node.op} {right.code})")

    def _quotient(self, guards: tuple[str, ...], op: str, pair: str) -> Operand:
        return self._maybe(guards, f"{self.writer.bind(divided)}({op!r}, {pair})")
