"""Text reduced to what a copy of it keeps: its skeleton, and the set of short pieces of that.

In: a text as it was typed. Out: a key that case, spaces, punctuation, accents, look-alikes,
leetspeak and repeated letters do not change, and the hashes of its n-grams, by which near copies
are compared. A key is not for reading: it maps what a reader may confuse to one letter.
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.alignment import is_letter
from fieldfare.matching.confusables import CONFUSABLES, LEET, PUNCTUATION_LETTERS, without_accent
from fieldfare.matching.normalise import fold, normalise

SHINGLE: Final = 3
"""Characters in a piece. With 4 unrelated comments are less alike (the nearest of 5,000 at .09 in
the median, not .13), but one changed letter of a short one costs more: docs/performance.md."""

_ALIKE: Final = str.maketrans({"l": "i"})
"""A capital i and a small l are one stroke in most typefaces, and so is a 1."""
_INNER_SIGN: Final = re.compile(r"(?<=[^\W\d_])[!|+](?=[^\W\d_])")
_RUN: Final = re.compile(r"(.)\1+", re.DOTALL)
_MIX_1: Final = np.uint32(0x85EBCA6B)
_MIX_2: Final = np.uint32(0xC2B2AE35)
_STEP: Final = np.uint32(0x9E3779B1)


class _Letters(dict[int, str]):
    """Code point of a folded text -> its letter in a skeleton, or nothing; filled as met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        letter = _letter_of(char)
        self[code] = letter
        return letter


def _letter_of(char: str) -> str:
    if char in PUNCTUATION_LETTERS:
        return ""  # those that stand within a word were written as letters before
    if char in LEET:
        return LEET[char][0].translate(_ALIKE)
    if not is_letter(char) and not _is_picture(char):
        return ""
    bare = without_accent(char)
    return CONFUSABLES.get(bare, bare).translate(_ALIKE)


def _is_picture(char: str) -> bool:
    """Whether a character is an emoji or the like, which is all that some comments have."""
    return ord(char) >= 0x2190 and not 0x3000 <= ord(char) <= 0x303F and not char.isspace()  # noqa: PLR2004 -- the arrows and symbols begin there


_LETTERS: Final = _Letters()


def skeleton(text: str) -> str:
    """Reduce a text to its key; empty if it has neither letters nor pictures. Linear."""
    folded = fold(text)
    if not PUNCTUATION_LETTERS.isdisjoint(folded):
        folded = _INNER_SIGN.sub(_as_letter, folded)
    return _RUN.sub(r"\1", folded.translate(_LETTERS))


def _as_letter(sign: re.Match[str]) -> str:
    return LEET[sign[0]][0]


@dataclass(frozen=True, slots=True)
class PlacedSkeleton:
    """A skeleton with the stretch [start, end) of the original behind each letter."""

    letters: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def placed_skeleton(text: str) -> PlacedSkeleton:
    """Reduce a text to its key and keep where each letter comes from."""
    normal = normalise(text)
    folded = _INNER_SIGN.sub(_as_letter, normal.folded)  # one character for one
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for place, char in enumerate(folded):
        letter = _LETTERS[ord(char)]
        if not letter:
            continue
        start, end = normal.span(place, place + 1)
        if letters and letters[-1] == letter:
            ends[-1] = end
            continue
        letters.append(letter)
        starts.append(start)
        ends.append(end)
    return PlacedSkeleton("".join(letters), tuple(starts), tuple(ends))


def pieces_of(letters: str) -> NDArray[np.uint32]:
    """Hash every piece of a skeleton, in order, (n,): n is its length less SHINGLE - 1, at least 1.

    A skeleton that is shorter than a piece is one piece; an empty one has none. The mixing of bits
    is the finaliser of MurmurHash3 (Appleby, public domain).
    """
    if not letters:
        return np.empty(0, np.uint32)
    codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), np.uint32)
    if len(codes) < SHINGLE:
        codes = np.pad(codes, (0, SHINGLE - len(codes)))
    mixed = codes[: len(codes) - SHINGLE + 1].copy()
    for place in range(1, SHINGLE):
        mixed *= _STEP
        mixed ^= mixed >> np.uint32(15)
        mixed += codes[place : len(codes) - SHINGLE + 1 + place]
    mixed ^= mixed >> np.uint32(16)
    mixed *= _MIX_1
    mixed ^= mixed >> np.uint32(13)
    mixed *= _MIX_2
    mixed ^= mixed >> np.uint32(16)
    return mixed


def shingles(letters: str) -> NDArray[np.uint32]:
    """Give the set of pieces of a skeleton, sorted, without repetition."""
    pieces = pieces_of(letters)
    pieces.sort()
    first = np.ones(len(pieces), bool)
    np.not_equal(pieces[1:], pieces[:-1], out=first[1:])
    return pieces[first]
