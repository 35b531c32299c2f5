"""Whether a term stands at a place in a text, however it is disguised.

Flows in: a folded text, a place in it and one term. Flows out: where the term ends, or None. The
automaton only suggests places; here each character is compared with what it may stand for, and
repeats, gaps and the edges of words are judged.
"""

import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

from fieldfare.matching.confusables import readings

MAX_GAP: Final = 3
"""So many separators may stand between two letters of one word."""

MIN_SPELT_OUT: Final = 3
"""Shorter words are not looked for in `a b c`: they would be found everywhere."""

MAX_CHANGES: Final = 8
"""So many different characters in a row may make up one letter of a term, gaps and repeats in other
shapes included. It bounds the work on a text made to be slow; a run of one character is free."""

_SPACELESS: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x9FFF),  # Han
    (0xAC00, 0xD7AF),  # Hangul: particles are written onto the word
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Scripts in which a word may begin or end without a space."""


class Match(StrEnum):
    """How a term is looked for.

    word: as a whole word or phrase, in any disguise. substring: also inside words. exact: as a
    whole word without leetspeak, look-alikes, repeats and separators, for short terms that a
    harmless word resembles.
    """

    WORD = "word"
    SUBSTRING = "substring"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Term:
    """A term ready to be compared. letters: folded, its words parted by single spaces."""

    letters: str
    match: Match

    @property
    def run_together(self) -> str:
        return self.letters.replace(" ", "")


State: TypeAlias = tuple[int, int]
"""(letters of the term passed, separators since the last of them)."""


def end_of(term: Term, folded: str, start: int) -> int | None:
    """Say where `term` ends if it begins at `folded[start]`, the longest way; else None."""
    if term.match is not Match.SUBSTRING and not _begins_word(term.letters[0], folded, start):
        return None
    if term.match is Match.EXACT:
        end = start + len(term.letters)
        matches = folded.startswith(term.letters, start)
        return end if matches and _ends_word(term.letters[-1], folded, end) else None
    found = _follow(term, folded, start, spelt_out=False)
    if found is None and len(term.run_together) >= MIN_SPELT_OUT:
        found = _follow(Term(term.run_together, term.match), folded, start, spelt_out=True)
    return found


def _follow(term: Term, folded: str, start: int, *, spelt_out: bool) -> int | None:
    """Read on from `start`, holding every way the term may still fit.

    Within a word no space may stand, unless every letter is set apart from the next (spelt_out).
    """
    states: AbstractSet[State] = {(0, 0)}
    end = None
    last = len(term.letters)
    changes = MAX_CHANGES * (last + 2)
    for place in range(start, len(folded)):
        char = folded[place]
        states = _step(term.letters, states, char, spelt_out=spelt_out)
        changes -= char != folded[place - 1]
        if not states or changes < 0:
            break
        if (last, 0) in states and (
            term.match is Match.SUBSTRING or _ends_word(term.letters[-1], folded, place + 1)
        ):
            end = place + 1
    return end


def _step(
    letters: str, states: AbstractSet[State], char: str, *, spelt_out: bool
) -> AbstractSet[State]:
    meant = _readings(char)
    is_space = char == " "
    is_separator = is_space or not is_letter(char)
    following: set[State] = set()
    for passed, gap in states:
        want = letters[passed : passed + 2]
        between_words = want.startswith(" ")
        needs_gap = between_words or (spelt_out and passed > 0)
        wanted = want.lstrip(" ")[:1]
        if wanted and wanted in meant and (gap or not needs_gap):
            following.add((passed + 1 + between_words, 0))
        if passed and letters[passed - 1] in meant:
            following.add((passed, 0))
        may_gap = passed and gap < MAX_GAP and (between_words or spelt_out or not is_space)
        if is_separator and may_gap:
            following.add((passed, gap + 1))
    return following


@lru_cache(maxsize=4096)
def _readings(char: str) -> str:
    return readings(char)


@lru_cache(maxsize=4096)
def is_letter(char: str) -> bool:
    """Whether a character is part of words: a letter, a digit or a mark of some script."""
    return char.isalnum() or unicodedata.category(char)[0] == "M"


@lru_cache(maxsize=4096)
def _is_spaceless(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _SPACELESS)


def _begins_word(edge: str, folded: str, start: int) -> bool:
    return _is_edge(edge, folded, start - 1, -1)


def _ends_word(edge: str, folded: str, end: int) -> bool:
    return _is_edge(edge, folded, end, 1)


def _is_edge(edge: str, folded: str, place: int, step: int) -> bool:
    """Whether a word whose outer letter is `edge` may stop before `place`.

    Digits hung onto a word of letters (`zorblat99`) do not hide it.
    """
    if not is_letter(edge) or _is_spaceless(edge):
        return True
    while 0 <= place < len(folded) and folded[place].isdigit() and not edge.isdigit():
        place += step
    if not 0 <= place < len(folded):
        return True
    beyond = folded[place]
    return not is_letter(beyond) or _is_spaceless(beyond)
