from dataclasses import replace

import pytest

from fieldfare.kernel import BadInput, Org, Span
from fieldfare.matching.known_text import (
    MOST_OF_A_BANK,
    SOME_TIME,
    KnownText,
    TextEntry,
    TextMatch,
    When,
    checked,
    digest_of,
)
from fieldfare.matching.long_texts import tlsh_of
from fieldfare.matching.repositories import BankRecord, Polarity
from fieldfare.matching.thresholds import Asking
from fieldfare.matching.urls import read_url

SPAM = "Get free zorblats now, send your number to the norfling club today"
LONG = " ".join(f"word{n * n} of{n} this{n % 7} story{n * 31}" for n in range(60))


def a_bank(
    name: str, policy: str = "IN.SPAM", *, vetted: bool = False, is_good: bool = False
) -> BankRecord:
    polarity = Polarity.KNOWN_GOOD if is_good else Polarity.HARMFUL
    return BankRecord(org=Org("main"), name=name, policy=policy, vetted=vetted, polarity=polarity)


def known(*entries: TextEntry, **banks: BankRecord) -> KnownText:
    texts = KnownText()
    texts.put_banks(banks.values() or [a_bank("spam", "IN.SPAM", vetted=True)])
    texts.add(entries)
    return texts


def an_entry(number: int, content: str, *, bank: str = "spam", is_url: bool = False) -> TextEntry:
    return TextEntry(id=number, bank=bank, content=content, label=f"n{number}", is_url=is_url)


def found(matches: tuple[TextMatch, ...]) -> list[tuple[int, str]]:
    return [(match.entry, match.means) for match in matches]


def test_a_copy_in_a_field_matches_with_where_it_stands() -> None:
    caption = f"friends, {SPAM}!!"

    matches = known(an_entry(1, SPAM)).match({"hashtags": "fun", "caption": caption}).texts

    [match] = matches
    assert (match.bank, match.policy, match.vetted, match.label) == ("spam", "IN.SPAM", True, "n1")
    assert match.means == "near"
    assert match.span == Span(9, 9 + len(SPAM), "char", "caption")


@pytest.mark.parametrize(
    ("entry", "means"),
    [
        ("https://bad.shop.com/a?utm_source=x", "url"),
        ("bad.shop.com", "host"),
        ("shop.com", "domain"),
        ("https://www.shop.com/", "domain"),
    ],
)
def test_a_url_in_a_text_is_known_by_page_host_or_domain(entry: str, means: str) -> None:
    text = "look: hxxps://bad[.]shop[.]com/a !"

    [match] = known(an_entry(1, entry, is_url=True)).match({"text": text}).urls

    assert (match.means, match.found) == (means, "bad.shop.com/a")
    assert text[int(match.span.start) : int(match.span.end)] == "hxxps://bad[.]shop[.]com/a"


@pytest.mark.parametrize(
    "entry", ["https://bad.shop.com/b", "worse.shop.com", "https://shop.com/a", "hop.com"]
)
def test_another_page_or_host_is_not_known(entry: str) -> None:
    texts = known(an_entry(1, entry, is_url=True))

    assert texts.match({"text": "https://bad.shop.com/a"}).urls == ()


def test_what_lies_below_a_known_host_is_known() -> None:
    texts = known(an_entry(1, "bad.shop.com", is_url=True))

    assert found(texts.match({"text": "https://x.y.bad.shop.com/z"}).urls) == [(1, "host")]


def test_a_page_is_known_by_its_digest_alone() -> None:
    entry = TextEntry(
        id=1, bank="spam", content="", is_url=True, sha256=read_url("https://shop.com/a").sha256
    )

    assert found(known(entry).match({"text": "see shop.com/a"}).urls) == [(1, "url")]


def test_a_long_text_is_known_by_its_digest_alone() -> None:
    texts = known(an_entry(1, digest_of(LONG)))

    [match] = texts.match({"text": LONG.replace("story31 ", "")}).texts

    assert match.means == "tlsh"
    assert 0.5 <= match.similarity < 1
    assert digest_of("short") == ""


def test_vetted_and_exact_come_first() -> None:
    banks = {name: a_bank(name, "X.Y", vetted=name == "sure") for name in ("a", "sure")}
    near = SPAM.replace("today", "tonight")
    texts = known(
        an_entry(1, SPAM, bank="a"),
        an_entry(2, near, bank="sure"),
        an_entry(3, SPAM, bank="sure"),
        **banks,
    )

    assert found(texts.match({"text": SPAM}).texts) == [(3, "exact"), (2, "near"), (1, "exact")]


def test_a_quarantined_entry_only_asks() -> None:
    entry = TextEntry(id=1, bank="spam", content=SPAM, is_question=True)

    [match] = known(entry).match({"text": SPAM}).texts

    assert not match.vetted


