# ruff: noqa: RUF001 - look-alikes are what this file is about
"""Characters that pass for a Latin letter, so that a term is found in disguise.

Flows in: one case-folded character. Flows out: the letters a reader may take it for. A working
selection of what people use to get past filters, by shape after case folding; the full table is
Unicode Technical Standard 39, confusables.txt.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final

_LOOKALIKES: Final[Mapping[str, str]] = {
    "a": "аɑɐᴀαᗅꭺꓮ₳∀",
    "b": "вьʙɓᏏᗷꓐ฿ƅβ",
    "c": "сᴄϲᏟꓚ₵ⅽɔ",
    "d": "ԁᴅɖɗđᎠꓓ₫ðδ",
    "e": "еєᴇεəɛɘǝᎬꓰ∃ҽ",
    "f": "ƒꜰғꓝẝϝ",
    "g": "ɡɢɠԍցᏀꓖ₲ǥ",
    "h": "нһʜɦħհᎻꓧђћɥ",
    "i": "іɪɩıɨιᎥꓲ¡ꙇ",
    "j": "јᴊȷյᎫꓙɟ",
    "k": "кᴋκƙᏦꓗʞқ",
    "l": "ӏʟłɫɬƚᏞꓡꓶ",
    "m": "мᴍɱᎷꓟϻ",
    "n": "пɴŋɲƞոռηπᏁꓠ₦",
    "o": "оᴏοøɵօσθөꓳ๐ⲟ",
    "p": "рᴘρƥþᏢꓑ₱ⲣ",
    "q": "ԛꞯɋզգʠ",
    "r": "гʀɍɽɾɿᎡꓣяᏒɹ",
    "s": "ѕꜱʂȿᏚꓢ₴ƽ",
    "t": "тᴛτŧƭʈᎢꓔ₮ʇ",
    "u": "ᴜυμʉʊսꓴᑌ",
    "v": "ѵᴠνʋʌᏙꓦⱱ",
    "w": "ԝᴡωաшщᎳꓪ₩ⱳʍ",
    "x": "хχᕁꓫ᙮ӿ",
    "y": "уʏγүұƴɏᎩꓬʎ",
    "z": "зᴢƶȥʐʑζᏃꓜʒ",
}

_ENCLOSED_A: Final = (0x1F150, 0x1F170, 0x1F1E6)
"""Where the circled and squared white-on-black letters and the flag letters begin."""

CONFUSABLES: Final[Mapping[str, str]] = {
    **{shape: letter for letter, shapes in _LOOKALIKES.items() for shape in shapes.casefold()},
    **{chr(first + place): chr(97 + place) for first in _ENCLOSED_A for place in range(26)},
}
"""Look-alike -> the Latin letter it passes for."""

LEET: Final[Mapping[str, str]] = {
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "g",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "€": "e",
    "¢": "c",
    "¥": "y",
    "!": "i",
    "|": "il",
    "+": "t",
}
"""Digit or sign -> the letters it stands for in leetspeak."""

PUNCTUATION_LETTERS: Final = frozenset("!|+")
"""Signs that are letters in `z|rb` and plain punctuation in `zorb!`; both readings are tried."""

_LAST_ACCENTED: Final = 0x1FFF


def without_accent(char: str) -> str:
    """Give the bare letter of a Latin, Greek or Cyrillic one, else the character itself.

    Elsewhere a mark makes another letter (か, が) and stays.
    """
    if ord(char) > _LAST_ACCENTED:
        return char
    bare = unicodedata.normalize("NFD", char)[0]
    return bare if bare.isalpha() else char


def readings(char: str) -> str:
    """Give every letter `char` may stand for, itself first, without repetition."""
    bare = without_accent(char)
    found = char + bare + CONFUSABLES.get(bare, "") + LEET.get(char, "")
    return "".join(dict.fromkeys(found))
