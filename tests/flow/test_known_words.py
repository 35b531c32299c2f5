"""Known texts and URLs: from an entry of a bank to what befalls a comment that copies it."""

from fieldfare.engine.banks import add_to_bank, change_bank, change_entry, put_bank, remove_entries
from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.word_entries import known_piece
from fieldfare.kernel import EventId
from fieldfare.matching.repositories import BankRecord, EntryState
from fieldfare.records import Event
from fieldfare.testing.platforms import Community, a_comment, reopened
from fieldfare.web.console.views.items import item_view

HOUR_MS = 3_600_000
SPAM = "Get free sarnos now, send your number to the norfling club today"
NEAR = SPAM.replace("today", "tonight")
SHARED = SPAM.removesuffix("day")


def a_bank(community: Community, *, vetted: bool = True) -> None:
    record = BankRecord(org=community.org, name="waves", policy="IN.SPAM", vetted=vetted)
    pack = community.platform.pack(community.org)
    community.platform.store.write(lambda uow: put_bank(uow, record, pack, by="test"))


def an_entry(community: Community, content: str, *, is_url: bool = False) -> EventId:
    piece = known_piece(content, is_url=is_url, label="wave 7")
    [entry] = community.platform.store.write(
        lambda uow: add_to_bank(uow, community.org, "waves", [piece], by="test")
    )
    community.settle()
    return entry


def ruled(community: Community, text: str, host_id: str = "c1") -> tuple[str, list[str]]:
    judgement = community.posted(a_comment(text, host_id=host_id)).judgement
    return judgement.action, [reason.by for reason in judgement.reasons]


def test_a_copy_of_a_known_text_meets_its_policy_at_once(community: Community) -> None:
    a_bank(community)
    an_entry(community, SPAM)

    assert ruled(
        community, "GET free S4RNOS now - send your number to the norfling club, today!"
    ) == (
        "limit",
        ["KnownText"],
    )
    assert ruled(community, "sarno wivel", "c2") == ("allow", [])


def test_a_near_copy_is_held_with_a_case_that_shows_where(community: Community) -> None:
    a_bank(community)
    an_entry(community, SPAM)

    decision = community.posted(a_comment(f"hey 😀 {NEAR} ok"))

    assert decision.judgement.action == "hold"
    [reason] = decision.judgement.reasons
    assert reason.by == "NearCopyOfKnownText"
    spans = {span for seen in reason.seen for span in seen.spans}
    assert {(span.field, span.start, span.end, span.unit) for span in spans} == {
        ("text", 6, 6 + len(SHARED), "char")
    }
    platform, org = community.platform, community.org
    find, pack = platform.books.of(org).found_in, platform.pack(org)
    view = platform.store.read(
        lambda uow: item_view(uow, org, decision.subject, find, pack=pack, by="nobody")
    )
    [line] = view.texts
    assert [piece.text for piece in line.pieces if piece.is_hit] == [SHARED]


def test_a_known_address_is_found_in_disguise(community: Community) -> None:
    a_bank(community)
    an_entry(community, "https://evil.example/win?utm_source=a", is_url=True)

    assert ruled(community, "go to hxxps://evil[.]example/win") == ("limit", ["KnownUrl"])
    assert ruled(community, "evil.example is down", "c2") == ("allow", [])


def test_a_bank_nobody_vetted_holds_nothing_and_asks_a_person(community: Community) -> None:
    a_bank(community, vetted=False)
    entry = an_entry(community, SPAM)

    decision = community.posted(a_comment(SPAM))

    assert decision.judgement.action == "allow"
    assert [reason.by for reason in decision.judgement.reasons] == ["UnvettedText"]
    (case,) = community.platform.store.read(
        lambda uow: uow.cases.of_subject(community.org, decision.subject)
    )
    assert case.policies == ("IN.SPAM",)
    item = community.platform.store.read(
        lambda uow: uow.items.current(community.org, decision.subject)
    )
    assert item is not None
    facts = community.platform.store.read(
        lambda uow: community.platform.facts_of(uow, community.org, item)
    )
    told = facts["text.match.all"]
    assert isinstance(told, dict)
    assert told["value"] == [
        {
            "bank": "waves",
            "policy": "IN.SPAM",
            "vetted": False,
            "entry": str(entry),
            "label": "wave 7",
            "means": "exact",
            "similarity": 1.0,
            "found": "",
            "field": "text",
            "start": 0,
            "end": len(SPAM),
        }
    ]


def test_changes_of_entries_and_banks_count_from_then_on(community: Community) -> None:
    a_bank(community)
    entry = an_entry(community, SPAM)
    store, org = community.platform.store, community.org

    store.write(
        lambda uow: change_entry(uow, org, entry, {"state": EntryState.QUARANTINED}, by="test")
    )
    community.settle()
    asked = ruled(community, SPAM, "c1")
    store.write(lambda uow: change_entry(uow, org, entry, {"state": EntryState.ACTIVE}, by="test"))
    store.write(lambda uow: change_bank(uow, org, "waves", {"enabled": False}, by="test"))
    community.settle()
    off = ruled(community, SPAM, "c2")
    store.write(lambda uow: change_bank(uow, org, "waves", {"enabled": True}, by="test"))
    community.settle()
    on = ruled(community, SPAM, "c3")
    store.write(lambda uow: remove_entries(uow, org, [entry], by="test"))
    community.settle()
    gone = ruled(community, SPAM, "c4")

    assert [action for action, _ in (asked, off, on, gone)] == ["allow", "allow", "limit", "allow"]