def test_what_is_known_to_be_good_stands_against_what_is_no_more_exact() -> None:
    banks = {
        "spam": a_bank("spam", "IN.SPAM"),
        "fine": a_bank("fine", "IN.SPAM", is_good=True),
    }
    near = SPAM.replace("today", "tonight")
    texts = known(
        an_entry(1, near),
        an_entry(2, SPAM, bank="fine"),
        an_entry(3, "shop.com", is_url=True),
        an_entry(4, "https://bad.shop.com/a", is_url=True),
        an_entry(5, "ok.shop.com", bank="fine", is_url=True),
        **banks,
    )

    fine = texts.match({"text": SPAM})
    harmful = texts.match({"text": near})
    urls = texts.match({"text": "ok.shop.com/b and bad.shop.com/a"})

    assert (fine.texts, found(fine.good)) == ((), [(2, "exact")])
    assert found(harmful.texts) == [(1, "exact")]
    assert found(urls.urls) == [(4, "url"), (3, "domain")]
    assert {match.found for match in urls.urls} == {"bad.shop.com/a"}


def test_an_entry_that_cannot_be_read_keeps_no_other_from_matching() -> None:
    texts = known(
        an_entry(1, "no url", is_url=True),
        an_entry(2, "tlsh:T1"),
        an_entry(3, "?"),
        an_entry(4, SPAM),
    )

    assert found(texts.match({"text": SPAM}).texts) == [(4, "exact")]
    texts.remove([1, 2, 3])
    assert len(texts) == 1


def test_an_entry_that_came_later_is_not_known_then() -> None:
    texts = known(an_entry(10, SPAM), an_entry(20, "shop.com", is_url=True))

    then = texts.match({"text": f"{SPAM} shop.com"}, When(asking=SOME_TIME.asking, as_of=15))

    assert (found(then.texts), then.urls) == ([(10, "near")], ())


def test_a_bank_that_is_not_asked_matches_nothing() -> None:
    texts = known(an_entry(1, SPAM))

    texts.put_banks([])

    assert texts.match({"text": SPAM}).texts == ()


def test_an_entry_or_bank_that_is_off_until_a_moment_is_asked_after_it() -> None:
    entry = TextEntry(id=1, bank="spam", content=SPAM, disabled_until=2_000)
    off = replace(a_bank("spam"), disabled_until=3_000)
    texts = known(entry, spam=a_bank("spam"))

    def matches_at(at_ms: int) -> bool:
        return bool(texts.match({"text": SPAM}, When(asking=Asking(at_ms=at_ms, item=""))).texts)

    assert (matches_at(1_999), matches_at(2_000)) == (False, True)
    texts.put_banks([off])
    assert (matches_at(2_999), matches_at(3_000)) == (False, True)


def test_a_changed_or_removed_entry_matches_as_it_is_now() -> None:
    texts = known(
        an_entry(1, SPAM), an_entry(2, "shop.com", is_url=True), an_entry(3, digest_of(LONG))
    )

    texts.add([an_entry(1, "shop.net", is_url=True)])
    texts.remove([2, 3, 99])

    assert len(texts) == 1
    assert texts.match({"text": f"{SPAM} {LONG} shop.com"}).texts == ()
    assert found(texts.match({"text": "shop.com shop.net"}).urls) == [(1, "domain")]


def test_hosts_that_pass_for_others_are_noted() -> None:
    text = "free stuff: pаypal.com"  # noqa: RUF001 -- a look-alike

    [(name, span)] = known().match({"text": text}).passes_for

    assert name == "paypal.com"
    assert span == Span(12, 22, "char", "text")


@pytest.mark.parametrize(
    ("content", "is_url", "kept"),
    [
        ("  Some words ", False, "Some words"),
        ("https://www.Shop.com/a?gclid=1", True, "shop.com/a"),
        ("tlsh:" + tlsh_of(LONG), False, "tlsh:" + tlsh_of(LONG)),
    ],
)
def test_an_entry_keeps_what_it_is_matched_by(content: str, is_url: bool, kept: str) -> None:  # noqa: FBT001 -- a parameter of the test
    assert checked(content, is_url=is_url) == kept


@pytest.mark.parametrize(
    ("content", "is_url"), [("?!", False), ("no url", True), ("tlsh:T1", False)]
)
def test_an_entry_that_could_never_match_is_refused(content: str, is_url: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    with pytest.raises(BadInput):
        checked(content, is_url=is_url)


def test_a_url_is_known_behind_many_others() -> None:
    others = " ".join(f"h{number}.example" for number in range(200))

    told = known(an_entry(1, "https://bad.example/x", is_url=True)).match(
        {"caption": f"{others} bad.example/x"}
    )

    assert found(told.urls) == [(1, "url")]


def test_of_many_copies_in_a_bank_the_nearest_are_told() -> None:
    text = "buy now cheap things at our wonderful store today"
    far = [an_entry(number, f"{text} and tomorrow") for number in range(2, 300)]
    pages = [an_entry(400 + n, f"bad.example/{n}", is_url=True) for n in range(100)]

    told = known(*far, an_entry(1, text), *pages).match(
        {"caption": text, "bio": " ".join(f"bad.example/{number}" for number in range(100))}
    )

    assert found(told.texts)[0] == (1, "exact")
    assert len(told.texts) == MOST_OF_A_BANK
    assert [match.entry for match in told.urls] == [400 + n for n in range(MOST_OF_A_BANK)]
