"""Fetching over a real loopback connection: what is followed, what is refused, what is cut off."""

import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from fieldfare.ingest.remote import (
    FetchLimits,
    MediaNotFetched,
    MediaNotThereYet,
    RemoteMedia,
    resolved,
)
from fieldfare.testing.media_hosts import LOOPBACK, MediaHost, Page, a_media_host, a_page

PUBLIC = "8.8.8.8"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def host(folder: Path) -> Iterator[MediaHost]:
    with a_media_host(folder) as made:
        yield made


def fetched(remote: RemoteMedia, url: str) -> bytes:
    with remote.open(url) as file:
        return file.stream.read()


def refusal(remote: RemoteMedia, url: str) -> str:
    with pytest.raises(MediaNotFetched) as refused:
        fetched(remote, url)
    return refused.value.message


def public(resolve: Callable[[str, int], Sequence[str]]) -> RemoteMedia:
    """Make what production has, but for the look-up."""
    return RemoteMedia(FetchLimits(size_bytes=100, total_s=5.0), resolve=resolve)


def test_bytes_come_as_they_are_with_their_type(host: MediaHost) -> None:
    body = bytes(range(256)) * 500
    host.pages["/clip?k=v"] = a_page(body, content_type="video/mp4; codecs=vp9")

    with host.remote().open(host.url("/clip?k=v")) as file:
        assert file.stream.read(3) == body[:3]
        assert file.stream.read() == body[3:]
        assert file.content_type == "video/mp4"
    assert host.asked == [("/clip?k=v", f"media.example:{host.port}")]


def test_a_chunked_body_is_put_together(host: MediaHost) -> None:
    pieces = (b"5\r\nsarno\r\n", b"6;x=y\r\n wivel\r\n", b"0\r\n\r\n")
    host.pages["/c"] = Page(headers={"transfer-encoding": "chunked"}, content=lambda: iter(pieces))

    assert fetched(host.remote(), host.url("/c")) == b"sarno wivel"


def test_a_private_address_is_refused_before_anything_connects(host: MediaHost) -> None:
    remote = RemoteMedia(
        FetchLimits(size_bytes=9),
        hosts=frozenset({f"media.example:{host.port}"}),
        resolve=lambda _host, _port: (LOOPBACK,),
        tls=host.trusted(),
    )

    assert refusal(remote, host.url("/c")) == (
        "media.example has an address that is refused: loopback"
    )
    assert host.asked == []


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    remote = public(lambda _host, _port: (PUBLIC, "10.0.0.1"))

    assert refusal(remote, "https://media.example/") == (
        "media.example has an address that is refused: private"
    )


