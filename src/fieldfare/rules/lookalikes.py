"""Characters that are drawn like a Latin letter: what people write instead of it to get past rules.

One table from a character to a lower-case letter: styled letters (mathematical, circled, squared,
letterlike) by their Unicode decomposition, letters of other scripts and signs by the list below.
Digits are none of these: what stands for a letter only between letters is a matter of `l33t`.
"""

import string
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

# Code points in hex, after Unicode's confusables (UTS 39) and what Osprey's rules expect.
_DRAWN_LIKE: Final[Mapping[str, str]] = {
    "a": "0040 00aa 0251 0391 03b1 0410 0430 13aa 2200 237a 27d1",
    "b": "0392 03b2 0412 042c 044c 0e3f 13f4",
    "c": "00a2 00a9 00c7 00e7 03f2 03f9 0421 0441 13df 2201 2282 216d 217d",
    "d": "0501 0257 10eb 13a0 2202 216e 217e 2ad2",
    "e": "0395 03f1 0415 0435 04bd 13ac 20ac 2107 212e 2203 2208 2211 22ff",
    "f": "0192 03dd 17db 2a0d 2a17 2aed 1017f",
    "g": "0261 050c 0581 13c0 20b2",
    "h": "0397 041d 04bb 0570 13bb 20b6 210f 2af2 2af3",
    "i": "0131 0269 02db 0399 03b9 0406 0456 0457 13a5 2170 2373 2aef",
    "j": "03f3 0408 0458 0575 2321",
    "k": "039a 03ba 03cf 041a 043a 13e6 20ad",
    "l": "007c 04cf 056c 20a4 216c 217c 221f 2223 23fd ffe8",
    "m": "039c 041c 043c 13b7 20a5 216f 217f 225e 22d4 2a07 2a4b 2ad9",
    "n": "039d 03a0 03b7 03c0 0578 057c 220f 2229",
    "o": "00ba 039f 03bf 03c3 041e 043e 0555 0585 13ce 2609 29bf",
    "p": "03a1 03c1 0420 0440 0562 13e2 20b1 2117 2374 2647",
    "q": "051a 051b 0529 0563 0566",
    "r": "00ae 042f 0433 0552 13d2 10175",
    "s": "0024 0405 0455 054f 10bd 13da 222b",
    "t": "03a4 03c4 0422 0442 0567 13a2 22a4 22ba 2670 2671 27d9 1f768",
    "u": "00b5 028b 03bc 03c5 057d 2210 222a 22c3 2a03",
    "v": "03bd 0474 0475 13d9 2164 2174 221a 2228 22c1 2a54",
    "w": "0461 03c9 051c 051d 13b3 20a9 2a08 2a4a 2add",
    "x": "00d7 03a7 03c7 0425 0445 2169 2179 2573 2613 2717 292b 292c 2a2f",
    "y": "00a5 03a5 03b3 0423 0443 04ae 04af 04f1 10c4 13a9 213d 2442",
    "z": "0396 0540 10c0 13c3 a640 102f5",
}
# Where the first of 26 enclosed letters stands, in order of the alphabet; they decompose to none.
_ENCLOSED: Final = (0x249C, 0x24B6, 0x24D0, 0x1F110, 0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
_STYLED: Final = ((0x1D400, 0x1D800), (0x2100, 0x2150))


def _listed() -> Iterator[tuple[int, str]]:
    for letter, points in _DRAWN_LIKE.items():
        for point in points.split():
            yield int(point, 16), letter


def _enclosed() -> Iterator[tuple[int, str]]:
    for first in _ENCLOSED:
        yield from ((first + at, letter) for at, letter in enumerate(string.ascii_lowercase))


def _styled(listed: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Give letters that are another one in a style: bold, script, double-struck, Greek ones too."""
    for first, end in _STYLED:
        for point in range(first, end):
            under = unicodedata.normalize("NFKC", chr(point))
            if len(under) == 1 and under != chr(point):
                letter = under if under.isascii() else listed.get(ord(under), "")
                if letter.isalpha():
                    yield point, letter.lower()


def _table() -> dict[int, str]:
    listed = dict(_listed())
    return {**dict(_styled(listed)), **dict(_enclosed()), **listed}


LOOKALIKES: Final[Mapping[int, str]] = _table()
"""For `str.translate`: from the code point of a look-alike to the letter it is drawn like."""
