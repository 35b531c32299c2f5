"""What hosts send: decoded once, or refused with a pointer to what is wrong."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fieldfare.ingest.kinds import ITEM_KINDS
from fieldfare.ingest.schemas import (
    EVENT_KINDS,
    HostEvent,
    ItemPosted,
    ItemViewed,
    Name,
    ReportFiled,
    as_json,
    checked_item,
    decode,
    decode_item,
    moment,
)
from fieldfare.kernel import BadInput, JsonValue

T = TypeVar("T")
NAMED: dict[str, JsonValue] = {"kind": "comment", "host_id": "c1"}
ITEM: dict[str, JsonValue] = {**NAMED, "author": "ana"}
VIEWED: dict[str, JsonValue] = {
    "window_start": "2026-03-02T09:00:00Z",
    "window_s": 60,
    "views": 3,
    "watch_ms": 9,
    "surface": "feed",
    "market": "DE",
    "age_band": "18_plus",
}
SAMPLES: dict[str, dict[str, JsonValue]] = {
    "item.posted": {"item": ITEM},
    "item.changed": {"item": ITEM},
    "item.deleted": {"item": NAMED},
    "item.viewed": {"item": NAMED, **VIEWED},
    "account.created": {"actor": "ana"},
    "account.changed": {"actor": "ana"},
    "account.deleted": {"actor": "ana"},
    "follow": {"actor": "ana", "account": "ben"},
    "like": {"actor": "ana", "item": NAMED},
    "share": {"actor": "ana", "item": NAMED},
    "report.filed": {"item": NAMED, "reporter": "ana", "reason": "spam"},
    "effect.acknowledged": {"effect": "1-0"},
}


def body(told: JsonValue) -> bytes:
    return msgspec.json.encode(told)


def event(kind: str, **more: JsonValue) -> bytes:
    return body({"kind": kind, "key": "k", **SAMPLES[kind], **more})


def refused(raw: bytes) -> BadInput:
    with pytest.raises(BadInput) as found:
        EVENT_KINDS.decode(raw)
    return found.value


def test_there_is_a_sample_of_every_kind() -> None:
    assert SAMPLES.keys() == EVENT_KINDS.schemas.keys()


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_is_decoded_into_its_own_shape(kind: str) -> None:
    decoded = EVENT_KINDS.decode(event(kind))

    assert type(decoded) is EVENT_KINDS.schemas[kind]
    assert as_json(decoded) == {"kind": kind, "key": "k"} | as_json(decoded)
    assert EVENT_KINDS.decode(body(as_json(decoded))) == decoded


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_refuses_a_field_it_does_not_know(kind: str) -> None:
    error = refused(event(kind, colour="red"))

    assert "colour" in error.message
    assert error.pointer == "/colour"
    assert "Leave the field out" in error.hint


@pytest.mark.parametrize(
    ("raw", "pointer", "message"),
    [
        (event("like", item={**NAMED, "version": 2}), "/item/version", "unknown field"),
        (event("like", item={**NAMED, "host_id": ""}), "/item/host_id", "length >= 1"),
        (event("item.viewed", window_s=0), "/window_s", ">= 1"),
        (event("item.viewed", views=-1), "/views", ">= 0"),
        (event("item.viewed", surface="billboard"), "/surface", "Invalid enum value"),
        (event("item.posted", item={**ITEM, "hashtags": ["a", 7]}), "/item/hashtags/1", "str"),
        (event("item.posted", item={**ITEM, "market": "D"}), "/item/market", "regex"),
        (event("item.posted", item={**ITEM, "market": "D E"}), "/item/market", "regex"),
        (event("item.posted", item={**ITEM, "caption": "x" * 20_001}), "/item/caption", "length"),
        (event("report.filed", at_s=-1), "/at_s", ">= 0"),
        (event("follow", key="k" * 201), "/key", "length <= 200"),
        (body({"kind": "follow", "key": "k"}), "", "missing required field `actor`"),
        (body({"key": "k"}), "", "missing required field `kind`"),
        (body([]), "", "Expected `object`"),
        (b'{"kind": "like", "deep": ' + b"[" * 100_000, "", "nested too deeply"),
        (b"{", "", "not JSON"),
        (b"", "", "not JSON"),
        (b'{"kind": "\xff"}', "", "not"),
    ],
)
def test_what_is_wrong_is_pointed_at(raw: bytes, pointer: str, message: str) -> None:
    error = refused(raw)

    assert error.pointer == pointer
    assert message in error.message
    assert error.hint


def test_an_unknown_kind_of_event_is_met_with_the_closest_known_one() -> None:
    close = refused(body({"kind": "item.pasted", "key": "k"}))
    far = refused(body({"kind": "zzz", "key": "k"}))

    assert (close.pointer, close.hint) == ("/kind", "Did you mean 'item.posted'?")
    assert far.hint.startswith("Known kinds: item.posted")


def test_an_unknown_kind_of_item_is_met_with_the_closest_known_one() -> None:
    with pytest.raises(BadInput, match="'vidoe' is not a kind of item") as refusal:
        decode_item(body({**ITEM, "kind": "vidoe"}))

    assert (refusal.value.pointer, refusal.value.hint) == ("/kind", "Did you mean 'video'?")


@pytest.mark.parametrize("kind", ITEM_KINDS)
def test_every_kind_of_item_can_be_posted(kind: str) -> None:
    assert decode_item(body({**ITEM, "kind": kind})).kind == kind


def test_the_pointer_of_an_item_inside_an_event_leads_through_the_event() -> None:
    posted = EVENT_KINDS.decode(event("item.posted", item={**ITEM, "occurred_at": "yesterday"}))
    assert isinstance(posted, ItemPosted)

    with pytest.raises(BadInput) as refusal:
        checked_item(posted.item, at="/item")

    assert refusal.value.pointer == "/item/occurred_at"


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-03-02", "2026-03-02T09:00:00", "2026-03-02T25:00:00Z"]
)
def test_a_moment_without_offset_is_a_guess_and_refused(text: str) -> None:
    with pytest.raises(BadInput, match="RFC 3339") as refusal:
        moment(text, pointer="/occurred_at")

    assert refusal.value.pointer == "/occurred_at"


def test_a_moment_is_read_to_the_millisecond_and_may_be_left_out() -> None:
    assert moment("1970-01-01T01:00:00.250+01:00", pointer="") == 250
    assert moment(None, pointer="") is None


def test_an_operator_may_add_a_kind_and_the_registry_given_stays_as_it_was() -> None:
    class Gifted(HostEvent, frozen=True, kw_only=True):
        gift: Name

    more = EVENT_KINDS.with_kind("gift", Gifted)

    decoded = more.decode(body({"kind": "gift", "key": "k", "gift": "rose"}))
    assert isinstance(decoded, Gifted)
    assert decoded.gift == "rose"
    assert "gift" not in EVENT_KINDS.schemas
    assert refused(body({"kind": "gift", "key": "k", "gift": "rose"})).pointer == "/kind"


def test_the_texts_of_an_item_are_those_that_say_something() -> None:
    item = decode_item(body({**ITEM, "caption": "sarno", "hashtags": ["a", "b"]}))

    assert item.text_fields() == {"caption": "sarno", "hashtags": "a b"}


def test_what_was_not_said_is_left_out_of_the_json() -> None:
    viewed = EVENT_KINDS.decode(event("item.viewed", views=0))

    told = as_json(viewed)

    assert isinstance(viewed, ItemViewed)
    assert told["views"] == 0
    assert not told.keys() & {"occurred_at", "version"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SPOILED = st.tuples(
    st.sampled_from(sorted(SAMPLES)), st.sampled_from([*VIEWED, "item", "actor", "key"]), JSON
)


@given(JSON)
def test_any_json_is_an_event_or_bad_input(told: JsonValue) -> None:
    taken_or_refused(body(told))


@given(SPOILED)
@example(
    (
        "item.posted",
        "item",
        {"kind": "comment", "host_id": "\ud800".encode("utf-8", "replace").decode()},
    )
)
def test_an_event_with_any_value_in_a_field_is_taken_or_bad_input(
    spoiled: tuple[str, str, JsonValue],
) -> None:
    kind, name, value = spoiled

    taken_or_refused(event(kind, **{name: value}))


@given(st.binary(max_size=60))
@example(b'{"kind": "like", "key": "\\ud800"}')
@example(b"[" * 5_000)
@example(b'{"kind": "like", "deep": ' + b"[" * 100_000)
@example(b'{"kind":' * 5_000)
@example(b'{"kind": "follow", "key": 1e999}')
def test_any_bytes_are_an_event_or_bad_input(raw: bytes) -> None:
    taken_or_refused(raw)


@given(JSON)
def test_any_json_is_an_item_or_bad_input(told: JsonValue) -> None:
    found = outcome(lambda: decode_item(body(told)))

    assert found.hint if isinstance(found, BadInput) else found.kind in ITEM_KINDS


@given(st.text())
@example("9999-12-31T23:59:59.999999-23:59")
@example("0001-01-01T00:00:00+23:59")
def test_any_text_is_a_moment_or_bad_input(text: str) -> None:
    found = outcome(lambda: moment(text, pointer="/occurred_at"))

    assert found.pointer == "/occurred_at" if isinstance(found, BadInput) else found is not None


def taken_or_refused(raw: bytes) -> None:
    found = outcome(lambda: EVENT_KINDS.decode(raw))

    if isinstance(found, BadInput):
        assert found.message
        assert found.hint
        assert found.pointer == "" or found.pointer.startswith("/")
    else:
        assert EVENT_KINDS.decode(body(as_json(found))) == found


def outcome(attempt: Callable[[], T]) -> T | BadInput:
    """Give what comes of it; anything but BadInput is an error of ours and passes through."""
    try:
        return attempt()
    except BadInput as error:
        return error


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ({"kind": "follow", "key": "k\0", "actor": "ana", "account": "ben"}, "/key"),
        ({"kind": "follow", "key": "k", "actor": "a\0na", "account": "ben"}, "/actor"),
        ({"kind": "item.posted", "key": "k", "item": {**ITEM, "host_id": "\0"}}, "/item/host_id"),
        (
            {"kind": "report.filed", "key": "k", "item": NAMED, "reporter": "b", "reason": "\0"},
            "/reason",
        ),
    ],
)
def test_a_name_with_the_character_nul_is_refused_with_a_pointer(
    event: dict[str, JsonValue], pointer: str
) -> None:
    with pytest.raises(BadInput, match=r"U\+0000") as refused:
        EVENT_KINDS.decode(body(event))

    assert refused.value.pointer == pointer


def test_what_people_posted_is_taken_with_the_character_nul_in_it() -> None:
    item = decode_item(body({**ITEM, "caption": "a\0b", "text": "\0", "hashtags": ["x\0"]}))

    assert (item.caption, item.text, item.hashtags) == ("a\0b", "\0", ("x\0",))
    assert decode_item(body({**ITEM, "text": r"a \u0000"})).text == r"a \u0000"


def test_what_somebody_reports_is_taken_with_the_character_nul_in_it() -> None:
    report = EVENT_KINDS.decode(event("report.filed", text="a\0b"))

    assert isinstance(report, ReportFiled)
    assert report.text == "a\0b"


def test_a_field_that_is_named_like_what_people_post_is_no_exemption() -> None:
    class Listed(msgspec.Struct):
        text: str

    with pytest.raises(BadInput, match=r"U\+0000") as refused:
        decode(msgspec.json.Decoder(Listed), body({"text": "a\0b"}))

    assert refused.value.pointer == "/text"
