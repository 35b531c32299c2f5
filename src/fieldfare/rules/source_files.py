"""From text to Python's own syntax tree, one file at a time, with places in characters."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fieldfare.kernel import NotFound, utf8_text
from fieldfare.rules.problems import Place, ProblemList

MAX_CHARS: Final = 1_000_000
MAX_DEPTH: Final = 32
_PATTERNS: Final = ("**/*.sml", "ruleset.yaml", "config/*.yaml", "tests/*.yaml")
_TESTS: Final = "tests/"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A parsed file. `lines` are as written, to turn byte columns into character columns."""

    name: str
    lines: tuple[str, ...]
    body: tuple[ast.stmt, ...]

    def place(self, node: ast.stmt | ast.expr | ast.keyword) -> Place:
        """Where a syntax node stands; `width` reaches to its end on the first line."""
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        start = _characters(line, node.col_offset)
        if node.end_lineno == node.lineno and node.end_col_offset is not None:
            end = _characters(line, node.end_col_offset)
        else:
            end = len(line)
        return Place(self.name, node.lineno, start + 1, max(1, end - start))


def _characters(line: str, byte_offset: int) -> int:
    return len(line.encode("utf-8", "surrogatepass")[:byte_offset].decode("utf-8", "ignore"))


def parse_file(name: str, text: str, problems: ProblemList) -> SourceFile:
    """Parse a file; what is no syntax at all is noted and leaves an empty body."""
    lines = tuple(text.splitlines())
    body: list[ast.stmt] = []
    if len(text) > MAX_CHARS:
        problems.add(
            Place(name, 1, 1), f"the file has more than {MAX_CHARS:,} characters", "Split it."
        )
        return SourceFile(name, lines, ())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\.' in a pattern is at home here
            body = ast.parse(text, filename=name).body
    except SyntaxError as e:
        place = Place(name, e.lineno or 1, max(1, e.offset or 1))
        problems.add(place, f"this is no syntax: {e.msg}")
    except (ValueError, RecursionError, MemoryError) as e:
        problems.add(
            Place(name, 1, 1), f"the file cannot be parsed: {str(e) or 'it nests too deeply'}"
        )
    file = SourceFile(name, lines, tuple(body))
    for statement in body:
        if is_too_deep(statement):
            hint = f"At most {MAX_DEPTH} levels: give parts of it a name."
            problems.add(file.place(statement), "this is nested too deeply", hint)
            return SourceFile(name, lines, ())
    return file


def is_too_deep(statement: ast.AST) -> bool:
    """Tell whether a statement nests more than MAX_DEPTH levels, without recursing itself."""
    level: list[ast.AST] = [statement]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _below(node)]
        if not level:
            return False
    return True


def _below(node: ast.AST) -> Iterator[ast.AST]:
    return (
        child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)
    )


def is_compiled(name: str) -> bool:
    """Tell whether a file of a rule set holds rules; tests and configuration do not."""
    return name.endswith(".sml") and not name.startswith(_TESTS)


def read_folder(path: Path | str) -> dict[str, str]:
    """Read the files of a rule set below a folder, named by their path from there with `/`.

    They are all `.sml` files, the manifest `ruleset.yaml`, `config/*.yaml` and `tests/*.yaml`.
    Raises NotFound if there is no such folder or no main.sml in it, BadInput for what is no UTF-8.
    """
    folder = Path(path)
    files = sorted({file for pattern in _PATTERNS for file in folder.glob(pattern)})
    found = {file.relative_to(folder).as_posix(): _text(file) for file in files}
    if "main.sml" not in found:
        raise NotFound(
            f"There is no rule set in {folder}.", hint="A rule set is a folder with a main.sml."
        )
    return found


def _text(file: Path) -> str:
    text = utf8_text(file.read_bytes(), name=str(file))
    return text.replace("\r\n", "\n").replace("\r", "\n")
