"""URLs in one spelling, so that two that lead to the same page are the same string.

In: a URL or a host name as people write and disguise it. Out: its page, its host and its registered
domain, each in one spelling, and the name its host passes for. After WHATWG URL and RFC 3986
section 6.2.2; what only says where a click came from is taken off.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

import idna

from fieldfare.kernel import BadInput
from fieldfare.matching.confusables import CONFUSABLES, without_accent
from fieldfare.matching.domains import cut_up, registered
from fieldfare.matching.tracking import is_tracking

MAX_URL: Final = 4_096
_SCHEME: Final = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9+.\-*]*)\s*:\s*[/\\]{1,3}")
_WEB: Final = re.compile(r"h[tx*]{1,2}p(s?)|fxp|ftp", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ftp": 21}
_DOTS: Final = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024", "."))
"""Characters browsers take for the dot of a host name (UTS 46)."""
_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_HOST: Final = 253
_UNRESERVED: Final = "-._~"
_PATH_SAFE: Final = _UNRESERVED + "!$&'()*+,;=:@"
_QUERY_SAFE: Final = _PATH_SAFE + "/?"


class UrlDoesNotRead(BadInput):
    """Raised when something is no URL and no host name."""

    def __init__(self, text: str, why: str) -> None:
        hint = "Write https://host/path, host/path or a host name alone."
        super().__init__(f"{text[:80]!r} is no URL: {why}", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """A URL in one spelling.

    page: host, port, path and query without scheme, `www.` and the traces of where a click came
    from; the host alone if it has neither path nor query. host: in ASCII, without `www.`. domain:
    the registered one, or the host where none is (an address, a name within a network).
    passes_for: the name in plain letters that the host looks like, or "".
    """

    page: str
    host: str
    domain: str
    passes_for: str = ""

    @property
    def is_host_alone(self) -> bool:
        return self.page == self.host

    @property
    def sha256(self) -> str:
        """Digest of the page, by which URLs are exchanged without saying them."""
        return hashlib.sha256(self.page.encode()).hexdigest()


def read_url(text: str) -> Url:
    """Read a URL or host name in any of its spellings. Raises UrlDoesNotRead.

    http and https are the same; a fragment, a user's name and a default port are left out; the
    order of a query's parameters does not matter.
    """
    stripped = "".join(char for char in text.strip() if char not in "\t\r\n")
    if len(stripped) > MAX_URL:
        raise UrlDoesNotRead(text, f"it has more than {MAX_URL} characters.")
    scheme, rest = _without_scheme(text, stripped)
    rest = rest.replace("\\", "/").partition("#")[0]
    before, asked, query = rest.partition("?")
    authority, _, path = before.partition("/")
    host, port = _host_and_port(text, authority.rpartition("@")[2])
    if port and int(port) == _DEFAULT_PORTS.get(scheme):
        port = ""
    name = _ascii_host(text, host)
    plain = name.removeprefix("www.") if "." in name.removeprefix("www.") else name
    place = f"{plain}:{int(port)}" if port else plain
    path, query = _path(path), _query(query) if asked else ""
    page = place + path + (f"?{query}" if query else "")
    return Url(page=page, host=plain, domain=_domain(plain), passes_for=_passes_for(plain))


def _without_scheme(text: str, stripped: str) -> tuple[str, str]:
    found = _SCHEME.match(stripped)
    if found is None:
        return "http", stripped.removeprefix("//")
    web = _WEB.fullmatch(found[1])
    if web is None:
        raise UrlDoesNotRead(text, f"{found[1]} is no scheme of the web.")
    name = "ftp" if "f" in found[1].lower() else "https" if web[1] else "http"
    return name, stripped[found.end() :]


def _host_and_port(text: str, authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, closed, rest = authority[1:].partition("]")
        port = rest.removeprefix(":")
        if not closed or (port and not (port.isascii() and port.isdigit())):
            raise UrlDoesNotRead(text, "its address in brackets does not end.")
        return host, port
    host, _, port = authority.partition(":")
    if port and not (port.isascii() and port.isdigit() and int(port) <= 0xFFFF):  # noqa: PLR2004 -- the last port
        raise UrlDoesNotRead(text, f"{port[:20]!r} is no port.")
    return host, port


def _ascii_host(text: str, host: str) -> str:
    """Give a host in ASCII: an address in its usual form, a name with its labels in Punycode."""
    decoded = unquote_to_bytes(host).decode("utf-8", "replace")
    plain = unicodedata.normalize("NFKC", decoded.translate(_DOTS)).casefold()
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    plain = ".".join(label for label in plain.split(".") if label)
    if not plain:
        raise UrlDoesNotRead(text, "it has no host.")
    address = _address(plain)
    if address:
        return address
    labels = [_ascii_label(text, label) for label in plain.split(".")]
    name = ".".join(labels)
    if len(name) > _HOST:
        raise UrlDoesNotRead(text, f"its host has more than {_HOST} characters.")
    return name


def _ascii_label(text: str, label: str) -> str:
    if not label.isascii():
        try:
            label = idna.alabel(label).decode()
        except (idna.IDNAError, UnicodeError):
            # What no registry would sell, such as an emoji, can still be a name somewhere below.
            label = "xn--" + label.encode("punycode", "replace").decode()
    if not _LABEL.fullmatch(label):
        raise UrlDoesNotRead(text, f"{label[:63]!r} cannot be in a host name.")
    return label


def _address(host: str) -> str:
    """Give an IP address as it is usually written; "" for a name.

    An IPv4 address may be one to four numbers, decimal, octal or hexadecimal (WHATWG URL, 3.5).
    """
    if ":" in host:
        try:
            return f"[{IPv6Address(host)}]"
        except ValueError:
            return ""
    numbers = host.split(".")
    if len(numbers) > 4 or not all(map(_NUMBER.fullmatch, numbers)):  # noqa: PLR2004 -- an IPv4 address
        return ""
    try:
        read = [_number(each) for each in numbers]
        last = read.pop()
        if any(each > 0xFF for each in read) or last >= 256 ** (4 - len(read)):  # noqa: PLR2004 -- a byte
            return ""
        value = sum(each << 8 * (3 - place) for place, each in enumerate(read)) + last
        return str(ip_address(IPv4Address(value)))
    except ValueError:
        return ""


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") and text != "0" else int(text)


def _domain(host: str) -> str:
    """Give the registered domain. An ending that nobody lists counts as a public suffix, as the
    algorithm of the list says; an address and a single label stand for themselves.
    """
    parts = cut_up(host)
    if parts is not None:
        return registered(parts) or host
    if "[" in host or _address(host):
        return host
    return ".".join(host.split(".")[-2:])


def _path(path: str) -> str:
    """Write a path without dot segments, empty segments and a slash at its end."""
    kept: list[str] = []
    for segment in path.split("/"):
        plain = _spelt(segment, _PATH_SAFE)
        if plain == "..":
            kept = kept[:-1]
        elif plain not in {"", "."}:
            kept.append(plain)
    return "".join(f"/{segment}" for segment in kept)


def _query(query: str) -> str:
    """Write a query in the order of its parameters, without those that track."""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    kept = sorted(
        f"{name}={value}"
        for raw_name, _, raw_value in pairs
        for name, value in [(_part(raw_name), _part(raw_value))]
        if not is_tracking(name)
    )
    return "&".join(kept)


def _part(text: str) -> str:
    return _spelt(text.replace("+", "%20"), _QUERY_SAFE.replace("&", "").replace("=", ""))


def _spelt(text: str, safe: str) -> str:
    """Percent-encode what must be, in capitals, and nothing else (RFC 3986, 6.2.2.1 and 6.2.2.2).

    A text that was encoded over and over is decoded to its end: filters are got past that way.
    """
    raw = text.encode("utf-8", "replace")
    for _ in range(8):
        decoded = unquote_to_bytes(raw)
        if decoded == raw:
            break
        raw = decoded
    return quote_from_bytes(raw, safe=safe)


def _passes_for(host: str) -> str:
    """Give the ASCII name that a host with look-alikes of other scripts passes for, or "".

    An accent alone (`bücher`) is no disguise.
    """
    if "xn--" not in host:
        return ""
    shown = ".".join(map(_shown, host.split(".")))
    bare = "".join(map(without_accent, shown))
    seen = "".join(CONFUSABLES.get(char, char) for char in bare)
    return seen if seen.isascii() and seen != bare else ""


def _shown(label: str) -> str:
    """Give a label as browsers may show it."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode().decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label
