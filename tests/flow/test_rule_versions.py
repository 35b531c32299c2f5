"""Versions of the rules over the API: proposed, approved by somebody else, moved, taken back."""

from typing import Any

import pytest

from fieldfare.access import RoleName, Scope
from fieldfare.engine.administration import put_list
from fieldfare.engine.compiling import Compiler
from fieldfare.engine.versioning import Versioning, VersionRow
from fieldfare.kernel import BadInput, EventId, Org
from fieldfare.rules import case_files
from fieldfare.testing.platforms import Community, a_comment
from fieldfare.testing.sites import Caller, Site
from fieldfare.web.app import create_app

HOLDS = """
Text: str = JsonData(path='$.item.text')
Said = Rule(when_all=[Text == '{word}'], description='said it')
WhenRules(rules_any=[Said], then=[Hold(policy='HS.SLUR')])
"""


def rules_on(word: str) -> dict[str, str]:
    return {"main.sml": HOLDS.replace("{word}", word)}


class Desk:
    """Two people with the roles, and what they ask of the API."""

    def __init__(self, community: Community) -> None:
        self.site = Site(community, create_app(community.platform))
        self.author = self.site.signed_in("ira", RoleName.RULE_AUTHOR)
        self.approver = self.site.signed_in("ola", RoleName.RULE_APPROVER)
        self.client = self.site.client()

    def ask(self, who: Caller, method: str, path: str, body: Any = None, **headers: str) -> Any:  # noqa: ANN401  # an answer
        sent = {**who.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.client.request(method, f"/v1/rule-versions{path}", json=body, headers=sent)

    def propose(self, word: str) -> str:
        told = self.ask(self.author, "POST", "", {"files": rules_on(word), "note": f"on {word}"})
        assert told.status_code == 201, told.text
        return str(told.json()["hash"])

    def move(self, who: Caller, version: str, to: str, *, share: int = 0) -> Any:  # noqa: ANN401  # an answer
        return self.ask(who, "POST", f"/{version}/moves", {"to": to, "share": share})

    def to_shadow(self, word: str) -> str:
        version = self.propose(word)
        assert self.move(self.author, version, "review").status_code == 200
        assert self.move(self.approver, version, "shadow").status_code == 200
        return version

    def to_live(self, word: str) -> str:
        version = self.to_shadow(word)
        assert self.move(self.approver, version, "live").status_code == 200
        self.site.community.settle()
        return version

    def states(self) -> dict[int, str]:
        rows = self.ask(self.author, "GET", "").json()["versions"]
        return {row["number"]: row["state"] for row in rows}


@pytest.fixture
def desk(community: Community) -> Desk:
    return Desk(community)


def test_what_init_made_is_version_1_and_live(desk: Desk) -> None:
    (row,) = desk.ask(desk.author, "GET", "").json()["versions"]

    assert (row["number"], row["state"], row["author"]) == (1, "live", "init")
    assert row["hash"] == desk.site.community.platform.rule_set(desk.site.community.org).hash


def test_a_version_goes_from_draft_to_live_and_decides_from_then_on(desk: Desk) -> None:
    community = desk.site.community

    version = desk.to_live("wivel")

    assert desk.states() == {1: "retired", 2: "live"}
    decision = community.posted(a_comment("wivel"))
    assert (decision.judgement.action, decision.rule_set) == ("hold", version)


def test_every_move_stands_on_the_log_and_in_the_version_with_who_made_it(desk: Desk) -> None:
    version = desk.to_live("wivel")

    told = desk.ask(desk.author, "GET", f"/{version}").json()

    assert [(m["from"], m["to"], m["by"]) for m in told["moves"]] == [
        (None, "draft", "reviewer-ira"),
        ("draft", "review", "reviewer-ira"),
        ("review", "shadow", "reviewer-ola"),
        ("shadow", "live", "reviewer-ola"),
    ]
    community = desk.site.community
    ids = [int(move["event_id"]) for move in told["moves"]]
    events = community.platform.store.read(
        lambda uow: [uow.log.get(community.org, EventId(each)) for each in ids]
    )
    assert {event.kind for event in events if event} == {"ruleset.moved"}
    assert [event.data["to"] for event in events if event and event.data] == [
        "draft",
        "review",
        "shadow",
        "live",
    ]


def test_an_author_cannot_make_a_version_run(desk: Desk) -> None:
    version = desk.propose("wivel")
    desk.move(desk.author, version, "review")

    refused = desk.move(desk.author, version, "shadow")

    assert refused.status_code == 403
    assert "rules_activate" in refused.json()["detail"]


def test_an_approver_cannot_approve_what_they_wrote(desk: Desk) -> None:
    told = desk.ask(desk.approver, "POST", "", {"files": rules_on("wivel")}).json()
    desk.move(desk.approver, told["hash"], "review")

    refused = desk.move(desk.approver, told["hash"], "shadow")

    assert refused.status_code == 403
    assert "Somebody else" in refused.json()["hint"]


def test_a_rejected_version_is_a_draft_again(desk: Desk) -> None:
    version = desk.propose("wivel")
    desk.move(desk.author, version, "review")

    assert desk.move(desk.approver, version, "draft").json()["state"] == "draft"


def test_rules_that_do_not_compile_are_refused_whole(desk: Desk) -> None:
    refused = desk.ask(desk.author, "POST", "", {"files": {"main.sml": "X = Nope()\n"}})

    assert refused.status_code == 400
    assert desk.states() == {1: "live"}


def test_the_same_content_again_names_the_version_there_is(desk: Desk) -> None:
    desk.propose("wivel")

    again = desk.ask(desk.author, "POST", "", {"files": rules_on("wivel")})

    assert again.status_code == 409
    assert "version 2" in again.json()["detail"]


def test_two_people_who_saw_the_same_do_not_both_move_it(desk: Desk) -> None:
    version = desk.to_shadow("wivel")
    seen = desk.ask(desk.approver, "GET", f"/{version}").headers["etag"]
    body = {"to": "rollout", "share": 1}

    first = desk.ask(desk.approver, "POST", f"/{version}/moves", body, if_match=seen)
    second = desk.ask(desk.approver, "POST", f"/{version}/moves", {"to": "live"}, if_match=seen)

    assert (first.status_code, second.status_code) == (200, 412)
    assert first.headers["etag"] != seen
    assert desk.states()[2] == "rollout"


def test_a_rollback_takes_one_step_and_the_second_person_takes_none(desk: Desk) -> None:
    community = desk.site.community
    first, second = desk.to_live("wivel"), desk.to_live("quim")
    body = {"live": second, "note": "too many held"}

    back = desk.ask(desk.approver, "POST", "/rollback", body)
    again = desk.ask(desk.approver, "POST", "/rollback", body)
    community.settle()

    assert (back.status_code, back.json()["hash"]) == (200, first)
    assert again.status_code == 409
    assert desk.states() == {1: "retired", 2: "live", 3: "retired"}
    assert community.posted(a_comment("wivel")).rule_set == first
    assert community.posted(a_comment("quim", host_id="c2")).judgement.action == "allow"


def test_a_second_rollback_goes_further_back(desk: Desk) -> None:
    first, second = desk.to_live("wivel"), desk.to_live("quim")
    desk.ask(desk.approver, "POST", "/rollback", {"live": second})

    again = desk.ask(desk.approver, "POST", "/rollback", {"live": first})

    assert (again.status_code, again.json()["number"]) == (200, 1)
    assert desk.states() == {1: "live", 2: "retired", 3: "retired"}


def test_a_rollback_takes_the_rollout_back_too(desk: Desk) -> None:
    first, second, rolled = desk.to_live("wivel"), desk.to_live("quim"), desk.to_shadow("fnord")
    assert desk.move(desk.approver, rolled, "rollout", share=50).status_code == 200
    community = desk.site.community
    community.settle()

    back = desk.ask(desk.approver, "POST", "/rollback", {"live": second, "note": "burns"})
    community.settle()

    assert back.json()["taken_back"] == {"hash": rolled, "number": 4, "state": "shadow"}
    assert desk.states() == {1: "retired", 2: "live", 3: "retired", 4: "shadow"}
    notes = {
        version: desk.ask(desk.author, "GET", f"/{version}").json()["moves"][-1]["note"]
        for version in (first, rolled)
    }
    assert notes == {first: "burns", rolled: "rolled back with version 3"}
    posted = [a_comment("hello", host_id=f"c{n}", author=f"author-{n}") for n in range(12)]
    assert {community.posted(each).rule_set for each in posted} == {first}


def test_a_rollback_without_an_earlier_live_version_takes_the_rollout_back(desk: Desk) -> None:
    rolled = desk.to_shadow("wivel")
    desk.move(desk.approver, rolled, "rollout", share=10)

    back = desk.ask(desk.approver, "POST", "/rollback", {"live": "v1"})
    again = desk.ask(desk.approver, "POST", "/rollback", {"live": "v1"})

    assert (back.status_code, back.json()["hash"], back.json()["state"]) == (200, rolled, "shadow")
    assert back.json()["taken_back"]["number"] == 2
    assert (again.status_code, again.json()["hint"]) == (409, "There is nothing to go back to.")
    assert desk.states() == {1: "live", 2: "shadow"}
    moves = desk.ask(desk.author, "GET", f"/{rolled}").json()["moves"]
    assert moves[-1]["note"] == "the rollout was rolled back"


def test_an_override_takes_the_rollout_back_even_where_its_rules_are_live_already(
    desk: Desk,
) -> None:
    admin, rolled = desk.site.keyed(Scope.ADMIN), desk.to_shadow("wivel")
    body = {"files": rules_on("quim")}

    desk.move(desk.approver, rolled, "rollout", share=50)
    fresh = desk.client.post("/v1/rules", json=body, headers=admin.headers).json()
    first = desk.states()
    desk.move(desk.approver, rolled, "rollout", share=50)
    same = desk.client.post("/v1/rules", json=body, headers=admin.headers).json()

    assert first == desk.states() == {1: "retired", 2: "shadow", 3: "live"}
    ended = {"hash": rolled, "number": 2, "state": "shadow"}
    assert fresh["taken_back"] == same["taken_back"] == ended
    moves = desk.ask(desk.author, "GET", f"/{rolled}").json()["moves"]
    assert moves[-1]["note"] == "taken back as version 3 was put live past review"


def test_a_version_whose_tests_cannot_be_read_any_more_can_be_gone_back_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, org = desk.site.community.platform, desk.site.community.org
    test = "- {name: x, event: EVENT, before: [{event: EVENT}], expect: {not_fired: [Said]}}"
    files = {**rules_on("wivel"), "tests/a.yaml": test.replace("EVENT", "{kind: item.posted}")}
    first, _ = platform.versioning.override(org, files, by="ira")
    second, _ = platform.versioning.override(org, rules_on("quim"), by="ira")
    monkeypatch.setattr(case_files, "MAX_ALL_EVENTS", 0)  # as a stricter version might have it
    fresh = Versioning(platform.store, Compiler())

    with pytest.raises(BadInput, match="events before"):
        fresh.override(org, files, by="ira")
    back = fresh.roll_back(org, second.version.hash, by="ola")

    assert back.move.hash == first.version.hash


def test_there_is_nothing_to_go_back_to_at_the_beginning(desk: Desk) -> None:
    refused = desk.ask(desk.approver, "POST", "/rollback", {"live": "v1"})

    assert (refused.status_code, "before" in refused.json()["detail"]) == (409, True)


def test_an_administrator_may_go_past_review_and_it_shows(desk: Desk) -> None:
    admin = desk.site.keyed(Scope.ADMIN)
    body = {"files": rules_on("wivel"), "note": "it burns"}

    told = desk.client.post("/v1/rules", json=body, headers=admin.headers)
    refused = desk.client.post("/v1/rules", json=body, headers=desk.approver.headers)

    assert (told.status_code, refused.status_code) == (201, 403)
    (move,) = desk.ask(desk.author, "GET", f"/{told.json()['hash']}").json()["moves"]
    assert (move["to"], move["override"], move["note"]) == ("live", True, "it burns")
    assert desk.states() == {1: "retired", 2: "live"}


def test_a_version_is_compared_with_the_one_it_was_made_from(desk: Desk) -> None:
    desk.to_live("wivel")
    version = desk.propose("quim")

    told = desk.ask(desk.author, "GET", f"/{version}/diff").json()

    (file,) = told["files"]
    assert (file["name"], file["change"], file["added"], file["removed"]) == (
        "main.sml",
        "changed",
        1,
        1,
    )
    assert any(line.startswith("+") and "quim" in line for line in file["lines"])


def test_a_version_is_found_by_number_and_by_the_beginning_of_its_hash(desk: Desk) -> None:
    version = desk.propose("wivel")

    found = {desk.ask(desk.author, "GET", f"/{n}").json()["hash"] for n in ("2", "v2", version[:8])}
    lost = desk.ask(desk.author, "GET", "/123456789abc")

    assert found == {version}
    assert lost.status_code == 404


@pytest.mark.parametrize("told", ["seen", '"x"', ""])
def test_what_is_no_etag_of_ours_is_refused(desk: Desk, told: str) -> None:
    version = desk.propose("wivel")

    body = {"to": "review"}
    refused = desk.ask(desk.author, "POST", f"/{version}/moves", body, if_match=told)

    assert refused.status_code == 400


def test_a_move_of_whatever_stands_is_of_what_was_permitted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = desk.propose("wivel")
    find = Versioning.find

    def and_somebody_moves_it(self: Versioning, org: Org, name: str) -> VersionRow:
        monkeypatch.setattr(Versioning, "find", find)
        row = find(self, org, name)
        desk.ask(desk.author, "POST", f"/{version}/moves", {"to": "review"})
        desk.ask(desk.approver, "POST", f"/{version}/moves", {"to": "shadow"})
        return row

    monkeypatch.setattr(Versioning, "find", and_somebody_moves_it)
    body = {"to": "withdrawn"}
    refused = desk.ask(desk.author, "POST", f"/{version}/moves", body, if_match="*")

    assert refused.status_code == 412
    assert desk.ask(desk.author, "GET", f"/{version}").json()["state"] == "shadow"


def test_what_tests_said_is_kept_until_what_they_ran_under_changes(community: Community) -> None:
    platform, org = community.platform, community.org
    first = platform.versioning.sheet(org, "1").tests
    again = platform.versioning.sheet(org, "1").tests

    platform.store.write(lambda uow: put_list(uow, org, "fresh", "x\n", lexicon=False, by="a"))
    later = platform.versioning.sheet(org, "1").tests

    assert first is not None
    assert again is first
    assert later is not first
    assert later == first