@pytest.mark.parametrize("literal", ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254"])
def test_an_address_in_the_url_is_checked_like_any_other(literal: str) -> None:
    assert "has an address that is refused" in refusal(public(resolved), f"https://{literal}/")


@pytest.mark.parametrize("number", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_a_number_the_resolver_takes_for_loopback_is_refused(number: str) -> None:
    assert "loopback" in refusal(public(resolved), f"https://{number}/")


def test_a_name_is_resolved_once_and_the_checked_address_is_connected_to(host: MediaHost) -> None:
    # The second answer would be another machine's; nobody may ask for it.
    answers = iter([(LOOPBACK,)])
    remote = RemoteMedia(
        FetchLimits(size_bytes=9),
        hosts=frozenset({f"media.example:{host.port}"}),
        resolve=lambda _host, _port: next(answers),
        tls=host.trusted(),
        also_allowed=frozenset({LOOPBACK}),
    )
    host.pages["/c"] = a_page(b"sarno")

    assert fetched(remote, host.url("/c")) == b"sarno"
    assert list(answers) == []


def test_a_name_that_turns_private_between_redirects_is_refused(host: MediaHost) -> None:
    answers = iter([(LOOPBACK,), ("192.168.0.1",)])
    remote = RemoteMedia(
        FetchLimits(size_bytes=9),
        hosts=frozenset({f"media.example:{host.port}"}),
        resolve=lambda _host, _port: next(answers),
        tls=host.trusted(),
        also_allowed=frozenset({LOOPBACK}),
    )
    host.pages["/c"] = a_page(status=302, location="/d")

    assert refusal(remote, host.url("/c")).endswith("private")


def test_the_next_address_is_tried_when_one_does_not_answer(host: MediaHost) -> None:
    host.pages["/c"] = a_page(b"sarno")
    remote = RemoteMedia(
        FetchLimits(size_bytes=9),
        hosts=frozenset({f"media.example:{host.port}"}),
        resolve=lambda _host, _port: ("127.0.0.2", LOOPBACK),
        tls=host.trusted(),
        also_allowed=frozenset({LOOPBACK, "127.0.0.2"}),
    )

    assert fetched(remote, host.url("/c")) == b"sarno"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(host: MediaHost, status: int) -> None:
    host.pages["/a/c"] = a_page(status=status, location="../b?k")
    host.pages["/b?k"] = a_page(b"sarno")

    assert fetched(host.remote(), host.url("/a/c")) == b"sarno"


def test_three_redirects_are_followed_and_a_fourth_is_not(host: MediaHost) -> None:
    for number in range(4):
        host.pages[f"/{number}"] = a_page(status=302, location=f"/{number + 1}")
    host.pages["/4"] = a_page(b"sarno")

    assert fetched(host.remote(), host.url("/1")) == b"sarno"
    assert refusal(host.remote(), host.url("/0")) == "more than 3 redirects"


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("https://other.example/c", "not among the hosts"),
        ("https://127.0.0.1/c", "not among the hosts"),
        ("http://media.example/c", "only https"),
        ("file:///etc/hostname", "only https"),
        ("https://[::1/", "no URL"),
        ("https://ana:sarno@media.example/", "password"),
        ("", "nowhere"),
    ],
)
def test_a_redirect_is_checked_as_the_first_reference_was(
    host: MediaHost, location: str, why: str
) -> None:
    host.pages["/c"] = Page(status=302, headers={"location": location} if location else {})

    assert why in refusal(host.remote(), host.url("/c"))


def test_a_redirect_to_a_private_address_is_refused(host: MediaHost) -> None:
    named = {"media.example": LOOPBACK, "inside.example": "10.0.0.1"}
    remote = RemoteMedia(
        FetchLimits(size_bytes=9),
        hosts=frozenset({f".example:{host.port}"}),
        resolve=lambda name, _port: (named[name],),
        tls=host.trusted(),
        also_allowed=frozenset({LOOPBACK}),
    )
    host.pages["/c"] = a_page(status=302, location=f"https://inside.example:{host.port}/c")

    assert refusal(remote, host.url("/c")) == (
        "inside.example has an address that is refused: private"
    )


def test_http_is_refused(host: MediaHost) -> None:
    assert "only https" in refusal(host.remote(), "http://media.example/c")


def test_a_certificate_for_another_name_is_refused(folder: Path) -> None:
    with a_media_host(folder, name="other.example") as host:
        host.pages["/c"] = a_page(b"sarno")

        why = refusal(host.remote(), host.url("/c"))

    assert why.startswith("its certificate is refused")
    assert host.asked == []


def test_a_certificate_of_an_unknown_authority_is_refused(host: MediaHost) -> None:
    remote = RemoteMedia(
        FetchLimits(size_bytes=9),
        hosts=frozenset({f"media.example:{host.port}"}),
        resolve=lambda _host, _port: (LOOPBACK,),
        also_allowed=frozenset({LOOPBACK}),
    )

    assert refusal(remote, host.url("/c")).startswith("its certificate is refused")


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410])
def test_an_answer_that_stays_the_same_is_final(host: MediaHost, status: int) -> None:
    host.pages["/c"] = a_page(status=status)

    assert refusal(host.remote(), host.url("/c")) in {
        f"media.example answered {status}",
        "media.example redirects to nowhere",
    }


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_an_answer_that_may_change_is_asked_for_again(host: MediaHost, status: int) -> None:
    host.pages["/c"] = a_page(status=status)

    with pytest.raises(MediaNotThereYet, match=f"answered {status}"):
        fetched(host.remote(), host.url("/c"))


def test_a_length_beyond_the_limit_is_refused_before_a_byte_is_read(host: MediaHost) -> None:
    host.pages["/c"] = a_page(b"sarno", content_length="10000000000000")

    assert refusal(host.remote(size_bytes=100), host.url("/c")) == "it is larger than 100 bytes"


