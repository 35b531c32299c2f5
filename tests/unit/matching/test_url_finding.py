# ruff: noqa: RUF001 - look-alikes are what these tests are about
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.matching.url_finding import MAX_URLS, find_urls

PIECES = ["http", "hxxps", "://", " dot ", "[.]", "。", "shop.com", " . ", "a", "/", ":8", "(", ")"]
ANY = st.lists(st.characters(codec="utf-8") | st.sampled_from(PIECES), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("text", "page", "written"),
    [
        ("see https://shop.com/a?b=1, ok", "shop.com/a?b=1", "https://shop.com/a?b=1"),
        ("(shop.com/a_(b)).", "shop.com/a_(b)", "shop.com/a_(b)"),
        ("go to hxxps://shop[.]com/a", "shop.com/a", "hxxps://shop[.]com/a"),
        ("hxxp[:]//shop{.}com[/]a!", "shop.com/a", "hxxp[:]//shop{.}com[/]a"),
        ("try shop (dot) com / win now", "shop.com/win", "shop (dot) com / win"),
        ("try shop dot com", "shop.com", "shop dot com"),
        ("try shop .com now", "shop.com", "shop .com"),
        ("nimm shop[punkt]de", "shop.de", "shop[punkt]de"),
        ("ｓｈｏｐ。ｃｏｍ!", "shop.com", "ｓｈｏｐ。ｃｏｍ"),
        ("sh\u200bop.com", "shop.com", "sh\u200bop.com"),
        ("at 192.0.2.1/x", "192.0.2.1/x", "192.0.2.1/x"),
        ("😀 shop.com:8080/Ab", "shop.com:8080/Ab", "shop.com:8080/Ab"),
    ],
)
def test_a_url_is_found_where_it_stands(text: str, page: str, written: str) -> None:
    found = {each.url.page: text[each.start : each.end] for each in find_urls(text)}

    assert found[page] == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no address here",
        "the end. And so on",
        "for 3.50 or 1.5.2",
        "me@shop.com",
        "...",
        "a dot",
    ],
)
def test_other_text_has_none(text: str) -> None:
    assert find_urls(text) == ()


def test_a_page_is_found_once_and_only_so_many_are() -> None:
    assert len(find_urls("a.com http://a.com/ A.COM")) == 1
    assert len(find_urls(" ".join(f"a{n}.com" for n in range(2 * MAX_URLS)))) == MAX_URLS


@given(ANY)
def test_whatever_is_found_stands_in_the_text(text: str) -> None:
    for each in find_urls(text):
        assert 0 <= each.start < each.end <= len(text)
        assert each.url.host


@pytest.mark.parametrize("piece", ["a.", "http://", "a-", "[ ", "( . ", "a . ", "://", "a/ "])
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + "."

    assert len(find_urls(text)) <= MAX_URLS
