# ruff: noqa: RUF001 - look-alikes are what these tests are about
import hashlib
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fieldfare.matching.tracking import is_tracking
from fieldfare.matching.urls import Url, UrlDoesNotRead, read_url

PART = st.text("abcXYZ019-_~", min_size=1, max_size=8)
PATHS = st.lists(PART, max_size=4).map("/".join)
QUERIES = st.lists(st.tuples(PART, PART), max_size=4)


@pytest.mark.parametrize(
    ("written", "page"),
    [
        ("https://shop.example/a", "shop.example/a"),
        ("HTTP://WWW.Shop.Example:80/a/", "shop.example/a"),
        ("//shop.example/a#part", "shop.example/a"),
        ("shop.example", "shop.example"),
        ("https://me:secret@shop.example:443/", "shop.example"),
        ("http://shop.example:8080/a", "shop.example:8080/a"),
        ("https://shop.example/a/./b/../c//d/", "shop.example/a/c/d"),
        ("https://shop.example/../../a", "shop.example/a"),
        ("https://shop.example/%7eme/%41%2fb?x=%5b", "shop.example/~me/A%2Fb?x=%5B"),
        ("https://shop.example/?b=2&a=1", "shop.example?a=1&b=2"),
        ("https://shop.example/p?utm_source=x&id=7&fbclid=1&UTM_Medium=y", "shop.example/p?id=7"),
        ("https://shop.example/p?", "shop.example/p"),
        ("hxxps://shop.example/a", "shop.example/a"),
        ("h**p://shop.example", "shop.example"),
        (r"https:\\shop.example\a", "shop.example/a"),
        ("http://shop。example", "shop.example"),
        ("http://ｓｈｏｐ．example", "shop.example"),
        ("http://sh\u00adop.example./", "shop.example"),
        ("http://shop.example/\tx\n", "shop.example/x"),
        ("http://bücher.example", "xn--bcher-kva.example"),
        ("http://127.0.0.1/a", "127.0.0.1/a"),
        ("http://0x7f.1/a", "127.0.0.1/a"),
        ("http://2130706433", "127.0.0.1"),
        ("http://0177.0.0.01", "127.0.0.1"),
        ("http://[2001:DB8:0:0::1]:80/", "[2001:db8::1]"),
        ("http://shop.example/%2525x", "shop.example/%25x"),
        ("http://😀.example", "xn--e28h.example"),
    ],
)
def test_a_page_has_one_spelling(written: str, page: str) -> None:
    assert read_url(written).page == page


@pytest.mark.parametrize(
    ("written", "host", "domain"),
    [
        ("https://a.b.shop.co.uk/x", "a.b.shop.co.uk", "shop.co.uk"),
        ("https://www.shop.com", "shop.com", "shop.com"),
        ("https://me.github.io/x", "me.github.io", "me.github.io"),
        ("https://a.shop.example", "a.shop.example", "shop.example"),
        ("http://10.0.0.1/", "10.0.0.1", "10.0.0.1"),
        ("http://localhost/x", "localhost", "localhost"),
        ("https://www.com/", "www.com", "www.com"),
    ],
)
def test_host_and_registered_domain_are_told(written: str, host: str, domain: str) -> None:
    url = read_url(written)

    assert (url.host, url.domain) == (host, domain)


@pytest.mark.parametrize(
    ("written", "passes_for"),
    [
        ("https://аррӏе.com/x", "apple.com"),
        ("https://xn--80ak6aa92e.com", "apple.com"),
        ("https://pаypal.example", "paypal.example"),
        ("https://apple.com", ""),
        ("https://bücher.example", ""),
        ("https://пример.example", ""),
        ("https://xn--999999999.example", ""),
    ],
)
def test_a_host_of_look_alikes_is_known_for_what_it_is(written: str, passes_for: str) -> None:
    assert read_url(written).passes_for == passes_for


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "no host"),
        ("https://", "no host"),
        ("javascript://x", "no scheme of the web"),
        ("http://a b.example", "cannot be in a host name"),
        ("http://-.example", "cannot be in a host name"),
        ("http://shop.example:port/", "no port"),
        ("http://shop.example:99999/", "no port"),
        ("http://[::1", "does not end"),
        ("http://" + "a." * 200, "more than 253"),
        ("http://shop.example/" + "a" * 5_000, "more than 4096"),
    ],
)
def test_what_is_no_url_is_refused_and_says_why(written: str, why: str) -> None:
    with pytest.raises(UrlDoesNotRead, match=why):
        read_url(written)


@given(PATHS, QUERIES, st.randoms(use_true_random=False))
def test_the_page_stays_whatever_leads_to_it(
    path: str, query: list[tuple[str, str]], random: Random
) -> None:
    kept = [(name, value) for name, value in query if not is_tracking(name)]
    plain = f"https://shop.example/{path}?" + "&".join(map("=".join, kept))
    shuffled = [*kept, ("utm_campaign", "x"), ("gclid", "y")]
    random.shuffle(shuffled)
    typed = random.choice(("http://", "HTTPS://www.", "hxxp://user@", "")) + "Shop.EXAMPLE"
    typed += random.choice(("", "/", "/./", "/x/../")) + f"/{path}"
    typed += "?" + "&".join(map("=".join, shuffled)) + random.choice(("", "#top"))

    assert read_url(typed).page == read_url(plain).page


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("a.:/?#[]@%\\ х"), max_size=40))
@example("0..0")
def test_whatever_reads_reads_the_same_again(text: str) -> None:
    try:
        url = read_url(text)
    except UrlDoesNotRead:
        return

    again = read_url(url.page)

    assert (again.page, again.host, again.domain) == (url.page, url.host, url.domain)


def test_the_digest_is_that_of_the_page() -> None:
    url = Url(page="shop.example/a", host="shop.example", domain="shop.example")

    assert url.sha256 == hashlib.sha256(b"shop.example/a").hexdigest()