def test_an_endless_body_is_cut_off_at_the_limit(host: MediaHost) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(1)
            yield bytes(50_000)

    host.pages["/c"] = Page(content=endless)

    assert refusal(host.remote(size_bytes=200_000), host.url("/c")) == (
        "it is larger than 200000 bytes"
    )
    assert len(sent) < 1_000


def test_a_body_of_exactly_the_limit_is_taken(host: MediaHost) -> None:
    host.pages["/c"] = a_page(bytes(100))

    assert len(fetched(host.remote(size_bytes=100), host.url("/c"))) == 100


def test_an_encoding_that_was_not_asked_for_is_refused(host: MediaHost) -> None:
    host.pages["/c"] = a_page(b"sarno", content_encoding="gzip")

    assert "encoding" in refusal(host.remote(), host.url("/c"))


def test_silence_ends_with_the_time(host: MediaHost) -> None:
    def nothing() -> Iterator[bytes]:
        host.closing.wait(30)
        yield b""

    host.pages["/c"] = Page(content=nothing)

    with pytest.raises(MediaNotThereYet, match="too long"):
        fetched(host.remote(total_s=0.3), host.url("/c"))


def test_a_server_that_drips_gets_no_more_time_for_each_drop(host: MediaHost) -> None:
    def drops() -> Iterator[bytes]:
        while not host.closing.wait(0.01):
            yield b"s"

    host.pages["/c"] = Page(content=drops)

    with pytest.raises(MediaNotThereYet, match="too long"):
        fetched(host.remote(total_s=0.3), host.url("/c"))


def test_a_server_that_never_finishes_the_handshake_is_left(tmp_path: Path) -> None:
    with (
        socket.create_server((LOOPBACK, 0)) as mute,
        a_media_host(tmp_path) as host,
    ):
        port = mute.getsockname()[1]
        remote = RemoteMedia(
            FetchLimits(size_bytes=9, total_s=0.3),
            hosts=frozenset({f"media.example:{port}"}),
            resolve=lambda _host, _port: (LOOPBACK,),
            tls=host.trusted(),
            also_allowed=frozenset({LOOPBACK}),
        )

        with pytest.raises(MediaNotThereYet, match="too long"):
            fetched(remote, f"https://media.example:{port}/")


@pytest.mark.parametrize("length", [{"content_length": "100"}, {}], ids=["short", "no length"])
def test_a_body_that_breaks_off_is_never_taken_for_the_whole(
    host: MediaHost, length: dict[str, str]
) -> None:
    # The handler closes the socket without the closing word of TLS.
    headers = {name.replace("_", "-"): value for name, value in length.items()}
    host.pages["/c"] = Page(headers=headers, content=lambda: iter((b"sarno",)))

    with pytest.raises(MediaNotThereYet):
        fetched(host.remote(), host.url("/c"))


def test_what_is_not_http_is_no_answer(host: MediaHost) -> None:
    host.pages["/c"] = Page(status=-1)

    with pytest.raises(MediaNotThereYet, match="BadStatusLine"):
        fetched(host.remote(), host.url("/c"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [(socket.EAI_NONAME, MediaNotFetched), (socket.EAI_AGAIN, MediaNotThereYet)],
    ids=["no such name", "no resolver"],
)
def test_a_name_that_does_not_exist_is_final_and_a_silent_resolver_is_not(
    code: int, kind: type[Exception]
) -> None:
    def lookup(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(code, "told")

    with pytest.raises(kind):
        fetched(public(lookup), "https://media.example/")


def test_a_name_too_long_for_dns_is_refused() -> None:
    assert refusal(public(resolved), f"https://{'a' * 64}.example/") == "its host is no name"


def test_a_name_without_addresses_is_refused() -> None:
    assert "no address" in refusal(public(lambda _host, _port: ()), "https://media.example/")


def test_no_proxy_of_the_environment_takes_part(
    host: MediaHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    host.pages["/c"] = a_page(b"sarno")

    assert fetched(host.remote(), host.url("/c")) == b"sarno"


def test_what_the_reader_raises_is_not_taken_for_the_host_s(host: MediaHost) -> None:
    host.pages["/c"] = a_page(b"sarno")

    with pytest.raises(OSError, match="the disk is full"), host.remote().open(host.url("/c")):
        raise OSError("the disk is full")


def test_no_error_tells_the_path_or_the_query(host: MediaHost) -> None:
    why = refusal(host.remote(), host.url("/wivel?key=quimsa"))

    assert why == "media.example answered 404"
