"""Rule sources in colour: the text of a file flows in, classed pieces of its lines flow out.

The rule language has the lexical grammar of Python, so Python's own tokenizer does it; a file that
does not tokenize is shown plain rather than not at all.
"""

import io
import keyword
import tokenize
from dataclasses import dataclass
from typing import Final

_KINDS: Final = {
    tokenize.STRING: "str",
    tokenize.NUMBER: "num",
    tokenize.COMMENT: "com",
    tokenize.OP: "op",
}
_NO_TEXT: Final = frozenset(
    {
        tokenize.NEWLINE,
        tokenize.NL,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line. kind: str, num, com, op, key, call, name, or "" for plain text."""

    text: str
    kind: str = ""


def highlight(source: str) -> tuple[tuple[Piece, ...], ...]:
    """Cut a source into lines of pieces; the pieces of a line joined are the line."""
    lines = source.splitlines()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return tuple((Piece(line),) for line in lines)
    marks: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    for index, token in enumerate(tokens):
        if token.type in _NO_TEXT:
            continue
        kind = _kind(token, tokens[index + 1] if index + 1 < len(tokens) else None)
        (first, start), (last, end) = token.start, token.end
        for row in range(first, min(last, len(lines)) + 1):
            begins = start if row == first else 0
            ends = end if row == last else len(lines[row - 1])
            marks[row - 1].append((begins, ends, kind))
    return tuple(_pieces(line, found) for line, found in zip(lines, marks, strict=True))


def _kind(token: tokenize.TokenInfo, following: tokenize.TokenInfo | None) -> str:
    if token.type != tokenize.NAME:
        return _KINDS.get(token.type, "")
    if keyword.iskeyword(token.string):
        return "key"
    return "call" if following is not None and following.string == "(" else "name"


def _pieces(line: str, marks: list[tuple[int, int, str]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at = 0
    for begins, ends, kind in marks:
        if begins > at:
            pieces.append(Piece(line[at:begins]))
        if ends > begins:
            pieces.append(Piece(line[begins:ends], kind))
        at = max(at, ends)
    if at < len(line):
        pieces.append(Piece(line[at:]))
    return tuple(pieces)
