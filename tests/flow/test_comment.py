import msgspec
import pytest

from fieldfare.engine.administration import activate_rules
from fieldfare.engine.history import import_history
from fieldfare.ingest.schemas import EVENT_KINDS
from fieldfare.kernel import BadInput, Conflict, EventId, NotFound
from fieldfare.records import ACCOUNT, Subject
from fieldfare.testing.platforms import Community, a_comment, reopened


def test_a_clean_comment_is_allowed_and_shown(community: Community) -> None:
    decision = community.posted(a_comment())

    assert (decision.judgement.action, decision.judgement.by) == ("allow", "rule")
    assert community.may_see("comment", "c1").show == "yes"


def test_a_comment_reaches_nobody_before_its_decision(community: Community) -> None:
    community.post(a_comment())

    assert community.may_see("comment", "c1").reason == "undecided"
    assert community.may_see("comment", "c1", surface="profile").show == "no"


def test_a_comment_with_an_evaded_bad_word_is_held_and_goes_to_a_person(
    community: Community,
) -> None:
    decision = community.posted(a_comment("you are a z0r\u200bb.l.a.t"))

    judgement = decision.judgement
    assert (judgement.action, judgement.policy) == ("hold", "HS.SLUR")
    assert [reason.by for reason in judgement.reasons] == ["TermInComment"]
    assert community.may_see("comment", "c1").reason == "hold"
    (case,) = community.platform.store.read(
        lambda uow: uow.cases.of_subject(community.org, decision.subject)
    )
    assert (case.policies, case.decision_id) == (("HS.SLUR",), decision.id)


def test_a_decision_leads_back_to_post_rule_set_and_pack(community: Community) -> None:
    accepted = community.post(a_comment("zorblat"))
    community.settle()
    decision = community.decision("comment", "c1")

    assert decision is not None
    assert decision.causes == (accepted.event_id,)
    assert decision.rule_set == community.platform.rule_set(community.org).hash
    assert decision.pack == community.platform.pack(community.org).hash
    (seen, *_) = decision.judgement.reasons[0].seen
    assert (seen.name, seen.value) == ("text.lexicon.policy", "HS.SLUR")


def test_the_same_key_with_the_same_content_gives_the_first_answer(community: Community) -> None:
    first = community.post(a_comment(key="k1"))
    again = community.post(a_comment(key="k1"))

    assert again.event_id == first.event_id
    assert again.repeated


def test_the_same_key_with_other_content_names_the_first_call(community: Community) -> None:
    first = community.post(a_comment(key="k1"))

    with pytest.raises(Conflict, match=str(first.event_id)):
        community.post(a_comment("something else", key="k1"))


def test_a_changed_comment_is_a_new_version_that_is_shown_to_nobody_again(
    community: Community,
) -> None:
    community.posted(a_comment("sarno"))

    community.post(a_comment("sarno wivel"))

    assert community.may_see("comment", "c1").reason == "undecided"
    community.settle()
    assert community.may_see("comment", "c1").version == 2


def test_a_deleted_comment_is_not_shown(community: Community) -> None:
    community.posted(a_comment())

    item = {"kind": "comment", "host_id": "c1"}
    community.send({"kind": "item.deleted", "key": "d1", "item": item})

    assert community.may_see("comment", "c1").reason == "deleted"


def test_one_bad_event_is_rejected_and_its_neighbours_are_kept(community: Community) -> None:
    good = {"kind": "item.posted", "key": "a", "item": msgspec.to_builtins(a_comment())}
    unknown = {"kind": "item.vanished", "key": "b"}
    nobody = {"kind": "like", "key": "c", "actor": "u", "item": {"kind": "comment", "host_id": "x"}}

    kept, wrong_kind, no_item = community.send(good, unknown, nobody)

    assert not isinstance(kept, Exception)
    assert isinstance(wrong_kind, BadInput)
    assert "is not a kind of event" in wrong_kind.message
    assert isinstance(no_item, BadInput)
    assert "was never posted" in no_item.message
    assert community.may_see("comment", "c1").show == "yes"


def test_ten_accounts_with_the_same_words_are_limited(community: Community) -> None:
    for number in range(10):
        community.posted(
            a_comment("win a free quimsa now", host_id=f"c{number}", author=f"u{number}")
        )

    assert community.may_see("comment", "c8").show == "yes"
    last = community.decision("comment", "c9")
    assert last is not None
    assert (last.judgement.action, last.judgement.policy) == ("limit", "IN.SPAM")


def test_a_new_account_in_a_hurry_may_not_comment_for_a_day(community: Community) -> None:
    community.send({"kind": "account.created", "key": "a", "actor": "hasty", "market": "DE",
                    "created_at": "2026-03-02T08:59:00Z"})  # fmt: skip
    for number in range(25):
        community.posted(a_comment(f"wivel {number}", host_id=f"c{number}", author="hasty"))

    decision = community.decision("account", "hasty")

    assert decision is not None
    (restriction,) = decision.judgement.restrictions
    assert (restriction.kind, restriction.params["feature"]) == ("feature_block", "comments")
    assert restriction.until is not None
    assert restriction.until > decision.at + 23 * 3_600_000
    made = community.platform.store.read(
        lambda uow: uow.decisions.of_subject(community.org, decision.subject)
    )
    assert len(made) == 1


