"""`StringClean`: a text as it would read without the tricks played on it."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal

from anyascii import anyascii

from fieldfare.rules.lookalikes import LOOKALIKES
from fieldfare.rules.signatures import function
from fieldfare.rules.strings import bounded
from fieldfare.rules.texts import TEXT

_SPACE: Final = re.compile(r"\s+")
_EMOJI: Final = re.compile(
    "[\U0001f600-\U0001f64f\U0001f300-\U0001f5ff\U0001f680-\U0001f6ff\U0001f1e0-\U0001f1ff]+"
)
_LETTERS_AS_EMOJI: Final = {
    point: letter for point, letter in LOOKALIKES.items() if _EMOJI.match(chr(point))
}
_PIPED: Final = re.compile(r"\|(?=\d)")
_LEET: Final = str.maketrans("013457", "oieast")
# Digits that stand for letters have a letter at their side; a number by itself stays a number.
_LEET_RUN: Final = re.compile(r"(?<=[^\W\d_])[013457]+|[013457]+(?=[^\W\d_])")


@function(
    name="StringClean", topic=TEXT, example="'free thistle' in StringClean(s=Caption, lower=True)"
)
def clean(  # noqa: PLR0917 -- the order of Osprey's signature
    s: str,
    form: Literal["NFC", "NFKC", "NFD", "NFKD"] = "NFKC",
    remove_emoji: bool = False,  # noqa: FBT001, FBT002 -- Osprey's arguments
    space: bool = True,  # noqa: FBT001, FBT002 -- likewise
    l33t: bool = False,  # noqa: FBT001, FBT002 -- likewise
    homoglyph: bool = True,  # noqa: FBT001, FBT002 -- likewise
    unicode_normalize: bool = True,  # noqa: FBT001, FBT002 -- likewise
    unidecode: bool = False,  # noqa: FBT001, FBT002 -- likewise
    upper: bool = False,  # noqa: FBT001, FBT002 -- likewise
    lower: bool = False,  # noqa: FBT001, FBT002 -- likewise
    remove_space: bool = False,  # noqa: FBT001, FBT002 -- likewise
    remove_punctuation: bool = False,  # noqa: FBT001, FBT002 -- likewise
) -> str:
    """Clean a text. The steps run in the order of the arguments: emoji become a space, white space
    one space, digits among letters letters, look-alikes the Latin letter they are drawn like, then
    Unicode's normal form, Latin letters for any script (`unidecode`), case, no space, no signs.
    """
    steps: tuple[tuple[bool, Callable[[str], str]], ...] = (
        (remove_emoji and homoglyph, lambda t: t.translate(_LETTERS_AS_EMOJI)),
        (remove_emoji, lambda t: _EMOJI.sub(" ", t)),
        (space, lambda t: _SPACE.sub(" ", t)),
        (l33t, _without_leet),
        (homoglyph, lambda t: t.translate(LOOKALIKES)),
        (unicode_normalize, lambda t: _normal(t, form)),
        (unidecode, lambda t: bounded(anyascii(t))),
        (upper and not lower, str.upper),
        (lower, str.lower),
        (remove_space, lambda t: _SPACE.sub("", t)),
        (remove_punctuation, without_punctuation),
    )
    for is_on, step in steps:
        if is_on:
            s = step(s)
    return bounded(s)


def _without_leet(s: str) -> str:
    return _LEET_RUN.sub(lambda found: found[0].translate(_LEET), _PIPED.sub("1", s))


def _normal(s: str, form: Literal["NFC", "NFKC", "NFD", "NFKD"]) -> str:
    """Bring a text into a normal form that keeps its length: of a character that comes apart, the
    first one stays.
    """
    whole = unicodedata.normalize(form, s)
    if len(whole) == len(s):
        return whole
    return "".join(unicodedata.normalize(form, char)[0] for char in s)


def without_punctuation(s: str) -> str:
    """Take out what Unicode calls punctuation and symbols."""
    return "".join(char for char in s if unicodedata.category(char)[0] not in "SP")
