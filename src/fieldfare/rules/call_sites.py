"""Names for the places of calls: what a draw by chance is seeded with besides the event."""

import ast

from fieldfare.rules.signatures import CallSite
from fieldfare.rules.source_files import SourceFile


def call_site(written: ast.Call, file: SourceFile) -> CallSite:
    """Name a call by its file, its text and how many calls of the same text stand before it.

    So blank lines, comments and other code may come and go without a new draw.
    """
    text = ast.unparse(written)
    before = 0
    for statement in file.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and _place(node) < _place(written):
                before += ast.unparse(node) == text
    return CallSite(f"{file.name}:{text}:{before}")


def _place(node: ast.Call) -> tuple[int, int]:
    return node.lineno, node.col_offset
