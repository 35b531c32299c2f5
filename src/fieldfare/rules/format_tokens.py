"""A file of rules taken apart for the formatter: its statements, string pieces, commas, comments.

Places are pairs of a line, from 1, and a column in characters, from 0.
"""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Spot: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment. alone: nothing but white space stands before it on its line."""

    at: Spot
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """What a text consists of. strings, commas: in order of place."""

    lines: tuple[str, ...]
    body: tuple[ast.stmt, ...]
    strings: tuple[tuple[Spot, Spot], ...]
    commas: tuple[Spot, ...]
    comments: tuple[Comment, ...]
    _encoded: dict[int, bytes] = field(default_factory=dict, compare=False)

    def start(self, node: ast.AST) -> Spot:
        """Where a node begins."""
        return self._spot(node.lineno, node.col_offset)  # type: ignore[attr-defined]  # the nodes here have places

    def end(self, node: ast.AST) -> Spot:
        """Where a node ends."""
        return self._spot(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]  # likewise

    def source(self, node: ast.AST) -> str:
        """Give the text of a node as written."""
        return self.between(self.start(node), self.end(node))

    def between(self, start: Spot, end: Spot) -> str:
        """Give the text between two places."""
        (first, left), (last, right) = start, end
        if first == last:
            return self.lines[first - 1][left:right]
        middle = self.lines[first : last - 1]
        return "\n".join([self.lines[first - 1][left:], *middle, self.lines[last - 1][:right]])

    def pieces(self, node: ast.AST) -> list[str]:
        """Give the string literals a string is made of, as written."""
        start, end = self.start(node), self.end(node)
        return [self.between(a, b) for a, b in self.strings if start <= a and b <= end]

    def _spot(self, line: int, byte: int) -> Spot:
        text = self.lines[line - 1]
        if text.isascii():
            return line, byte
        encoded = self._encoded.setdefault(line, text.encode("utf-8", "surrogatepass"))
        return line, len(encoded[:byte].decode("utf-8", "surrogatepass"))


def take_apart(text: str) -> Parts:
    """Parse a text with plain line ends. Raises SyntaxError, ValueError for null characters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # '\.' in a pattern is at home here
        body = ast.parse(text).body
    lines = tuple(text.split("\n"))
    strings: list[tuple[Spot, Spot]] = []
    commas: list[Spot] = []
    comments: list[Comment] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            before = lines[token.start[0] - 1][: token.start[1]]
            comments.append(Comment(token.start, token.string.rstrip(), not before.strip()))
        elif token.exact_type == tokenize.COMMA:
            commas.append(token.start)
    strings += _strings(text)
    return Parts(lines, tuple(body), tuple(strings), tuple(commas), tuple(comments))


def _strings(text: str) -> Iterator[tuple[Spot, Spot]]:
    """Find string literals; from Python 3.12 on an f-string is many tokens."""
    opening = getattr(tokenize, "FSTRING_START", -1)
    closing = getattr(tokenize, "FSTRING_END", -1)
    depth, start = 0, (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == opening:
            start = start if depth else token.start
            depth += 1
        elif token.type == closing:
            depth -= 1
            if not depth:
                yield start, token.end
        elif token.type == tokenize.STRING and not depth:
            yield token.start, token.end
