"""Paths of calls: what people type names one thing, and can never become another call."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.cli.reach import route
from fieldfare.kernel import NotFound


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


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_query_is_read_as_it_was_typed(text: str) -> None:
    url = urlsplit(route("/v1/backtests/compare", a=text, b="1"))

    assert parse_qs(url.query, keep_blank_values=True) == {"a": [text], "b": ["1"]}
