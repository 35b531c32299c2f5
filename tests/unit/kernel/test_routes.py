"""Paths of calls: what people type names one thing, and can never become another call."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import NotFound
from fieldfare.kernel.routes import route


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("12ab", "/v1/banks/12ab/entries"),
        ("a b", "/v1/banks/a%20b/entries"),
        ("a?b=1", "/v1/banks/a%3Fb%3D1/entries"),
        ("a#b", "/v1/banks/a%23b/entries"),
        ("%2e%2e", "/v1/banks/%252e%252e/entries"),
        ("é", "/v1/banks/%C3%A9/entries"),
    ],
)
def test_a_name_stays_one_part_of_the_path(name: str, path: str) -> None:
    assert route("/v1/banks/{}/entries", name) == path


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/"])
def test_a_name_that_would_lead_elsewhere_names_nothing(name: str) -> None:
    with pytest.raises(NotFound, match="nothing is named"):
        route("/v1/banks/{}", name)


@pytest.mark.parametrize(
    ("host_id", "path"),
    [
        ("ana", "/v1/entities/Account/ana"),
        ("a/b", "/v1/entities/Account/a%2Fb"),
        ("a?b=1#c", "/v1/entities/Account/a%3Fb%3D1%23c"),
        ("%2e%2e/x", "/v1/entities/Account/%252e%252e%2Fx"),
        ("/a//b/", "/v1/entities/Account/%2Fa%2F%2Fb%2F"),
        ("..a/b.", "/v1/entities/Account/..a%2Fb."),
    ],
)
def test_an_id_at_the_end_may_hold_slashes_and_stays_one_part(host_id: str, path: str) -> None:
    assert route("/v1/entities/{}", "Account", last=host_id) == path


@pytest.mark.parametrize("host_id", ["", ".", "..", "../../keys", "a/../b", "a/./b", "a/.."])
def test_an_id_with_a_part_that_would_lead_elsewhere_names_nothing(host_id: str) -> None:
    with pytest.raises(NotFound, match="nothing is named"):
        route("/v1/entities/{}", "Account", last=host_id)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_query_is_read_as_it_was_typed(text: str) -> None:
    url = urlsplit(route("/v1/backtests/compare", a=text, b="1"))

    assert parse_qs(url.query, keep_blank_values=True) == {"a": [text], "b": ["1"]}
