"""Where a reference to media may lead: which URLs are taken, and which addresses are connected to.

A host's word flows in, and out flows a checked name or address, or why it is refused. A stranger's
URL must never make us speak to our own network, so an address is taken only if it is a global
unicast one that no table of special purposes lists and that carries no other address inside.
Source: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890). What the tables cannot
know is a NAT64 prefix of the operator's own (RFC 6052, 2.2): close it in the firewall.
"""

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from fieldfare.kernel import BadInput

IpAddress: TypeAlias = IPv4Address | IPv6Address
IpNetwork: TypeAlias = IPv4Network | IPv6Network
URL_AT_MOST: Final = 2_000
HTTPS_PORT: Final = 443

_SPECIAL: Final[tuple[tuple[IpNetwork, str], ...]] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier's NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "of a cloud's own control plane"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "a mapped IPv4 address"),
        ("::ffff:0:0:0/96", "a translated IPv4 address"),
        ("::/96", "a compatible IPv4 address"),
        ("64:ff9b::/96", "translated by NAT64"),
        ("64:ff9b:1::/48", "translated by NAT64"),
        ("2001::/32", "tunnelled by Teredo"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "tunnelled by 6to4"),
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|[0-9a-f]*:[0-9a-f:.]*")
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")


class MediaUrlRefused(BadInput):
    """A reference that cannot be followed by anybody, whatever answers there."""

    slug = "media-url-refused"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"this media_url is not taken: {why}",
            hint="Use https://host/path of a public host, or send the file itself.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A checked https URL. host: lower case, no brackets. target: path and query, as sent."""

    url: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The value of the Host header (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS_PORT else f"{host}:{self.port}"


def reference(url: str, *, pointer: str = "") -> Reference:
    """Check a URL. Raises MediaUrlRefused for all but plain https with a host and no secrets in it.

    A user name, a fragment, an IPv6 zone, spaces, control and non-ASCII characters, and more than
    2,000 characters are refused. pointer: where it stood in what was sent.
    """
    try:
        return _checked(url)
    except MediaUrlRefused as refused:
        refused.pointer = pointer
        raise


def _checked(url: str) -> Reference:
    if len(url) > URL_AT_MOST or not url.isascii() or any(not "!" <= sign <= "~" for sign in url):
        raise MediaUrlRefused(f"it must be at most {URL_AT_MOST} plain ASCII characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or HTTPS_PORT
    except ValueError:
        raise MediaUrlRefused("it is no URL") from None
    _check_parts(parts, host)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Reference(url=url, host=host.removesuffix("."), port=port, target=target)


def _check_parts(parts: SplitResult, host: str) -> None:
    if parts.scheme != "https":
        raise MediaUrlRefused("only https is followed")
    if not host:
        raise MediaUrlRefused("it names no host")
    if not _HOST.fullmatch(host):
        raise MediaUrlRefused("its host is neither a plain name nor an address")
    if parts.username is not None or parts.password is not None:
        raise MediaUrlRefused("it carries a user name or password")
    if parts.fragment:
        raise MediaUrlRefused("it has a fragment, which is never sent")


def is_named(host: str, port: int, names: frozenset[str]) -> bool:
    """Tell whether an operator's names cover a host and port; no names cover every host.

    A name is `cdn.example`, `.cdn.example` for every name below it, or either with `:port`. Only a
    name with a port opens a port other than 443.
    """
    suffix = "" if port == HTTPS_PORT else f":{port}"
    if not names:
        return not suffix
    below = (host[at:] for at, sign in enumerate(host) if sign == ".")
    return not names.isdisjoint(f"{name}{suffix}" for name in (host, *below))


def why_refused(address: str) -> str | None:
    """Say why an address is not connected to; None if it is a public one.

    address: as a resolver gives it, perhaps with a zone; what cannot be read is refused.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "no address"
    for network, what in _SPECIAL:
        if found.version == network.version and found in network:
            return what
    if isinstance(found, IPv6Address) and found not in _GLOBAL_UNICAST:
        return "not global unicast"
    return None
