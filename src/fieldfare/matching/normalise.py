"""Text as people read it, whatever it was typed with.

Flows in: a caption or comment. Flows out: the same words folded (compatibility forms, case,
invisible characters, marks piled on letters), with a map back to the code points of the original,
and one plain spelling for comparing texts. Terms are looked up in the folded form by `lexicon`.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from fieldfare.matching.confusables import CONFUSABLES, LEET

_INVISIBLE: Final = frozenset(map(chr, (0x034F, 0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0)))
"""Fillers and joiners that Unicode does not class as format characters."""

_PILED_MARKS: Final = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
)
"""Marks that decorate Latin, Greek and Cyrillic; those of other scripts are part of the word."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text with its folded form.

    folded: what terms are looked up in. starts, ends: place in `folded` -> half-open stretch of
    code points in `original`; None: place by place the same. text: one plain spelling, with
    disguises undone, long repeats and spaces squeezed, for comparing and for rules to read.
    """

    original: str
    folded: str
    starts: tuple[int, ...] | None
    ends: tuple[int, ...] | None
    text: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a stretch [start, end) of `folded`, not empty, to code points of the original."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> Normalised:
    """Fold a text. Linear in its length; about 10 microseconds for a short comment."""
    if text.isascii() and text.isprintable():
        folded = text.lower()
        return Normalised(text, folded, None, None, _plain(folded))
    folded = text.translate(_FOLDS)
    if _FOLDS.resizing.isdisjoint(text) and unicodedata.is_normalized("NFC", text):
        return Normalised(text, folded, None, None, _plain(folded))
    pieces, starts, ends = [], [], []
    for start, end, char in _clusters(text):
        piece = char.translate(_FOLDS)
        pieces.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))
    folded = "".join(pieces)
    return Normalised(text, folded, tuple(starts), tuple(ends), _plain(folded))


def fold(text: str) -> str:
    """Fold a text without keeping the map."""
    return unicodedata.normalize("NFC", text).translate(_FOLDS)


class _Folds(dict[int, str]):
    """Code point -> its folded form, filled as characters are met.

    resizing: the characters met so far whose form is not one character long.
    """

    def __init__(self) -> None:
        super().__init__()
        self.resizing: set[str] = set()

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = "" if _is_dropped(char) else _folded(char)
        if len(folded) != 1:
            self.resizing.add(char)
        self[code] = folded
        return folded


def _folded(char: str) -> str:
    if char.isspace():
        return " "
    compatible = unicodedata.normalize("NFKC", char)
    if compatible != char and char in CONFUSABLES:
        return CONFUSABLES[char]  # Unicode takes the lunate sigma for a sigma, readers for a c
    wide = unicodedata.normalize("NFKC", compatible.casefold())
    return "".join(" " if one.isspace() else one for one in wide if not _is_dropped(one))


def _is_dropped(char: str) -> bool:
    if char in _INVISIBLE or any(first <= ord(char) <= last for first, last in _PILED_MARKS):
        return True
    return unicodedata.category(char) in {"Cf", "Cc", "Cs"} and not char.isspace()


_FOLDS: Final = _Folds()


def _clusters(text: str) -> list[tuple[int, int, str]]:
    """Cut into (start, end, composed characters), so that `e` and a loose accent are one `é`."""
    if unicodedata.is_normalized("NFC", text):
        return [(place, place + 1, char) for place, char in enumerate(text)]
    cuts = [place for place, char in enumerate(text) if place == 0 or not _is_joined(char)]
    return [
        (start, end, unicodedata.normalize("NFC", text[start:end]))
        for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True)
    ]


def _is_joined(char: str) -> bool:
    """Whether a character composes with the one before it: a mark or a Hangul vowel or coda."""
    return unicodedata.combining(char) != 0 or "\u1160" <= char <= "\u11ff"


_WORD: Final = re.compile(r"[^\W_]+")
_HAS_SIGNS: Final = re.compile(r"[0-9@$€¢¥!|+]")
_DISGUISED: Final = re.compile(r"(?<=[^\W\d_])[0-9@$€¢¥!|+]{1,3}(?=[^\W\d_])")
_LEADING: Final = re.compile(r"(?<![\w@$€¢¥!|+])[0-9@$€](?=[^\W\d_]{2})")
_PARTS: Final = r"[\s!-/:-@\[-`{-~\u00b7\u2010-\u2027\u2030-\u205e\u3001-\u303f]"
"""Spaces and punctuation; `\\W` would also take the vowel signs of Indian scripts."""
_SPELT_OUT: Final = re.compile(rf"(?<![^\W_])(?:[^\W\d_]{_PARTS}{{1,3}}){{2,}}[^\W\d_](?![^\W_])")
_GAPS: Final = re.compile(f"{_PARTS}+")
_REPEATS: Final = re.compile(r"(.)\1{2,}", re.DOTALL)
_LAST_COMMON_LATIN: Final = "\u024f"
_TO_LATIN: Final = {
    ord(shape): letter for shape, letter in CONFUSABLES.items() if shape > _LAST_COMMON_LATIN
}
"""The letters with strokes and bars of living languages (ł, ø) keep their spelling."""

_FROM_LEET: Final = str.maketrans({sign: letters[0] for sign, letters in LEET.items()})


def _plain(folded: str) -> str:
    """Spell a folded text plainly: mixed scripts, leetspeak, spelt-out words, repeats, spaces."""
    text = folded
    if not text.isascii():
        text = _WORD.sub(_in_one_script, text)
    if _HAS_SIGNS.search(text):
        text = _DISGUISED.sub(_from_leet, _LEADING.sub(_from_leet, text))
    text = _SPELT_OUT.sub(_together, text)
    return " ".join(_REPEATS.sub(r"\1", text).split())


def _in_one_script(word: re.Match[str]) -> str:
    """Write a word in Latin if it has a Latin letter: `o` of another script in a word of that
    script is no disguise.
    """
    text = word[0]
    if text.isascii() or not any(map(_is_latin, text)):
        return text
    return text.translate(_TO_LATIN)


def _is_latin(char: str) -> bool:
    return "a" <= char <= "z" or "\u0250" <= char <= "\u02af" or "\u1d00" <= char <= "\u1dbf"


def _from_leet(signs: re.Match[str]) -> str:
    return signs[0].translate(_FROM_LEET)


def _together(letters: re.Match[str]) -> str:
    return _GAPS.sub("", letters[0])
