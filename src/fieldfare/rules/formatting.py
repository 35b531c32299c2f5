"""The canonical form of files of rules: `fieldfare rules fmt`.

In: the text of a file. Out: the same program, written one way, its comments kept and its literals
untouched. Formatting twice is formatting once.
"""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator

from fieldfare.kernel import BadInput, FieldfareError
from fieldfare.rules.format_comments import Owned, own
from fieldfare.rules.format_printer import Printer
from fieldfare.rules.format_tokens import Comment, Parts, take_apart


class FormatterBroke(FieldfareError):
    """The formatter would have changed what a file says; the file stays as it is."""

    status = 500
    slug = "formatter-broke"


def formatted(text: str, *, name: str = "main.sml") -> str:
    """Write a file of rules canonically.

    Lines are at most 100 characters where their parts allow it, blank lines between statements at
    most one. Raises BadInput for what is no syntax, FormatterBroke rather than change a program.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        parts = take_apart(text)
    except (SyntaxError, ValueError, RecursionError, tokenize.TokenError) as e:
        line = getattr(e, "lineno", None) or 1
        raise BadInput(f"{name}:{line}: this is no syntax: {e}") from e
    made = "\n".join(_lines(parts))
    made = f"{made.strip(chr(10))}\n" if made.strip() else ""
    if not _same(text, made):
        hint = "Please report it with the file; nothing was written."
        raise FormatterBroke(f"{name} cannot be formatted without changing it", hint=hint)
    return made


def _lines(parts: Parts) -> Iterator[str]:
    """Write the statements in order, with the comments and blank lines between them."""
    owned = Owned()
    between: list[tuple[int, str]] = []
    comments = list(parts.comments)
    printer = Printer(parts, owned)
    last = 0
    for statement in parts.body:
        start, end = parts.start(statement), parts.end(statement)
        ahead = [c for c in comments if c.at < start]
        inside = [c for c in comments if c.at > start and c.at[0] <= end[0]]
        comments = comments[len(ahead) + len(inside) :]
        between = [(c.at[0], c.text) for c in ahead]
        own(statement, inside, parts, owned)
        for line, text in between:
            yield from _gap(last, line)
            yield text
            last = line
        yield from _gap(last, start[0])
        yield from owned.before.get(id(statement), [])
        after = "  ".join(owned.after.get(id(statement), []))
        yield f"{printer.statement(statement)}{'  ' if after else ''}{after}"
        last = end[0]
    yield from _rest(last, comments)


def _rest(last: int, comments: list[Comment]) -> Iterator[str]:
    for comment in comments:
        yield from _gap(last, comment.at[0])
        yield comment.text
        last = comment.at[0]


def _gap(last: int, line: int) -> Iterator[str]:
    if last and line > last + 1:
        yield ""


def _same(before: str, after: str) -> bool:
    """Tell whether two texts are the same program with the same comments."""
    try:
        return _tree(before) == _tree(after) and _comments(before) == _comments(after)
    except (SyntaxError, tokenize.TokenError):
        return False


def _tree(text: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.dump(ast.parse(text))


def _comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sorted(t.string.rstrip() for t in tokens if t.type == tokenize.COMMENT)
