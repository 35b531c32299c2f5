"""What differs between two folders of rules, in colour: files flow in, numbered lines flow out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from fieldfare.engine.rule_diffs import FileDiff, diff_of
from fieldfare.web.console.excerpts import excerpts_of, rule_names
from fieldfare.web.console.highlight import Piece, highlight

LineKind = Literal["add", "del", "same", "gap"]
_HUNK: Final = re.compile(r"@@ -(?P<old>\d+)(?:,\d+)? \+(?P<new>\d+)(?:,\d+)? @@")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """A line of a difference. old, new: its number in either file (from 1), None if not in it.

    gap: lines that are the same were left out here.
    """

    kind: LineKind
    old: int | None
    new: int | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDifference:
    """One file that differs: change is added, removed or changed."""

    name: str
    change: str
    added: int
    removed: int
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs: rules by what became of them, and file by file."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    files: tuple[FileDifference, ...]


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> Difference:
    """Compare two folders of rules."""
    before, after = rule_names(old), rule_names(new)
    return Difference(
        new=tuple(sorted(after - before)),
        changed=tuple(
            name for name in sorted(before & after) if _texts(old, name) != _texts(new, name)
        ),
        gone=tuple(sorted(before - after)),
        files=tuple(
            _file(each, old.get(each.name, ""), new.get(each.name, ""))
            for each in diff_of(old, new)
        ),
    )


def _texts(sources: Mapping[str, str], rule: str) -> list[str]:
    return [excerpt.text for excerpt in excerpts_of(sources, rule)]


def _file(diff: FileDiff, old: str, new: str) -> FileDifference:
    return FileDifference(
        name=diff.name,
        change=diff.change,
        added=diff.added,
        removed=diff.removed,
        lines=_lines(diff.lines, _coloured(old), _coloured(new)),
    )


def _coloured(text: str) -> tuple[tuple[Piece, ...], ...]:
    # Lines as the comparison has them: the end of the last line begins one more.
    lines = highlight(text.replace("\r\n", "\n"))
    return (*lines, ()) if text.endswith("\n") or not text else lines


def _lines(
    unified: tuple[str, ...],
    old: tuple[tuple[Piece, ...], ...],
    new: tuple[tuple[Piece, ...], ...],
) -> tuple[DiffLine, ...]:
    found: list[DiffLine] = []
    left = right = 0
    for line in unified:
        if hunk := _HUNK.match(line):
            left, right = int(hunk["old"]), int(hunk["new"])
            if found:
                found.append(DiffLine(kind="gap", old=None, new=None, pieces=()))
        elif line.startswith("+"):
            pieces = _pieces(new, right, line)
            found.append(DiffLine(kind="add", old=None, new=right, pieces=pieces))
            right += 1
        elif line.startswith("-"):
            pieces = _pieces(old, left, line)
            found.append(DiffLine(kind="del", old=left, new=None, pieces=pieces))
            left += 1
        else:
            pieces = _pieces(new, right, line)
            found.append(DiffLine(kind="same", old=left, new=right, pieces=pieces))
            left, right = left + 1, right + 1
    return tuple(found)


def _pieces(lines: tuple[tuple[Piece, ...], ...], number: int, line: str) -> tuple[Piece, ...]:
    """Give a line in colour; plain where the two cuttings into lines differ (a form feed)."""
    pieces = lines[number - 1] if 0 < number <= len(lines) else ()
    text = line[1:]
    return pieces if "".join(piece.text for piece in pieces) == text else (Piece(text),)
