"""The standard functions that turn a text into another form of it: digests, base64, numbers."""

import base64
import binascii
import hashlib
from typing import Final

from fieldfare.rules.signatures import function
from fieldfare.rules.strings import bounded

DIGESTS: Final = "digests and numbers"


def _hex(algorithm: str, text: str) -> str:
    # A lone surrogate has no UTF-8; JSON can hold one and must not make a rule throw.
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


@function(name="HashMd5", topic=DIGESTS, example="HashMd5(input=Email) == Wanted")
def md5(input: str) -> str:  # noqa: A002 -- the name of Osprey's argument
    """Give the MD5 of the UTF-8 bytes in hex."""
    return _hex("md5", input)


@function(name="HashSha1", topic=DIGESTS, example="HashSha1(input=Email) == Wanted")
def sha1(input: str) -> str:  # noqa: A002 -- likewise
    """Give the SHA-1 of the UTF-8 bytes in hex."""
    return _hex("sha1", input)


@function(
    name="HashSha256",
    topic=DIGESTS,
    example="InList(list='known_senders', value=HashSha256(input=Email))",
)
def sha256(input: str) -> str:  # noqa: A002 -- likewise
    """Give the SHA-256 of the UTF-8 bytes in hex."""
    return _hex("sha256", input)


@function(name="HashSha512", topic=DIGESTS, example="HashSha512(input=Email) == Wanted")
def sha512(input: str) -> str:  # noqa: A002 -- likewise
    """Give the SHA-512 of the UTF-8 bytes in hex."""
    return _hex("sha512", input)


@function(name="Base64Encode", topic=DIGESTS, example="Base64Encode(input=Handle)")
def base64_encode(input: str) -> str:  # noqa: A002 -- likewise
    """Give the base64 of the UTF-8 bytes."""
    return bounded(base64.b64encode(input.encode("utf-8", "surrogatepass")).decode())


@function(name="Base64Decode", topic=DIGESTS, example="'nettle' in Base64Decode(input=Payload)")
def base64_decode(input: str) -> str | None:  # noqa: A002 -- likewise
    """Give the UTF-8 text within; Unknown if there is none."""
    try:
        return base64.b64decode(input, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


@function(name="ParseInt", topic=DIGESTS, example="ParseInt(s=Age) < 13")
def parse_int(s: str) -> int | None:
    """Read a whole number; Unknown if the text is none."""
    try:
        return int(s)
    except ValueError:
        return None
