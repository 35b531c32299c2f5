"""Prefilters: one look at a text for the words of all patterns that look there.

A pattern can only match where one of its words stands. RE2 tells in one pass for which patterns
that is so, in the time it takes to look for seven words one by one. Which way is quicker is known
only when every pattern was seen, so a mark stands in the code until then.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

import re2

from fieldfare.rules.code_writer import CodeWriter
from fieldfare.rules.operands import literal

LEAST: Final = 8
"""Words from which on one pass is quicker than a look for each."""
MOST: Final = 5_000
MEMORY: Final = 64 << 20
"""For RE2's states, of which it must be able to hold a few, or it would give up."""

_MARK: Final = re.compile(r"\0(\d+)\0")


class Prefilters:
    """What one compiled function looks for, text by text."""

    def __init__(self, writer: CodeWriter) -> None:
        self._writer = writer
        self._texts: dict[str, _Text] = {}
        self._marks: list[tuple[_Text, int]] = []

    def any_of(self, words: tuple[str, ...], text: str) -> str:
        """Give a mark for the condition that one of the words is in a text (a variable)."""
        if text not in self._texts:
            # Where what is found will be written, once it is known how.
            self._texts[text] = _Text(text, self._writer.plain("()"), len(self._writer.lines) - 1)
        found = self._texts[text]
        if words not in found.sought:
            found.sought.append(words)
        self._marks.append((found, found.sought.index(words)))
        return f"\0{len(self._marks) - 1}\0"

    def finish(self) -> None:
        """Put conditions where the marks stand."""
        lines = self._writer.lines
        for found in self._texts.values():
            if found.is_many:
                look = self._writer.bind(looking_for(found.sought))
                lines[found.line] = f"    {found.variable} = {look}({found.text})"
        lines[:] = [_MARK.sub(lambda mark: self._condition(int(mark[1])), line) for line in lines]

    def _condition(self, mark: int) -> str:
        found, at = self._marks[mark]
        if found.is_many:
            return f"({at} in {found.variable})"
        return f"({' or '.join(f'{literal(word)} in {found.text}' for word in found.sought[at])})"


class _Text:
    """A text, the words sought in it for each pattern, and the variable of what was found."""

    def __init__(self, text: str, variable: str, line: int) -> None:
        self.text = text
        self.variable = variable
        self.line = line
        self.sought: list[tuple[str, ...]] = []

    @property
    def is_many(self) -> bool:
        return LEAST <= sum(map(len, self.sought)) <= MOST


def looking_for(sought: Sequence[tuple[str, ...]]) -> Callable[[str | None], Sequence[int]]:
    """Give the function that tells which of several sets of words have one in a text."""
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    found = re2.Set.SearchSet(options)
    for words in sought:
        found.Add("|".join(map(re2.escape, words)))
    found.Compile()
    match, every = found.Match, range(len(sought))

    def look(text: str | None) -> Sequence[int]:
        if text is None:
            return ()
        try:
            return match(text) or ()
        except UnicodeEncodeError:  # half a surrogate pair: RE2 reads UTF-8
            return [at for at in every if any(word in text for word in sought[at])]

    return look
