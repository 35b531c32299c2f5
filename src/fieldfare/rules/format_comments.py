"""To which part of a statement a comment belongs, so that it moves with that part.

A comment on a line of its own belongs to the part that follows it, one after code to the part
before it on the same line; at the end of a list or call it stays there.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from fieldfare.rules.format_tokens import Comment, Parts, Spot


@dataclass(slots=True)
class Owned:
    """The comments of one file, by the identity of the nodes they belong to."""

    before: dict[int, list[str]] = field(default_factory=dict)
    after: dict[int, list[str]] = field(default_factory=dict)
    at_end: dict[int, list[str]] = field(default_factory=dict)

    def is_about(self, node: ast.AST) -> bool:
        """Tell whether a comment belongs to a node itself."""
        return any(id(node) in owned for owned in (self.before, self.after, self.at_end))


def value_of(statement: ast.stmt) -> ast.expr | None:
    """Give what the printer writes anew of a statement; None if it copies the whole."""
    match statement:
        case ast.Assign(targets=[ast.Name()], value=value):
            return value
        case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value, simple=1):
            return value
        case ast.Expr(value=ast.Call() as value):
            return value
        case _:
            return None


def items_of(node: ast.AST) -> list[ast.AST]:
    """Give what stands on lines of its own when a node is broken up."""
    match node:
        case ast.Call():
            return [*node.args, *node.keywords]
        case ast.List():
            return [*node.elts]
        case ast.BoolOp():
            return [*node.values]
        case _:
            return []


def own(statement: ast.stmt, comments: list[Comment], parts: Parts, owned: Owned) -> None:
    """Give the comments within a statement, or behind it on its last line, to its parts."""
    value = value_of(statement)
    printed = list(_walk(value)) if value is not None else []
    containers = [node for node in printed if items_of(node)]
    copied = list(_copied(statement, printed))
    end = parts.end(statement)
    for comment in comments:
        if comment.at > end:
            owned.after.setdefault(id(statement), []).append(comment.text)
            continue
        if value is None or any(parts.start(n) < comment.at < parts.end(n) for n in copied):
            continue  # it is copied with what it stands in
        inside = [c for c in containers if _reach(c, parts)[0] < comment.at < _reach(c, parts)[1]]
        if inside:
            container = max(inside, key=lambda c: _reach(c, parts))
            _give(comment, container, parts, owned)
        else:
            owned.before.setdefault(id(statement), []).append(comment.text)


def _reach(container: ast.AST, parts: Parts) -> tuple[Spot, Spot]:
    """Say from where to where comments belong to a container.

    Of `a and b` that is between the operands: brackets around them may go, and what stands there
    would then be outside.
    """
    if isinstance(container, ast.BoolOp):
        return parts.end(container.values[0]), parts.start(container.values[-1])
    return parts.start(container), parts.end(container)


def _give(comment: Comment, container: ast.AST, parts: Parts, owned: Owned) -> None:
    items = items_of(container)
    if not comment.alone:
        ended = [item for item in items if _is_just_behind(item, comment, parts)]
        if ended:
            owned.after.setdefault(id(ended[-1]), []).append(comment.text)
            return
    for item in items:
        if parts.end(item) > comment.at:
            owned.before.setdefault(id(item), []).append(comment.text)
            return
    owned.at_end.setdefault(id(container), []).append(comment.text)


def _is_just_behind(item: ast.AST, comment: Comment, parts: Parts) -> bool:
    """Tell whether only closing brackets and a comma stand between a part and a comment."""
    end = parts.end(item)
    return end <= comment.at and not parts.between(end, comment.at).strip(" \t\n),")


def _walk(value: ast.expr) -> Iterator[ast.AST]:
    """Go through the parts the printer takes apart; what it copies keeps its comments."""
    waiting: list[ast.AST] = [value] if is_printed(value) else []
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if is_printed(child)]


def _copied(statement: ast.stmt, printed: list[ast.AST]) -> Iterator[ast.AST]:
    """Give the parts of a statement that are copied as they stand."""
    if isinstance(statement, ast.AnnAssign):
        yield statement.annotation
    if not printed:
        yield statement
    for node in printed:
        if not isinstance(node, ast.JoinedStr):  # its pieces are copied one by one
            for child in ast.iter_child_nodes(node):
                if not is_printed(child) and hasattr(child, "lineno"):
                    yield child


def is_printed(node: ast.AST) -> bool:
    """Tell whether the printer writes a node anew; other nodes are copied as they stand."""
    kinds = (
        *(ast.Call, ast.List, ast.BoolOp, ast.BinOp, ast.Compare, ast.UnaryOp),
        *(ast.keyword, ast.Constant, ast.JoinedStr, ast.Name, ast.expr_context),
    )
    return isinstance(node, kinds)
