from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.ingest.remote_addresses import (
    MediaUrlRefused,
    is_named,
    reference,
    why_refused,
)

REFUSED = {
    "0.0.0.0": "this network",  # noqa: S104  # an address to refuse, not to listen on
    "10.1.2.3": "private",
    "100.64.0.1": "shared by a carrier's NAT",
    "100.100.100.200": "shared by a carrier's NAT",
    "127.0.0.1": "loopback",
    "127.8.8.8": "loopback",
    "168.63.129.16": "of a cloud's own control plane",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.170": "reserved for protocols",
    "192.0.2.1": "for documentation",
    "192.88.99.1": "a 6to4 relay",
    "192.168.1.1": "private",
    "198.19.0.1": "for benchmarks",
    "198.51.100.7": "for documentation",
    "203.0.113.7": "for documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "a compatible IPv4 address",
    "::ffff:127.0.0.1": "a mapped IPv4 address",
    "::ffff:8.8.8.8": "a mapped IPv4 address",
    "::ffff:0:8.8.8.8": "a translated IPv4 address",
    "64:ff9b::a00:1": "translated by NAT64",
    "64:ff9b::808:808": "translated by NAT64",
    "64:ff9b:1::a00:1": "translated by NAT64",
    "100::1": "not global unicast",
    "2001::a00:1": "tunnelled by Teredo",
    "2001:2::1": "reserved for protocols",
    "2001:20::1": "reserved for protocols",
    "2001:db8::1": "for documentation",
    "2002:7f00:1::": "tunnelled by 6to4",
    "3fff::1": "for documentation",
    "5f00::1": "not global unicast",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "": "no address",
    "0x7f.1": "no address",
    "2130706433": "no address",
    "127.1": "no address",
}
BAD_URLS = {
    "http": "http://media.example/clip.mp4",
    "another scheme": "ftp://media.example/clip.mp4",
    "a file": "file:///etc/hostname",
    "no scheme": "//media.example/clip.mp4",
    "no host": "https:///clip.mp4",
    "only a dot": "https://./clip.mp4",
    "an empty label": "https://media..example/",
    "a leading dot": "https://.media.example/",
    "a user": "https://ana@media.example/clip.mp4",
    "a password": "https://ana:sarno@media.example/",
    "an empty user": "https://@media.example/",
    "a fragment": "https://media.example/clip.mp4#t=3",
    "a zone": "https://[fe80::1%25eth0]/",
    "a percent sign": "https://media%2eexample/",
    "a backslash": "https://media.example\\@other.example/",
    "a space": "https://media.example/a clip",
    "a line feed": "https://media.example/\r\nHost: other.example",
    "a tab": "https://media.example/\tclip",
    "a delete": "https://media.example/\x7f",
    "not ASCII": "https://médias.example/",
    "a port of words": "https://media.example:https/",
    "a port too high": "https://media.example:65536/",
    "half a bracket": "https://[::1/",
    "too long": "https://media.example/" + "a" * 2_000,
}


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_of_a_special_purpose_is_refused(address: str) -> None:
    assert why_refused(address) == REFUSED[address]


@pytest.mark.parametrize("address", ["8.8.8.8", "168.63.129.17", "2606:4700::1111", "2a00::1"])
def test_a_public_address_is_taken(address: str) -> None:
    assert why_refused(address) is None


@given(st.integers(0, 2**32 - 1))
def test_no_address_python_calls_private_is_taken(number: int) -> None:
    address = IPv4Address(number)

    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert why_refused(str(address)) is not None


@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_address_is_taken_inside_an_ipv6_address(number: int) -> None:
    bases = ("::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "2001::", "::")
    hidden = [IPv6Address(int(IPv6Address(base)) + number) for base in bases]
    hidden.append(IPv6Address((0x2002 << 112) + (number << 80)))

    assert None not in [why_refused(str(address)) for address in hidden]


@pytest.mark.parametrize("url", BAD_URLS.values(), ids=BAD_URLS)
def test_a_url_that_is_not_plain_https_is_refused(url: str) -> None:
    with pytest.raises(MediaUrlRefused) as refused:
        reference(url, pointer="/media_url")

    assert refused.value.pointer == "/media_url"


def test_a_reference_keeps_the_target_as_it_was_sent() -> None:
    found = reference("HTTPS://Media.Example./a%20b/../c?k=v&k=w")

    assert (found.host, found.port, found.target) == ("media.example", 443, "/a%20b/../c?k=v&k=w")
    assert found.authority == "media.example"


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://media.example:8443?x", "media.example:8443"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]"),
        ("https://[2606:4700::1111]:444/", "[2606:4700::1111]:444"),
    ],
)
def test_the_host_header_names_the_port_only_where_it_is_not_the_usual(
    url: str, authority: str
) -> None:
    assert reference(url).authority == authority


def test_without_names_every_host_is_taken_and_only_the_usual_port() -> None:
    assert is_named("media.example", 443, frozenset())
    assert not is_named("media.example", 22, frozenset())


def test_a_name_covers_itself_and_a_dotted_one_what_is_below_it() -> None:
    names = frozenset({"media.example", ".cdn.example", "odd.example:8443"})

    taken = [("media.example", 443), ("a.b.cdn.example", 443), ("odd.example", 8443)]
    refused = [
        ("sub.media.example", 443),
        ("cdn.example", 443),
        ("evilcdn.example", 443),
        ("odd.example", 443),
        ("media.example", 8443),
    ]

    assert [is_named(*each, names) for each in taken] == [True] * 3
    assert [is_named(*each, names) for each in refused] == [False] * 5
