"""Where the listener of HMA's API may be."""

import pytest

from fieldfare.cli.serving_hma import loopback
from fieldfare.kernel import BadInput


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:5000", ("127.0.0.1", 5000)),
        ("localhost:0", ("127.0.0.1", 0)),
        (":5000", ("127.0.0.1", 5000)),
        ("[::1]:5000", ("::1", 5000)),
        ("127.9.9.9:1", ("127.9.9.9", 1)),
    ],
)
def test_an_address_of_this_machine_is_taken(text: str, place: tuple[str, int]) -> None:
    assert loopback(text) == place


@pytest.mark.parametrize("text", ["0.0.0.0:1", "192.168.1.2:5000", "[::]:5000", "127.0.0.1:99999"])
def test_any_other_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(BadInput, match="put a proxy"):
        loopback(text)


@pytest.mark.parametrize("text", ["example.test:5000", "127.0.0.1", "127.0.0.1:http"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(BadInput, match=r"127\.0\.0\.1:5000"):
        loopback(text)
