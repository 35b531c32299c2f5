"""Clients of exchanges, against services of our own that answer in the recorded shapes."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from fieldfare.engine.exchange_http import HttpAsk
from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching.exchanges import (
    APIS,
    Asked,
    ExchangeClient,
    ExchangeRefused,
    ExchangeSetup,
    ExchangeUnavailable,
    ExchangeUnreadable,
    OpinionNotTaken,
    OwnOpinion,
    Page,
    Signal,
    SignalKind,
    Standing,
    api_named,
)
from fieldfare.testing.exchanges import (
    FEEDBACK_KEY,
    FUNCTION_KEY,
    LOOPBACK,
    PASSWORD,
    REASON,
    SECRETS,
    SUBSCRIPTION_KEY,
    TOKEN,
    USER,
    Answered,
    FakeExchange,
    FakeNcmec,
    FakeStopNcii,
    FakeTat,
    FakeThreatExchange,
    Service,
    an_exchange,
)

NOW_S = 1_800_000_000
ONE, TWO, THREE = "1a" * 32, "2b" * 32, "3c" * 32
PDQ_ONE = Signal(SignalKind.PDQ, ONE)
CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "ncmec": {"user": USER, "password": PASSWORD},
    "stop_ncii": {
        "fetch_function_key": FUNCTION_KEY,
        "subscription_key": SUBSCRIPTION_KEY,
        "feedback_function_key": FEEDBACK_KEY,
    },
    "fb_threatexchange": {"api_token": TOKEN},
    "tat": {"username": USER, "password": PASSWORD},
    "local_file": {},
}
CONFIGS: Mapping[str, Mapping[str, JsonValue]] = {
    "ncmec": {"environment": "test_Industry"},
    "fb_threatexchange": {"privacy_group": 1234},
}


ASK = HttpAsk(lambda _: None, hosts=frozenset({LOOPBACK}), random=Random(1))


def client(name: str, at: FakeExchange, **config: JsonValue) -> ExchangeClient:
    given = {**CONFIGS.get(name, {}), "base_url": at.base, **config}
    api = api_named(name)
    return api.make(
        ExchangeSetup(
            config=api.check_config(given),
            secrets=api.check_secrets(CREDENTIALS[name]),
            ask=ASK,
            folder=Path("exchanges"),
        )
    )


def fetched(found: Iterator[Page]) -> tuple[dict[str, bool], Page]:
    """Give which keys came, with whether each is known content, and the last page."""
    keys: dict[str, bool] = {}
    page = None
    for page in found:
        keys |= {record.key: record.is_known_content for record in page.records}
    assert page is not None
    return keys, page


def test_ncmec_is_read_page_by_page_and_goes_on_from_its_checkpoint() -> None:
    service = FakeNcmec(page=2)
    for number in range(5):
        service.share(NOW_S - 1000 + number, f"image{number}", pdq=f"{number}d" * 32)
    with an_exchange(service) as ncmec:
        pages = client("ncmec", ncmec).pages(None, now_s=NOW_S)
        first = next(pages)
        resumed, last = fetched(client("ncmec", ncmec).pages(first.checkpoint, now_s=NOW_S))
        service.delete(NOW_S + 50, "image0")
        service.share(NOW_S + 60, "clip", media="video", md5="ab" * 16)
        later, _ = fetched(client("ncmec", ncmec).pages(last.checkpoint, now_s=NOW_S + 100))

    assert [record.key for record in first.records] == ["42-image0", "42-image1"]
    assert first.begins
    assert list(resumed) == ["42-image2", "42-image3", "42-image4"]
    assert last.checkpoint == {"from": NOW_S - 5}
    assert later == {"42-image0": False, "42-clip": True}


def test_ncmecs_page_is_asked_for_anew_after_twelve_hours() -> None:
    service = FakeNcmec(page=1)
    service.share(NOW_S - 1000, "image0", pdq=ONE)
    service.share(NOW_S - 999, "image1", pdq=TWO)
    with an_exchange(service) as ncmec:
        first = next(client("ncmec", ncmec).pages(None, now_s=NOW_S))
        keys, _ = fetched(client("ncmec", ncmec).pages(first.checkpoint, now_s=NOW_S + 50_000))

    assert list(keys) == ["42-image0", "42-image1"]


def test_a_window_of_ncmec_with_too_much_in_it_is_made_smaller() -> None:
    service = FakeNcmec(page=1, claims=500_000)
    service.share(NOW_S - 1000, "image0", pdq=ONE)
    service.share(NOW_S // 2, "image1", pdq=TWO)
    with an_exchange(service) as ncmec:
        keys, last = fetched(client("ncmec", ncmec).pages(None, now_s=NOW_S))

    assert sorted(keys) == ["42-image0", "42-image1"]
    assert last.checkpoint == {"from": NOW_S - 5}


def test_only_the_members_asked_for_are_taken_from_ncmec() -> None:
    service = FakeNcmec()
    service.share(NOW_S - 10, "image0", pdq=ONE)
    with an_exchange(service) as ncmec:
        of_others, _ = fetched(client("ncmec", ncmec, only_esp_ids=[7]).pages(None, now_s=NOW_S))
        of_this, _ = fetched(client("ncmec", ncmec, only_esp_ids="42,7").pages(None, now_s=NOW_S))

    assert (of_others, of_this) == ({}, {"42-image0": True})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
        (b"<a><b></a>", "no XML"),
        (b"<a xmlns='x'><paging><next>https://elsewhere.test/</next></paging></a>", "next page"),
        (b"<a><paging><next>/v2/entries?x=/../../secret</next></paging></a>", "next page"),
    ],
)
def test_xml_that_wants_something_else_is_refused(body: bytes, why: str) -> None:
    with an_exchange(FakeNcmec()) as ncmec:
        ncmec.troubles.append(Answered(body=body))

        with pytest.raises(ExchangeUnreadable, match=why):
            fetched(client("ncmec", ncmec).pages(None, now_s=NOW_S))


def test_ncmec_is_voted_to_with_a_reason_where_it_wants_one() -> None:
    service = FakeNcmec()
    opinion = {"key": "42-i", "signals": (PDQ_ONE,), "address": {"member": "42", "id": "i-1"}}
    with an_exchange(service) as ncmec:
        speaking = client("ncmec", ncmec)
        speaking.tell(OwnOpinion(agrees=True, **opinion))  # type: ignore[arg-type]  # spelt out above
        speaking.tell(OwnOpinion(agrees=False, **opinion))  # type: ignore[arg-type]  # spelt out above
        with pytest.raises(OpinionNotTaken, match="reason"):
            client("ncmec", ncmec, negative_reason="no-such").tell(
                OwnOpinion(agrees=False, **opinion)  # type: ignore[arg-type]  # spelt out above
            )

    (place, upvote), (_, downvote) = service.votes
    assert place == "/v2/entries/42/i-1/PDQ/feedback"
    assert b"<affirmative" in upvote
    assert f"<reasonIds><guid>{REASON}</guid></reasonIds>".encode() in downvote


@pytest.mark.parametrize(
    "address",
    [{"member": "42", "id": ".."}, {"member": "..", "id": "i"}, {"member": "42", "id": "i/1"}, {}],
)
def test_a_vote_goes_to_no_place_but_an_entrys(address: dict[str, str]) -> None:
    service = FakeNcmec()
    opinion = OwnOpinion(key="42-i", agrees=True, signals=(PDQ_ONE,), address=address)
    with an_exchange(service) as ncmec, pytest.raises(OpinionNotTaken, match="no name"):
        client("ncmec", ncmec).tell(opinion)

    assert service.votes == []


def test_stopncii_is_read_to_the_end_and_withdrawn_hashes_go() -> None:
    service = FakeStopNcii(page=2)
    for number, value in enumerate((ONE, TWO, THREE)):
        service.share(1_000 + number, value)
    with an_exchange(service) as stopncii:
        first = next(client("stop_ncii", stopncii).pages(None, now_s=NOW_S))
        rest, last = fetched(client("stop_ncii", stopncii).pages(first.checkpoint, now_s=NOW_S))
        service.share(2_000, ONE, status="Withdrawn")
        later, end = fetched(client("stop_ncii", stopncii).pages(last.checkpoint, now_s=NOW_S))

    assert (first.begins, first.ends, last.ends, end.ends) == (True, False, True, False)
    assert rest == {f"ImagePDQ:{THREE}": True}
    assert later == {f"ImagePDQ:{ONE}": False}


def test_a_token_of_stopncii_that_has_died_costs_nothing_but_the_pages_again() -> None:
    service = FakeStopNcii(page=1)
    service.share(1_000, ONE)
    service.share(1_001, TWO)
    with an_exchange(service) as stopncii:
        first = next(client("stop_ncii", stopncii).pages(None, now_s=NOW_S))
        stopncii.troubles.append(Answered(status=400))
        keys, last = fetched(client("stop_ncii", stopncii).pages(first.checkpoint, now_s=NOW_S))

    assert len(keys) == 2
    assert last.ends


def test_stopncii_begins_anew_after_a_month_away() -> None:
    service = FakeStopNcii()
    service.share(1_000, ONE)
    with an_exchange(service) as stopncii:
        _, last = fetched(client("stop_ncii", stopncii).pages(None, now_s=NOW_S))
        again, page = fetched(
            client("stop_ncii", stopncii).pages(last.checkpoint, now_s=NOW_S + 31 * 86_400)
        )

    assert again == {f"ImagePDQ:{ONE}": True}
    assert page.begins
    assert page.ends


def test_a_record_that_cannot_be_read_is_skipped_and_counted() -> None:
    service = FakeStopNcii()
    service.share(1_000, "not a hash")
    service.share(1_001, ONE, CSPFeedbacks=[{"source": "A", "feedbackValue": "Blocked"}])
    service.share(1_002, "x", signalType="VideoTMK", caseNumbers=[])
    with an_exchange(service) as stopncii:
        (page,) = client("stop_ncii", stopncii).pages(None, now_s=NOW_S)

    assert page.skipped == 1
    assert [(each.standing, each.is_known_content) for each in page.records] == [
        (Standing.CONFIRMED, True),
        (Standing.REPORTED, False),
    ]


def test_stopncii_is_told_by_its_feedback_key() -> None:
    service = FakeStopNcii()
    with an_exchange(service) as stopncii:
        opinion = OwnOpinion(key="k", agrees=False, signals=(PDQ_ONE,), address={"value": ONE})
        client("stop_ncii", stopncii).tell(opinion)

    told = {"hashValue": ONE, "feedbackValue": "NotBlocked", "tags": []}
    assert service.feedback == [{"count": 1, "hashFeedbacks": [told]}]


def test_threatexchange_follows_its_pages_and_keeps_no_token() -> None:
    service = FakeThreatExchange(page=2)
    for number, value in enumerate((ONE, TWO, THREE)):
        service.share(1_000 + number, value)
    with an_exchange(service) as exchange:
        pages = list(client("fb_threatexchange", exchange).pages(None, now_s=NOW_S))
        service.delete(1_010, ONE)
        later, _ = fetched(
            client("fb_threatexchange", exchange).pages(pages[-1].checkpoint, now_s=NOW_S)
        )

    assert [len(page.records) for page in pages] == [2, 1]
    assert pages[-1].ends
    assert pages[0].records[0].tags == ("media_type_photo",)
    assert all(TOKEN not in repr(page) for page in pages)
    assert later[f"HASH_PDQ:{ONE}"] is False


def test_the_token_goes_nowhere_else() -> None:
    service = FakeThreatExchange(page=1, elsewhere="https://elsewhere.test")
    service.share(1_000, ONE)
    service.share(1_001, TWO)
    with an_exchange(service) as exchange, pytest.raises(ExchangeUnreadable, match="address"):
        list(client("fb_threatexchange", exchange).pages(None, now_s=NOW_S))


def test_what_all_members_call_harmless_is_no_known_content() -> None:
    service = FakeThreatExchange()
    service.share(1_000, ONE, status="NON_MALICIOUS")
    service.share(1_001, TWO, status="UNKNOWN")
    service.share(1_002, "https://bad.example/x", kind="URI")
    service.share(1_003, "0" * 32, kind="HASH_MD5")
    with an_exchange(service) as exchange:
        keys, _ = fetched(client("fb_threatexchange", exchange).pages(None, now_s=NOW_S))

    assert list(keys.values()) == [False, True, True, True]


def test_threatexchange_is_told_by_a_reaction() -> None:
    service = FakeThreatExchange()
    service.share(1_000, ONE)
    with an_exchange(service) as exchange:
        speaking = client("fb_threatexchange", exchange)
        (page,) = speaking.pages(None, now_s=NOW_S)
        (record,) = page.records
        opinion = OwnOpinion(
            key=record.key, agrees=True, signals=record.signals, address=record.address
        )
        speaking.tell(opinion)

    assert service.reactions == [("9000", "HELPFUL")]


def test_the_list_of_tech_against_terrorism_goes_on_at_its_mark() -> None:
    service = FakeTat(page=2)
    for number in range(3):
        service.share(1_000 + number, number, f"{number}e" * 16)
    with an_exchange(service) as tat:
        first = next(client("tat", tat).pages(None, now_s=NOW_S))
        rest, last = fetched(client("tat", tat).pages(first.checkpoint, now_s=NOW_S))
        service.share(2_000, 0, "0e" * 16, deleted=True)
        later, _ = fetched(client("tat", tat).pages(last.checkpoint, now_s=NOW_S))
        quiet, _ = fetched(client("tat", tat).pages({"after": "2000,0"}, now_s=NOW_S))

    assert first.checkpoint == {"after": "1001,1"}
    assert (rest, later, quiet) == ({"2": True}, {"0": False}, {})


@pytest.mark.parametrize("name", sorted(set(APIS) - {"local_file"}))
def test_every_service_says_who_we_are_or_that_it_does_not_know_us(name: str) -> None:
    services: dict[str, Service] = {
        "ncmec": FakeNcmec(),
        "stop_ncii": FakeStopNcii(),
        "fb_threatexchange": FakeThreatExchange(),
        "tat": FakeTat(),
    }
    with an_exchange(services[name]) as exchange:
        told = client(name, exchange).introduce()
        wrong = api_named(name).make(
            ExchangeSetup(
                config={**CONFIGS.get(name, {}), "base_url": exchange.base},
                secrets=dict.fromkeys(CREDENTIALS[name], "wrong-secret"),
                ask=ASK,
                folder=Path(),
            )
        )
        with pytest.raises(ExchangeRefused) as refused:
            wrong.introduce()

    assert told
    assert not any(secret in told for secret in SECRETS)
    assert "wrong-secret" not in str(refused.value)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def ask(waits: list[float]) -> Callable[[Asked], bytes]:
    return HttpAsk(waits.append, hosts=frozenset({LOOPBACK}), random=Random(1), body_at_most=1_000)


def test_a_service_that_is_busy_is_asked_again_when_it_says(
    ask: Callable[[Asked], bytes], waits: list[float]
) -> None:
    with an_exchange(FakeNcmec()) as ncmec:
        busy = [Answered(status=429, headers={"retry-after": "7"}), Answered(status=503)]
        ncmec.troubles += [*busy, Answered(body=b"well")]
        body = ask(Asked(method="GET", url=ncmec.base))

    assert body == b"well"
    assert waits[0] == 7.0
    assert 1.0 <= waits[1] <= 2.0


def test_a_service_that_stays_down_is_left_alone_after_five_tries(
    ask: Callable[[Asked], bytes], waits: list[float]
) -> None:
    with an_exchange(FakeNcmec()) as ncmec:
        ncmec.troubles += [Answered(status=502)] * 5
        with pytest.raises(ExchangeUnavailable, match="answered 502 after 5 tries"):
            ask(Asked(method="GET", url=ncmec.base, params=(("access_token", TOKEN),)))

    assert len(ncmec.calls) == 5
    assert waits == sorted(waits)


def test_what_may_have_been_done_is_not_sent_twice(ask: Callable[[Asked], bytes]) -> None:
    with an_exchange(FakeNcmec()) as ncmec:
        ncmec.troubles += [Answered(status=503)] * 5
        with pytest.raises(ExchangeUnavailable):
            ask(Asked(method="POST", url=ncmec.base, body=b"x"))

    assert len(ncmec.calls) == 1


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        (
            Answered(status=302, headers={"location": "https://elsewhere.test"}),
            "not followed",
        ),
        (Answered(status=403), "refuses the credentials"),
        (Answered(status=404), "answered 404"),
        (Answered(body=b"x" * 2_000), "more than 1000 bytes"),
    ],
    ids=["redirect", "forbidden", "not found", "too large"],
)
def test_what_no_second_try_mends_is_refused_at_once(
    ask: Callable[[Asked], bytes], answered: Answered, why: str
) -> None:
    with an_exchange(FakeNcmec()) as ncmec:
        ncmec.troubles.append(answered)
        with pytest.raises(ExchangeRefused, match=why):
            ask(Asked(method="GET", url=f"{ncmec.base}/?access_token={TOKEN}"))

    assert len(ncmec.calls) == 1


@pytest.mark.parametrize(
    "url",
    ["http://example.test/", "ftp://127.0.0.1/", "https://a:b@c.test/", "nonsense", "https://[::"],
)
def test_only_https_is_spoken_beyond_this_machine(ask: Callable[[Asked], bytes], url: str) -> None:
    with pytest.raises(ExchangeRefused, match="no address of an exchange"):
        ask(Asked(method="GET", url=url))


def test_no_repr_tells_a_secret() -> None:
    asked = Asked(
        method="POST",
        url="https://a.test",
        params=(("access_token", TOKEN),),
        headers={"authorization": PASSWORD},
        body=FUNCTION_KEY.encode(),
    )
    made = ExchangeSetup(
        config={}, secrets={"a": TOKEN}, ask=HttpAsk(lambda _: None), folder=Path()
    )

    assert not any(secret in repr((asked, made)) for secret in SECRETS)


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({}, "/config/environment"),
        ({"environment": "Nowhere"}, "/config/environment"),
        ({"environment": "NGO", "only_esp_ids": "a"}, "/config/only_esp_ids"),
        ({"environment": "NGO", "password": "p"}, "/config/password"),
    ],
)
def test_a_wrong_setting_is_named(config: Mapping[str, JsonValue], pointer: str) -> None:
    with pytest.raises(BadInput) as wrong:
        api_named("ncmec").check_config(config)

    assert wrong.value.pointer == pointer


def test_an_unknown_kind_of_exchange_is_named_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="Did you mean 'ncmec'"):
        api_named("ncmecc")
