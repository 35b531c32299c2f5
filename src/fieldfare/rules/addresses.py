"""The standard functions on addresses of the network and what HTTP carries."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from fieldfare.rules.signatures import Fixed, function

ADDRESSES: Final = "addresses"
_MAX_IP: Final = 100
_URL: Final = re.compile(r"https?://[^/\s][^\s)>]+")


@function(name="IpNetwork", topic=ADDRESSES, example="IpNetwork(ip=Ip) == '192.0.2.0'")
def ip_network(ip: str) -> str | None:
    """Give an IPv4 address with 0 as its last number, an IPv6 address as eight groups without
    leading zeros; Unknown if it is neither.
    """
    try:
        address = ipaddress.ip_address(ip) if len(ip) <= _MAX_IP else None
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return f"{str(address).rpartition('.')[0]}.0"
    if address is None or address.scope_id:
        return None
    return ":".join(format(int(group, 16), "x") for group in address.exploded.split(":"))


def _widths(literals: Mapping[str, Any]) -> str:
    v4, v6 = literals["v4"], literals["v6"]
    is_fine = 0 <= v4 <= ipaddress.IPV4LENGTH and 0 <= v6 <= ipaddress.IPV6LENGTH
    return "" if is_fine else "v4 is 0 to 32 bits, v6 is 0 to 128"


@function(
    name="IpPrefix",
    topic=ADDRESSES,
    check=_widths,
    example="Count(key=[IpPrefix(ip=Ip)], window='10m') > 50",
)
def ip_prefix(ip: str, v4: Fixed[int] = 24, v6: Fixed[int] = 64) -> str | None:
    """Give the network of an address, `v4` or `v6` bits wide, like 192.0.2.0/24; Unknown if it is
    no address.
    """
    try:
        address = ipaddress.ip_address(ip) if len(ip) <= _MAX_IP else None
    except ValueError:
        return None
    if address is None:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(ipaddress.IPv4Network((address, v4), strict=False))
    return str(ipaddress.IPv6Network((address, v6), strict=False))


@function(
    name="ExtractCookie", topic=ADDRESSES, example="ExtractCookie(header=Cookies, key='device')"
)
def extract_cookie(header: str, key: Fixed[str]) -> str | None:
    """Give the value of a cookie in a header; Unknown if it is absent."""
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name == key:
            return value
    return None


@function(
    name="StringExtractURLs",
    topic=ADDRESSES,
    example="ListLength(list=StringExtractURLs(s=Caption)) > 3",
)
def extract_urls(s: str) -> list[str]:
    """List the http and https addresses in a text, each once, in order."""
    return list(dict.fromkeys(_URL.findall(s)))


@function(
    name="StringExtractDomains",
    topic=ADDRESSES,
    example="'shop.example' in StringExtractDomains(s=Caption)",
)
def extract_domains(s: str) -> list[str]:
    """List the hosts of the addresses in a text, each once, in order, without ports."""
    hosts = []
    for url in dict.fromkeys(_URL.findall(s)):
        try:
            host = urlsplit(url).hostname
        except ValueError:  # a malformed IPv6 address is no domain
            continue
        if host:
            hosts.append(host)
    return list(dict.fromkeys(hosts))
