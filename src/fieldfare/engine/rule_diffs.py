"""What differs between two versions of the rules, file by file, as people read it.

In flow two folders; out flows for each file that is not the same a unified diff.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """One file that differs. lines: of a unified diff, without the two lines that name files."""

    name: str
    change: Change
    lines: tuple[str, ...]

    @property
    def added(self) -> int:
        return sum(line.startswith("+") for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.startswith("-") for line in self.lines)


def diff_of(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[FileDiff, ...]:
    """Compare two folders; files that are the same are left out, line ends do not count."""
    found = []
    for name in sorted(old.keys() | new.keys()):
        before, after = _lines(old.get(name)), _lines(new.get(name))
        if name in old and name in new and before == after:
            continue
        change: Change = "added" if name not in old else "changed" if name in new else "removed"
        lines = tuple(difflib.unified_diff(before, after, n=3, lineterm=""))[2:]
        found.append(FileDiff(name=name, change=change, lines=lines))
    return tuple(found)


def _lines(text: str | None) -> list[str]:
    """Cut a text into lines; the end of the last begins no further one."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
