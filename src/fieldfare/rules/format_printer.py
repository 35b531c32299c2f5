"""Writes statements of the language in one way: on one line if it fits, else one part a line.

A list or call with a comma behind its last part stays broken up; literals stay as they stand.
"""

import ast
from collections.abc import Mapping
from typing import Final

from fieldfare.rules.format_comments import Owned, is_printed, items_of, value_of
from fieldfare.rules.format_tokens import Parts

WIDTH: Final = 100
INDENT: Final = 4

_OR, _AND, _NOT, _COMPARE, _BITOR, _XOR, _BITAND, _SHIFT, _SUM, _TERM, _SIGN, _POWER, _ATOM = range(
    13
)
_BINARY: Final[Mapping[type[ast.operator], tuple[str, int]]] = {
    ast.BitOr: ("|", _BITOR),
    ast.BitXor: ("^", _XOR),
    ast.BitAnd: ("&", _BITAND),
    ast.LShift: ("<<", _SHIFT),
    ast.RShift: (">>", _SHIFT),
    ast.Add: ("+", _SUM),
    ast.Sub: ("-", _SUM),
    ast.Mult: ("*", _TERM),
    ast.Div: ("/", _TERM),
    ast.FloorDiv: ("//", _TERM),
    ast.Mod: ("%", _TERM),
    ast.MatMult: ("@", _TERM),
    ast.Pow: ("**", _POWER),
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_UNARY: Final[Mapping[type[ast.unaryop], tuple[str, int]]] = {
    ast.Not: ("not ", _NOT),  # its operand is asked for more: `not (a in b)` reads as it is meant
    ast.USub: ("-", _SIGN),
    ast.UAdd: ("+", _SIGN),
    ast.Invert: ("~", _SIGN),
}


class Printer:
    """Writes the statements of one file."""

    def __init__(self, parts: Parts, owned: Owned) -> None:
        self._parts = parts
        self._owned = owned
        self._open: dict[int, bool] = {}

    def statement(self, statement: ast.stmt) -> str:
        """Write a statement; one that is not of the language is copied."""
        value = value_of(statement)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) if value is not None:
                head = f"{name} = "
            case ast.AnnAssign(target=ast.Name(id=name)) if value is not None:
                head = f"{name}: {self._parts.source(statement.annotation)} = "
            case ast.Expr() if value is not None:
                head = ""
            case _:
                return self._parts.source(statement)
        used = len(head.rpartition("\n")[2])
        return f"{head}{self._write_enclosed(value, 0, used, 0)}"

    # -- on one line

    def flat(self, node: ast.AST) -> str:  # noqa: PLR0911 -- one case a node
        """Write a node on one line."""
        match node:
            case ast.Call():
                inside = ", ".join(self.flat(item) for item in items_of(node))
                return f"{self.flat(node.func)}({inside})"
            case ast.keyword():
                return f"{node.arg}={self.flat(node.value)}" if node.arg else self._copied(node)
            case ast.List():
                return f"[{', '.join(map(self.flat, node.elts))}]"
            case ast.BoolOp():
                word = f" {_word(node)} "
                return word.join(self._inner(value, _level(node) + 1) for value in node.values)
            case ast.Compare():
                text = self._inner(node.left, _COMPARE + 1)
                for op, right in zip(node.ops, node.comparators, strict=True):
                    text += f" {_COMPARISONS[type(op)]} {self._inner(right, _COMPARE + 1)}"
                return text
            case ast.BinOp():
                sign, level = _BINARY[type(node.op)]
                levels = (level + 1, _SIGN) if sign == "**" else (level, level + 1)
                left = self._inner(node.left, levels[0])
                return f"{left} {sign} {self._inner(node.right, levels[1])}"
            case ast.UnaryOp():
                sign, level = _UNARY[type(node.op)]
                return f"{sign}{self._inner(node.operand, _operand_level(level))}"
            case _:
                return self._copied(node)

    def _copied(self, node: ast.AST) -> str:
        pieces = self._parts.pieces(node) if _is_text(node) else []
        return " ".join(pieces) if pieces else self._parts.source(node)

    def _inner(self, node: ast.expr, least: int) -> str:
        text = self.flat(node)
        return f"({text})" if _needs_brackets(node, least) else text

    # -- broken up

    def _write(self, node: ast.AST, indent: int, used: int, tail: int) -> str:  # noqa: PLR0911 -- one case a node
        """Write a node whose first line has `used` columns before it and its last `tail` after.

        Where it is broken up, its parts stand one step further in than `indent`.
        """
        if not self._is_open(node):
            text = self.flat(node)
            if "\n" not in text and used + len(text) + tail <= WIDTH:
                return text
        match node:
            case ast.Call() if items_of(node):
                head = f"{self.flat(node.func)}("
                return self._bracketed(node, head, ")", indent)
            case ast.List(elts=[_, *_]):
                return self._bracketed(node, "[", "]", indent)
            case ast.BoolOp():
                return self._alternatives(node, indent)
            case ast.keyword(arg=str(name)):
                head = f"{name}="
                return head + self._write_enclosed(node.value, indent, used + len(head), tail)
            case ast.Compare():
                return self._comparison(node, indent, used, tail)
            case ast.UnaryOp():
                sign, level = _UNARY[type(node.op)]
                least = _operand_level(level)
                rest = self._part(node.operand, least, indent, used + len(sign), tail)
                return f"{sign}{rest}"
            case ast.BinOp():
                sign, level = _BINARY[type(node.op)]
                levels = (level + 1, _SIGN) if sign == "**" else (level, level + 1)
                left = self._part(node.left, levels[0], indent, used, len(sign) + 2)
                at = _last_width(left, used) + len(sign) + 2
                return f"{left} {sign} {self._part(node.right, levels[1], indent, at, tail)}"
            case _:
                return self.flat(node)

    def _write_enclosed(self, node: ast.expr, indent: int, used: int, tail: int) -> str:
        """Write a value; what can only be broken up within brackets gets some."""
        pieces = self._parts.pieces(node) if _is_text(node) else []
        flat = self.flat(node)
        fits = not self._is_open(node) and "\n" not in flat and used + len(flat) + tail <= WIDTH
        if not fits and (isinstance(node, ast.BoolOp) or len(pieces) > 1):
            inside = " " * (indent + INDENT)
            text = self._loose(node, indent + INDENT, pieces)
            return f"(\n{inside}{text}\n{' ' * indent})"
        # A comparison too long for its line is no shorter in brackets: names stay whole.
        return self._write(node, indent, used, tail)

    def _loose(self, node: ast.AST, indent: int, pieces: list[str]) -> str:
        """Write what stands within brackets already, parts below each other."""
        if len(pieces) > 1:
            return f"\n{' ' * indent}".join(pieces)
        if isinstance(node, ast.BoolOp):
            return self._alternatives(node, indent)
        return self._write(node, indent, indent, 0)

    def _bracketed(self, node: ast.AST, head: str, end: str, indent: int) -> str:
        inner = indent + INDENT
        pad = " " * inner
        lines = [head]
        for item in items_of(node):
            lines += [f"{pad}{text}" for text in self._owned.before.get(id(item), [])]
            written = self._item(item, inner)
            after = "  ".join(self._owned.after.get(id(item), []))
            lines.append(f"{pad}{written},{'  ' if after else ''}{after}")
        lines += [f"{pad}{text}" for text in self._owned.at_end.get(id(node), [])]
        return "\n".join([*lines, f"{' ' * indent}{end}"])

    def _item(self, item: ast.AST, indent: int) -> str:
        pieces = self._parts.pieces(item) if _is_text(item) else []
        flat = self.flat(item)
        if len(pieces) > 1 and ("\n" in flat or indent + len(flat) + 1 > WIDTH):
            pad = " " * (indent + INDENT)
            return f"(\n{pad}{self._loose(item, indent + INDENT, pieces)}\n{' ' * indent})"
        return self._write(item, indent, indent, 1)

    def _alternatives(self, node: ast.BoolOp, indent: int) -> str:
        """Write `a or b or c`, each on a line of its own."""
        pad, word = " " * indent, _word(node)
        lines: list[str] = []
        for at, value in enumerate(node.values):
            lead = f"{word} " if at else ""
            lines += [f"{pad}{text}" for text in self._owned.before.get(id(value), [])]
            written = self._part(value, _level(node) + 1, indent, indent + len(lead), 1)
            after = "  ".join(self._owned.after.get(id(value), []))
            lines.append(f"{pad}{lead}{written}{'  ' if after else ''}{after}")
        return "\n".join(lines).removeprefix(pad)

    def _comparison(self, node: ast.Compare, indent: int, used: int, tail: int) -> str:
        text = self._part(node.left, _COMPARE + 1, indent, used, 0)
        for op, right in zip(node.ops, node.comparators, strict=True):
            text += f" {_COMPARISONS[type(op)]} "
            text += self._part(right, _COMPARE + 1, indent, _last_width(text, used), tail)
        return text

    def _part(self, node: ast.expr, least: int, indent: int, used: int, tail: int) -> str:
        """Write an operand, within brackets where it binds more loosely than its place asks."""
        if not _needs_brackets(node, least):
            return self._write(node, indent, used, tail)
        flat = f"({self.flat(node)})"
        if not self._is_open(node) and "\n" not in flat and used + len(flat) + tail <= WIDTH:
            return flat
        inner = indent + INDENT
        return f"(\n{' ' * inner}{self._loose(node, inner, [])}\n{' ' * indent})"

    def _is_open(self, node: ast.AST) -> bool:
        """Tell whether a node must be broken up: comments within, or a comma at its end."""
        if id(node) not in self._open:
            items = items_of(node)
            is_open = id(node) in self._owned.at_end or any(map(self._owned.is_about, items))
            if items and isinstance(node, ast.Call | ast.List) and not is_open:
                last = self._parts.end(items[-1])
                is_open = any(last <= at < self._parts.end(node) for at in self._parts.commas)
            below = (c for c in ast.iter_child_nodes(node) if is_printed(c))
            self._open[id(node)] = is_open or any(list(map(self._is_open, below)))
        return self._open[id(node)]


