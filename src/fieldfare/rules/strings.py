"""Arithmetic of the language and its bounds: what a rule may make and compute.

Plain functions on plain values; an argument is never Unknown. None as a result means Unknown.
Anything that could grow without bound is bounded and raises ValueError beyond.
"""

import math
from typing import Final

MAX_MADE: Final = 1_000_000
"""The longest string a function may make, in characters."""

MAX_BITS: Final = 1_024
"""The longest whole number a product or power may be, in bits."""


def bounded(text: str) -> str:
    if len(text) > MAX_MADE:
        raise ValueError(f"a string of {len(text):,} characters is more than a rule may make")
    return text


def joined(left: str, right: str) -> str:
    return bounded(left + right)


def repeated(left: str | int, right: str | int) -> str:
    """Repeat a text; either of the two is the text, the other how often."""
    text, times = (left, right) if isinstance(left, str) else (right, left)
    if not isinstance(text, str) or not isinstance(times, int):
        raise TypeError("a text and a whole number are asked for")
    if len(text) * times > MAX_MADE:
        raise ValueError("the repeated text is longer than a rule may make")
    return text * times


def divided(op: str, left: float, right: float) -> float | None:
    """Divide; Unknown by zero and where the result is no number."""
    if right == 0:
        return None
    if op == "/":
        return number(left / right)
    return number(left // right if op == "//" else left % right)


def number(value: float) -> float | None:
    """Take a number; Unknown if it is not one or not finite."""
    return value if type(value) is int or math.isfinite(value) else None


def product(left: float, right: float) -> float | None:
    """Multiply; squared again and again, whole numbers would soon fill the memory."""
    if _bits(left) + _bits(right) > MAX_BITS:
        raise ValueError(f"a number of more than {MAX_BITS} bits is more than a rule may compute")
    return number(left * right)


def power(left: float, right: float) -> float | None:
    if _bits(left) * abs(right) > MAX_BITS:
        raise ValueError(f"a number of more than {MAX_BITS} bits is more than a rule may compute")
    result = left**right if left != 0 or right >= 0 else None
    return None if result is None or isinstance(result, complex) else number(result)


def _bits(value: float) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def bits(op: str, left: int, right: int) -> int:
    match op:
        case "&":
            return left & right
        case "|":
            return left | right
        case "^":
            return left ^ right
        case _ if not 0 <= right <= 63:  # noqa: PLR2004 -- ids have 63 bits
            raise ValueError(f"a shift by {right} bits is more than a rule may do")
        case "<<":
            return left << right
        case _:
            return left >> right
