"""What the standard functions on strings, lists, numbers and addresses do.

Plain functions on plain values; an argument is never Unknown. None as a result means Unknown.
Anything that could grow without bound is bounded and raises ValueError beyond.
"""

import base64
import binascii
import hashlib
import ipaddress
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

MAX_MADE: Final = 1_000_000
"""The longest string a function may make, in characters."""

MAX_BITS: Final = 1_024
"""The longest whole number a product or power may be, in bits."""

_URL: Final = re.compile(r"https?://[^/\s][^\s)>]+")
_SPACE: Final = re.compile(r"\s+")
_EMOJI: Final = re.compile(
    "[\U0001f600-\U0001f64f\U0001f300-\U0001f5ff\U0001f680-\U0001f6ff\U0001f1e0-\U0001f1ff]+"
)
# Letters of Cyrillic and Greek that are drawn like a Latin one; NFKC takes care of styled letters.
_LOOKALIKES: Final = str.maketrans(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u043e\u0440\u051b\u0455\u0443\u0445\u03b1\u03bf\u03c1\u03bd"
    "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422\u0425\u0391\u0392\u0395"
    "\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "acdehijopqsyxaopvABCEHIJKMOPSTXABEZHIKMNOPTYX",
)
_LEET: Final = str.maketrans("013457@$", "oieastas")


def bounded(text: str) -> str:
    if len(text) > MAX_MADE:
        raise ValueError(f"a string of {len(text):,} characters is more than a rule may make")
    return text


def replace(s: str, old: str, new: str) -> str:
    if len(s) + s.count(old) * len(new) > MAX_MADE:
        raise ValueError("the string after the replacement is longer than a rule may make")
    return s.replace(old, new)


def join(s: str, parts: Sequence[str]) -> str:
    if len(s) * len(parts) > MAX_MADE:
        raise ValueError("the joined string is longer than a rule may make")
    return bounded(s.join(parts))


def clean(  # noqa: PLR0917 -- the order of the signature
    s: str,
    form: str,
    remove_emoji: bool,  # noqa: FBT001 -- the order of Osprey's signature
    space: bool,  # noqa: FBT001
    l33t: bool,  # noqa: FBT001
    homoglyph: bool,  # noqa: FBT001
    unicode_normalize: bool,  # noqa: FBT001
    upper: bool,  # noqa: FBT001
    lower: bool,  # noqa: FBT001
    remove_space: bool,  # noqa: FBT001
    remove_punctuation: bool,  # noqa: FBT001
) -> str:
    """Clean a string; the steps run in the order of the parameters."""
    steps: tuple[tuple[bool, Callable[[str], str]], ...] = (
        (remove_emoji, lambda t: _EMOJI.sub(" ", t)),
        (space, lambda t: _SPACE.sub(" ", t)),
        (l33t, lambda t: t.translate(_LEET)),
        (homoglyph, lambda t: t.translate(_LOOKALIKES)),
        (unicode_normalize, lambda t: unicodedata.normalize(form, t)),  # type: ignore[arg-type]
        (upper and not lower, str.upper),
        (lower, str.lower),
        (remove_space, lambda t: _SPACE.sub("", t)),
        (remove_punctuation, without_punctuation),
    )
    for is_on, step in steps:
        if is_on:
            s = step(s)
    return bounded(s)


def without_punctuation(s: str) -> str:
    return "".join(char for char in s if unicodedata.category(char)[0] not in "SP")


def extract_urls(s: str) -> list[str]:
    """List the http and https addresses in a text, each once, in order."""
    return list(dict.fromkeys(_URL.findall(s)))


def extract_domains(s: str) -> list[str]:
    """List the hosts of the addresses in a text, each once, in order, without ports."""
    hosts = []
    for url in extract_urls(s):
        try:
            host = urlsplit(url).hostname
        except ValueError:  # a malformed IPv6 address is no domain
            continue
        if host:
            hosts.append(host)
    return list(dict.fromkeys(hosts))


def parse_int(s: str) -> int | None:
    try:
        return int(s)
    except ValueError:
        return None


def list_read(items: Sequence[object], index: int) -> object:
    return items[index] if -len(items) <= index < len(items) else None


def list_sort(items: Sequence[str], reverse: bool) -> list[str]:  # noqa: FBT001
    return sorted(items, reverse=reverse)


def base64_encode(s: str) -> str:
    return bounded(base64.b64encode(s.encode()).decode())


def base64_decode(s: str) -> str | None:
    try:
        return base64.b64decode(s, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def hasher(name: str) -> Callable[[str], str]:
    def hashed(s: str) -> str:
        return hashlib.new(name, s.encode(), usedforsecurity=False).hexdigest()

    return hashed


def email_domain(email: str) -> str | None:
    local, at, domain = email.rpartition("@")
    return domain.lower() if at and local and domain else None


def email_local_part(email: str) -> str | None:
    local, at, domain = email.rpartition("@")
    return local if at and local and domain else None


def ip_network(ip: str) -> str | None:
    """Give the /24 of an IPv4 and the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    width = 24 if address.version == 4 else 64  # noqa: PLR2004 -- versions of the protocol
    return str(ipaddress.ip_network((address, width), strict=False))


def extract_cookie(header: str, key: str) -> str | None:
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name == key:
            return value
    return None


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