def _word(node: ast.BoolOp) -> str:
    return "and" if isinstance(node.op, ast.And) else "or"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def _level(node: ast.AST) -> int:  # noqa: PLR0911 -- one case a node
    """Say how tightly an expression binds."""
    match node:
        case ast.BoolOp():
            return _AND if isinstance(node.op, ast.And) else _OR
        case ast.Compare():
            return _COMPARE
        case ast.BinOp():
            return _BINARY[type(node.op)][1]
        case ast.UnaryOp():
            return _UNARY[type(node.op)][1]
        case ast.Call() | ast.List() | ast.Name() | ast.Constant() | ast.JoinedStr():
            return _ATOM
        case ast.Attribute() | ast.Subscript() | ast.Dict() | ast.Set() | ast.Tuple():
            return _ATOM
        case _:
            return -1


def _needs_brackets(node: ast.expr, least: int) -> bool:
    """Tell whether an operand is put within brackets: where it must, and `and` within `or`."""
    if isinstance(node, ast.BoolOp):
        return True
    return _level(node) < least


def _operand_level(level: int) -> int:
    return _BITOR if level == _NOT else level


def _last_width(text: str, used: int) -> int:
    head, newline, last = text.rpartition("\n")
    return len(last) if newline else used + len(head) + len(last)
