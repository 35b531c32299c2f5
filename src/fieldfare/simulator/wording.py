"""What people of the community write: invented words, some with a forbidden one among them.

A lexicon's terms flow in (policy -> words); captions and comments flow out. A term may be hidden by
a trick. REWORDED bends the word so far that no rule can know it; it is here so that the report
shows what is missed. Clean writers use words that hold a term inside a longer word, which must not
be hit.
"""

from collections.abc import Mapping
from enum import StrEnum
from random import Random
from typing import Final

ZERO_WIDTH: Final = "\u200b"
_SYLLABLES: Final = (
    *("ba", "bo", "da", "de", "fi", "fo", "ga", "gi", "ha", "ju", "ka", "ki", "la", "le", "lo"),
    *("ma", "mi", "mu", "na", "ni", "no", "pa", "pe", "pi", "ra", "ri", "ro", "sa", "si", "su"),
    *("ta", "te", "ti", "tu", "va", "ve", "vi", "wa", "yo", "zu"),
)
_ENDINGS: Final = ("", "", "", "n", "l", "r", "s")
_LEET: Final = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
_CYRILLIC: Final = str.maketrans(
    {"a": "\u0430", "c": "\u0441", "e": "\u0435", "o": "\u043e", "p": "\u0440", "x": "\u0445"}
)
_VOWELS: Final = str.maketrans("aeiou", "ouaei")


class Trick(StrEnum):
    """How a term is written."""

    PLAIN = "plain"
    LOUD = "capitals"
    LEET = "leetspeak"
    ZERO_WIDTH = "zero-width"
    REPEATS = "repeats"
    SEPARATORS = "separators"
    CONFUSABLES = "confusables"
    REWORDED = "reworded"


def disguise(term: str, trick: Trick, draw: Random) -> str:
    """Write a term under a trick; of a phrase, each word."""
    return " ".join(_disguised(word, trick, draw) for word in term.split(" "))


def _disguised(word: str, trick: Trick, draw: Random) -> str:
    at, times = draw.randrange(len(word)), draw.randint(3, 6)
    written = {
        Trick.PLAIN: word,
        Trick.LOUD: word.upper(),
        Trick.LEET: word.translate(_LEET),
        Trick.ZERO_WIDTH: ZERO_WIDTH.join(word),
        Trick.REPEATS: word[:at] + word[at] * times + word[at + 1 :],
        Trick.SEPARATORS: draw.choice(".-_*").join(word),
        Trick.CONFUSABLES: word.translate(_CYRILLIC),
        Trick.REWORDED: word.translate(_VOWELS),
    }
    return written[trick]


class Wording:
    """Writes for the whole community. terms: policy -> its words, as in the lexicon."""

    def __init__(self, terms: Mapping[str, tuple[str, ...]]) -> None:
        self._terms = {policy: words for policy, words in sorted(terms.items()) if words}
        self._all = tuple(word for words in self._terms.values() for word in words)

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that have terms, in order of their codes."""
        return tuple(self._terms)

    def clean(self, draw: Random) -> str:
        """Write 3 to 8 clean words."""
        return " ".join(self.word(draw) for _ in range(draw.randint(3, 8)))

    def look_alike(self, draw: Random) -> str:
        """Write a clean sentence in which a longer word holds a term."""
        word = draw.choice([term for term in self._all if " " not in term])
        longer = self.word(draw) + word + self.word(draw)
        return self._around(longer, draw)

    def violating(self, policy: str, trick: Trick, draw: Random) -> str:
        """Write a sentence with a term of `policy`, under a trick."""
        term = draw.choice(self._terms[policy])
        return self._around(disguise(term, trick, draw), draw)

    def _around(self, word: str, draw: Random) -> str:
        return f"{self.clean(draw)} {word} {self.clean(draw)}"

    def word(self, draw: Random) -> str:
        """Make up a word that neither holds a term nor is held by one."""
        while True:
            parts = (draw.choice(_SYLLABLES) for _ in range(draw.randint(2, 3)))
            word = "".join(parts) + draw.choice(_ENDINGS)
            if not any(term in word or word in term for term in self._all):
                return word