def test_counting_goes_on_after_a_restart(community: Community) -> None:
    text = "win a free quimsa now"
    for number in range(9):
        community.posted(a_comment(text, host_id=f"c{number}", author=f"u{number}"))
    community.platform.close()

    with reopened(community.platform.settings, community.clock) as platform:
        after = Community(platform, community.clock)
        decision = after.posted(a_comment(text, host_id="c9", author="u9"))

    assert decision.judgement.action == "limit"


def test_what_was_decided_is_known_to_the_gate_after_a_restart(community: Community) -> None:
    community.posted(a_comment("zorblat", host_id="bad"))
    community.posted(a_comment(host_id="good"))
    community.post(a_comment(host_id="waiting"))
    community.platform.close()

    with reopened(community.platform.settings, community.clock) as platform:
        after = Community(platform, community.clock)
        platform.confirm_watermark()

        reasons = [after.may_see("comment", name).reason for name in ("bad", "good", "waiting")]

    assert reasons == ["hold", "allow", "undecided"]


def test_three_reports_bring_a_person(community: Community) -> None:
    community.posted(a_comment())
    item = {"kind": "comment", "host_id": "c1"}

    for number in range(3):
        community.send({"kind": "report.filed", "key": f"r{number}", "item": item,
                        "reporter": f"u{number}", "reason": "harassment"})  # fmt: skip

    decision = community.decision("comment", "c1")
    assert decision is not None
    assert decision.judgement.action == "allow"
    assert [wish.policy for wish in decision.judgement.review] == ["HB.BULLY"]
    assert community.may_see("comment", "c1").show == "yes"


def test_a_report_for_the_safety_of_a_child_holds_at_once(community: Community) -> None:
    community.posted(a_comment())

    community.send({"kind": "report.filed", "key": "r", "reporter": "u9", "reason": "child safety",
                    "item": {"kind": "comment", "host_id": "c1"}})  # fmt: skip

    assert community.may_see("comment", "c1").reason == "hold"


def test_an_erased_person_leaves_no_words_behind(community: Community) -> None:
    accepted = community.post(a_comment("sarno wivel"))
    community.settle()

    community.platform.erase(community.org, Subject(ACCOUNT, "ana"), "test")

    event = community.platform.store.read(lambda uow: uow.log.get(community.org, accepted.event_id))
    assert event is not None
    assert event.data is None
    assert community.may_see("comment", "c1").show == "no"


def test_erasing_a_person_ends_the_open_cases_on_what_they_made(community: Community) -> None:
    community.posted(a_comment("zorblat"))
    community.posted(a_comment("zorblat", host_id="c2", author="ben"))
    platform, org = community.platform, community.org

    platform.erase(org, Subject(ACCOUNT, "ana"), "test")

    (gone,) = platform.store.read(lambda uow: uow.cases.of_subject(org, Subject("comment", "c1")))
    (left,) = platform.store.read(lambda uow: uow.cases.of_subject(org, Subject("comment", "c2")))
    assert (gone.state, left.state) == ("cancelled", "ready")


def test_somebody_nobody_knows_is_not_erased(community: Community) -> None:
    community.posted(a_comment())
    platform, org, ana = community.platform, community.org, Subject(ACCOUNT, "ana")

    with pytest.raises(NotFound, match="anna"):
        platform.erase(org, Subject(ACCOUNT, "anna"), "test")
    platform.erase(org, ana, "test")
    with pytest.raises(NotFound, match="ana"):
        platform.erase(org, ana, "test")

    told = platform.store.read(lambda uow: uow.log.after(EventId(0), limit=1_000))
    assert [event.kind for event in told].count("account.erased") == 1


def test_imported_history_is_counted_and_never_acted_upon(community: Community) -> None:
    text = "win a free quimsa now"
    past = [
        EVENT_KINDS.decode(
            msgspec.json.encode(
                {
                    "kind": "item.posted",
                    "key": f"h{number}",
                    "occurred_at": f"2026-03-02T08:5{number}:00Z",
                    "item": {
                        "kind": "comment",
                        "host_id": f"h{number}",
                        "author": f"u{number}",
                        "text": text,
                    },
                }
            )
        )
        for number in range(9)
    ]
    org, store = community.org, community.platform.store
    written = store.write(
        lambda uow: import_history(uow, org, past, now_ms=community.clock.now_ms())
    )
    community.settle()
    assert not any(isinstance(each, Exception) for each in written)
    assert community.may_see("comment", "h1").reason == "unknown"
    community.platform.close()

    with reopened(community.platform.settings, community.clock) as platform:
        decision = Community(platform, community.clock).posted(a_comment(text, author="u9"))

    assert decision.judgement.action == "limit"


QUOTING = """
Text: str = JsonData(path='$.item.text')
Said = Rule(when_all=['sarno' in Text], description=f'said {Text}')
WhenRules(
    rules_any=[Said],
    then=[Hold(policy='HS.SLUR'), Review(policy='HS.SLUR', reason=f'said {Text}')],
)
"""


def test_a_text_with_the_character_nul_is_judged_and_quoted(community: Community) -> None:
    platform, org = community.platform, community.org
    pack = platform.pack(org)
    platform.store.write(
        lambda uow: activate_rules(uow, org, {"main.sml": QUOTING}, pack, by="test")
    )
    community.settle()

    decision = community.posted(a_comment("sarno\0wivel"))

    (case,) = platform.store.read(lambda uow: uow.cases.of_subject(org, Subject("comment", "c1")))
    assert decision.judgement.action == "hold"
    assert case.reason in {"said sarno\0wivel", "said sarno\ufffdwivel"}
