"""A list that cannot be read keeps its last good version and says so."""

import pytest
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from fieldfare.engine.administration import activate_rules, note, put_list
from fieldfare.engine.backtest.planning import Wanted, planned
from fieldfare.engine.gathering import Gatherer
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import NotFound
from fieldfare.matching.repositories import ListRecord
from fieldfare.records import Subject
from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.testing.platforms import Community, a_comment
from fieldfare.web.app import create_app

RULES = """
Text: str = JsonData(path='$.item.text')
Said = Rule(when_all=[TextMatch(list='odd', target=Text)], description='said it')
WhenRules(rules_any=[Said], then=[Limit(policy='IN.SPAM')])
"""


def broken(community: Community, name: str, *, kind: str = "list", text: str = "") -> None:
    """Store a version of a list that nothing can read, as a fault of the disk would leave it."""
    text = text or ("\u200b" if kind == "list" else "terms: [")
    org = community.org

    def write(uow: UnitOfWork) -> None:
        since = note(uow, org, "list.changed", Subject("list", name), data={"hash": "x"}, by="t")
        uow.lists.put(ListRecord(org=org, name=name, kind=kind, text=text, hash="x", since=since))

    community.platform.store.write(write)
    community.settle()


def test_a_list_that_cannot_be_read_goes_on_with_its_last_good_version(
    community: Community,
) -> None:
    platform, org = community.platform, community.org

    def write(uow: UnitOfWork) -> None:
        put_list(uow, org, "odd", "sarno\n", lexicon=False, by="t")
        activate_rules(uow, org, {"main.sml": RULES}, platform.pack(org), by="t")

    platform.store.write(write)
    community.settle()
    broken(community, "odd")
    broken(community, "words", kind="lexicon")

    assert community.posted(a_comment("a sarno")).judgement.action == "limit"
    assert {**platform.books.of(org).older_lists}.keys() == {"odd", "words"}
    to_ms = community.clock.now_ms() + 1
    asked = Wanted(from_ms=to_ms - 3_600_000, to_ms=to_ms)
    plan = platform.store.read(lambda uow: planned(uow, org, asked))
    assert plan.lists_at(plan.up_to)[0] == {"odd": frozenset({"sarno"})}
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(platform), headers=headers) as http:
        lists = {each["name"]: each for each in http.get("/v1/lists").json()["lists"]}
        told = {name: each["problem"] for name, each in lists.items()}
        rules = http.get("/v1/rules").json()["rules"]
    assert told["odd"] == "odd line 1: has invisible characters only."
    assert told["words"].startswith("words line 1")
    assert int(lists["odd"]["runs_since"]) < int(lists["odd"]["since"])
    assert {rule["name"]: rule["errors_24h"] for rule in rules} == {"Said": 0}
    health = {part.name: part for part in platform.health().parts}
    assert health["lists"].detail["unreadable"] == ["main/odd", "main/words"]
    assert health["lists"].ok


def test_of_two_lists_that_cannot_be_read_each_can_be_repaired_and_others_imported(
    community: Community,
) -> None:
    platform, org = community.platform, community.org

    def put(name: str, text: str, *, lexicon: bool = False) -> None:
        platform.store.write(lambda uow: put_list(uow, org, name, text, lexicon=lexicon, by="t"))

    put("odd", "sarno\n")
    broken(community, "odd")
    broken(community, "words", kind="lexicon")

    put("new", "wivel\n")
    put("words", "policy: HS.SLUR\nterms: [quim]\n", lexicon=True)
    put("odd", "wivel\n")
    community.settle()

    in_force = platform.books.of(org)
    assert not in_force.older_lists
    assert in_force.lists["odd"] == in_force.lists["new"] == {"wivel"}
    with pytest.raises(NotFound, match=r"XX\.NONE"):
        put("words", "policy: XX.NONE\nterms: [quim]\n", lexicon=True)


def test_rules_may_not_name_a_list_that_nothing_can_read(community: Community) -> None:
    platform, org = community.platform, community.org
    live = platform.rule_set(org).hash
    broken(community, "odd")

    with pytest.raises(RuleSetDoesNotCompile, match="unknown list 'odd'"):
        platform.versioning.override(org, {"main.sml": RULES}, by="t")
    to_ms = community.clock.now_ms() + 1
    asked = Wanted(from_ms=to_ms - 3_600_000, to_ms=to_ms, files={"main.sml": RULES})
    with pytest.raises(RuleSetDoesNotCompile, match="unknown list 'odd'"):
        platform.store.read(lambda uow: planned(uow, org, asked))
    community.settle()

    assert platform.rule_set(org).hash == live
    assert all(part.ok for part in platform.books.health())


def test_a_change_that_could_not_be_taken_up_is_on_health_until_it_is_mended(
    community: Community,
) -> None:
    platform, org = community.platform, community.org
    live = platform.rule_set(org).hash
    stray = "policy: XX.NONE\nterms: [quim]\n"
    broken(community, "stray", kind="lexicon", text=stray)

    rules = {part.name: part for part in platform.books.health()}["rules"]
    assert not rules.ok
    assert rules.detail["not_taken_up"] == [f"{org}/{live[:12]}"]

    mended = stray.replace("XX.NONE", "HS.SLUR")
    platform.store.write(lambda uow: put_list(uow, org, "stray", mended, lexicon=True, by="t"))
    community.settle()
    assert all(part.ok for part in platform.books.health())


def test_looking_at_the_past_does_not_count_its_lists_as_those_of_now(
    community: Community,
) -> None:
    platform, org = community.platform, community.org
    platform.store.write(lambda uow: put_list(uow, org, "odd", "sarno\n", lexicon=False, by="t"))
    community.settle()
    community.posted(a_comment("while it was whole"))
    broken(community, "odd")

    def look_back(uow: UnitOfWork) -> None:
        for event in uow.log.of_subject(org, Subject("comment", "c1"), limit=9):
            Gatherer().gathered(uow, event)

    platform.store.read(look_back)

    assert unreadable(org) == 1


def unreadable(org: str) -> float | None:
    """Read the gauge."""
    return REGISTRY.get_sample_value("fieldfare_lists_unreadable", {"org": org})