def test_a_comment_before_the_entry_is_judged_without_it_and_then_anew(
    community: Community,
) -> None:
    a_bank(community)
    community.post(a_comment(SPAM, host_id="early"))
    piece = known_piece(SPAM, is_url=False)
    community.platform.store.write(
        lambda uow: add_to_bank(uow, community.org, "waves", [piece], by="test")
    )

    while community.platform.evaluator.step():
        pass

    early = community.decision("comment", "early")
    assert early is not None
    assert early.judgement.action == "allow"
    community.settle()
    again = community.decision("comment", "early")
    assert again is not None
    assert (again.judgement.action, again.causes[:1]) != ("allow", early.causes[:1])


def test_words_that_come_later_find_the_posts_of_the_last_day_once(community: Community) -> None:
    a_bank(community)
    for number, text in enumerate((SPAM, NEAR, "sarno wivel", SPAM)):
        assert ruled(community, text, f"c{number}")[0] == "allow"
        community.clock.advance(7 * HOUR_MS)

    entry = an_entry(community, SPAM)
    told = events_of(community, "item.scanned")
    change = {"label": "wave 8"}
    store, org = community.platform.store, community.org
    store.write(lambda uow: change_entry(uow, org, entry, change, by="test"))
    community.settle()

    actions = [community.decision("comment", f"c{number}") for number in range(4)]
    assert [found.judgement.action for found in actions if found] == [
        "allow",  # a day old
        "hold",
        "allow",
        "limit",
    ]
    assert [event.subject.host_id for event in told] == ["c1", "c3"]
    assert events_of(community, "item.scanned") == told


def test_a_bank_that_is_vetted_later_acts_on_the_posts_of_the_last_day_once(
    community: Community,
) -> None:
    a_bank(community, vetted=False)
    an_entry(community, SPAM)
    before = ruled(community, SPAM, "c1")[0]
    ruled(community, "sarno wivel", "c2")
    store, org = community.platform.store, community.org

    store.write(lambda uow: change_bank(uow, org, "waves", {"vetted": True}, by="test"))
    community.settle()
    told = events_of(community, "item.scanned")
    store.write(lambda uow: change_bank(uow, org, "waves", {"hourly_limit": 900}, by="test"))
    community.settle()

    after = community.decision("comment", "c1")
    assert after is not None
    assert (before, after.judgement.action) == ("allow", "limit")
    assert [event.subject.host_id for event in told] == ["c1"]
    assert events_of(community, "item.scanned") == told


def test_a_deleted_or_changed_post_is_not_found_later(community: Community) -> None:
    a_bank(community)
    ruled(community, SPAM, "c1")
    ruled(community, SPAM, "c2")
    item = {"kind": "comment", "host_id": "c1"}
    community.send({"kind": "item.deleted", "key": "d1", "item": item})
    ruled(community, "sarno wivel", "c2")

    an_entry(community, SPAM)

    assert events_of(community, "item.scanned") == []


def test_an_entry_that_meets_too_many_posts_becomes_a_question(community: Community) -> None:
    a_bank(community)
    store, org = community.platform.store, community.org
    store.write(lambda uow: change_bank(uow, org, "waves", {"hourly_limit": 2}, by="test"))
    entry = an_entry(community, SPAM)

    actions = [ruled(community, f"{SPAM} {n}", f"c{n}")[0] for n in ("aa", "bb", "cc", "dd")]

    assert actions == ["hold", "hold", "hold", "allow"]
    hits = store.read(lambda uow: uow.entry_hits.of_entry(org, entry, limit=9))
    assert {(hit.item.host_id, hit.means) for hit in hits} == {
        ("caa", "near"),
        ("cbb", "near"),
        ("ccc", "near"),
        ("cdd", "near"),
    }
    assert all(0 < hit.distance < 50 for hit in hits)
    record = store.read(lambda uow: uow.entries.get(org, entry))
    assert record is not None
    assert record.state is EntryState.QUARANTINED


def events_of(community: Community, kind: str) -> list[Event]:
    def read(uow: UnitOfWork) -> list[Event]:
        return [*uow.recall.of_kind(kind, EventId(0), limit=100)]

    return community.platform.store.read(read)


def test_known_words_are_known_after_a_restart(community: Community) -> None:
    a_bank(community)
    an_entry(community, SPAM)
    settings, clock = community.platform.settings, community.clock
    community.platform.close()

    with reopened(settings, clock) as platform:
        assert ruled(Community(platform, clock), NEAR)[0] == "hold"
