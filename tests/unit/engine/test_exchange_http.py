"""Where exchanges are reached: public addresses alone, and what the operator named."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from fieldfare.engine.exchange_http import HttpAsk
from fieldfare.matching.exchanges import Asked, ExchangeRefused, ExchangeUnavailable
from fieldfare.testing.exchanges import TOKEN, FakeNcmec, an_exchange
from fieldfare.testing.media_hosts import LOOPBACK, NAME, MediaHost, a_media_host, a_page

PUBLIC = "8.8.8.8"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def host(folder: Path) -> Iterator[MediaHost]:
    with a_media_host(folder) as made:
        made.pages["/v2"] = a_page(b"well")
        yield made


def asking(
    addresses: Sequence[str], *, host: MediaHost | None = None, named: Sequence[str] = ()
) -> HttpAsk:
    """Ask with every name at `addresses`; a host given is trusted and its address allowed."""
    return HttpAsk(
        lambda _: None,
        hosts=frozenset(named),
        resolve=lambda _host, _port: addresses,
        tls=host.trusted() if host else None,
        also_allowed=frozenset({LOOPBACK}) if host else frozenset(),
    )


def get(url: str) -> Asked:
    return Asked(method="GET", url=url, params=(("access_token", TOKEN),))


@pytest.mark.parametrize(
    "address", [LOOPBACK, "10.1.2.3", "169.254.169.254", "192.168.0.9", "::1", "fd00::1"]
)
def test_a_name_with_an_address_at_home_is_refused(address: str) -> None:
    with pytest.raises(ExchangeRefused, match="an address that is refused") as refused:
        asking([PUBLIC, address])(get("https://mirror.example/v2"))

    assert "exchange_hosts" in refused.value.hint
    assert TOKEN not in str(refused.value)


def test_an_address_at_home_is_refused_as_it_is() -> None:
    with pytest.raises(ExchangeRefused, match="an address that is refused"):
        HttpAsk(lambda _: None)(get("https://[::1]:8443/v2"))


def test_the_checked_address_is_connected_to_and_the_name_is_proven(host: MediaHost) -> None:
    body = asking([LOOPBACK], host=host)(
        Asked(method="GET", url=host.url("/v2"), headers={"authorization": TOKEN})
    )

    assert body == b"well"
    assert host.asked == [("/v2", f"{NAME}:{host.port}")]


def test_a_certificate_of_another_name_is_not_taken(host: MediaHost) -> None:
    with pytest.raises(ExchangeUnavailable, match="did not answer"):
        asking([LOOPBACK], host=host)(get(host.url("/v2", name="other.example")))

    assert host.asked == []


def test_the_next_address_is_tried_where_one_does_not_answer(host: MediaHost) -> None:
    nobody = "127.0.0.9"
    ask = HttpAsk(
        lambda _: None,
        resolve=lambda _host, _port: [nobody, LOOPBACK],
        tls=host.trusted(),
        also_allowed=frozenset({LOOPBACK, nobody}),
    )

    assert ask(Asked(method="GET", url=host.url("/v2"))) == b"well"


def test_http_on_this_machine_is_spoken_only_where_the_operator_named_it() -> None:
    with an_exchange(FakeNcmec()) as ncmec:
        with pytest.raises(ExchangeRefused, match="no address of an exchange"):
            asking([LOOPBACK])(get(f"{ncmec.base}/v2/status"))
        with pytest.raises(ExchangeRefused, match="refuses the credentials"):
            asking([LOOPBACK], named=[LOOPBACK])(get(f"{ncmec.base}/v2/status"))

    assert len(ncmec.calls) == 1
