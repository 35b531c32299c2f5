"""Labels from end to end: rules and people give them, later events see them, erasure ends them."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from fieldfare.engine.administration import activate_rules
from fieldfare.engine.labels import book_of
from fieldfare.engine.settings import Settings
from fieldfare.records import ACCOUNT, Subject
from fieldfare.rules.labels import Entity, LabelStatus
from fieldfare.testing.platforms import Community, a_comment, reopened
from fieldfare.web.app import create_app

Json = dict[str, Any]
ANA: Final = Entity("Account", "ana")
HOUR: Final = 3_600_000
RULES: Final = {
    "main.sml": """
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
Text: str = JsonData(path='$.item.text')
Loud = Rule(when_all=['sarno' in Text], description=f'{Author} said sarno')
WhenRules(rules_any=[Loud], then=[LabelAdd(entity=Author, label='loud', expires_after='2h')])
Known = Rule(when_all=[HasLabel(entity=Author, label='loud')], description='a loud author')
WhenRules(
    rules_any=[Known], then=[Limit(policy='IN.SPAM'), DeclareVerdict(verdict=f'{Author}_is_loud')]
)
""",
    "config/labels.yaml": "labels: {loud: {valid_for: [Account], connotation: negative}, plain: }",
}


@pytest.fixture
def http(community: Community) -> Iterator[TestClient]:
    platform, org = community.platform, community.org
    platform.store.write(lambda uow: activate_rules(uow, org, RULES, platform.pack(org), by="test"))
    community.settle()
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(platform), headers=headers) as client:
        yield client


def entity(http: TestClient, name: Entity = ANA) -> Json:
    answer = http.get(f"/v1/entities/{name.type}/{name.id}")
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def by_hand(http: TestClient, **more: object) -> Json:
    body = {"entity": {"type": "Account", "id": "ana"}, "label": "loud", "reason": "seen", **more}
    answer = http.post("/v1/labels", json=body)
    assert answer.status_code == 202, answer.text
    told: Json = answer.json()
    return told


def test_a_rule_gives_a_label_and_the_next_event_sees_it(
    http: TestClient, community: Community
) -> None:
    first = community.posted(a_comment("sarno"))
    second = community.posted(a_comment("wivel", host_id="c2"))

    assert first.judgement.action == "allow"
    assert (second.judgement.action, second.declared) == ("limit", ("ana_is_loud",))
    (label,) = entity(http)["labels"]
    assert (label["label"], label["status"], label["holds"]) == ("loud", "added", True)
    (reason,) = label["reasons"]
    assert (reason["name"], reason["description"]) == ("Loud", "ana said sarno")
    changed = community.platform.store.read(
        lambda uow: uow.log.get(community.org, int(reason["event_id"]))  # type: ignore[arg-type]  # an id
    )
    assert changed is not None
    assert changed.causes == first.causes


def test_a_label_ends_by_itself(http: TestClient, community: Community) -> None:
    community.posted(a_comment("sarno"))
    community.clock.advance(2 * HOUR)

    later = community.posted(a_comment("wivel", host_id="c2"))

    assert later.judgement.action == "allow"
    assert entity(http)["labels"][0]["holds"] is False


def test_what_a_person_removes_rules_do_not_give_again(
    http: TestClient, community: Community
) -> None:
    by_hand(http, status="removed", **{"for": "24h"})
    community.settle()
    community.posted(a_comment("sarno"))

    assert community.posted(a_comment("wivel", host_id="c2")).judgement.action == "allow"
    told = entity(http)
    assert told["labels"][0]["status"] == "manually_removed"
    assert told["dropped"][0]["dropped"].startswith("it was manually removed by a person")


def test_what_a_person_adds_counts_like_what_a_rule_adds(
    http: TestClient, community: Community
) -> None:
    by_hand(http)
    community.settle()

    assert community.posted(a_comment("wivel")).judgement.action == "limit"
    assert entity(http)["decisions"] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"label": "lod"}, "no label 'lod'"),
        ({"entity": {"type": "Ip", "id": "x"}}, "no label for entities of type 'Ip'"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "that moment is past"),
        ({"for": "soon"}, "no end"),
    ],
)
def test_a_label_that_cannot_be_is_refused(http: TestClient, body: Json, said: str) -> None:
    full = {"entity": {"type": "Account", "id": "ana"}, "label": "loud", "reason": "x", **body}

    answer = http.post("/v1/labels", json=full)

    assert answer.status_code in {400, 422}
    assert said in answer.text


def test_the_labels_there_are_can_be_listed(http: TestClient) -> None:
    told = http.get("/v1/labels").json()

    assert [label["name"] for label in told["labels"]] == ["loud", "plain"]


@pytest.mark.usefixtures("http")
def test_labels_hold_after_a_restart(community: Community) -> None:
    community.posted(a_comment("sarno"))
    settings: Settings = community.platform.settings
    community.platform.close()

    with reopened(settings, community.clock) as platform:
        again = Community(platform, community.clock)
        assert again.posted(a_comment("wivel", host_id="c2")).judgement.action == "limit"


def test_the_table_says_what_the_evaluator_holds(http: TestClient, community: Community) -> None:
    by_hand(http, label="plain")
    community.posted(a_comment("sarno"))
    community.posted(a_comment("sarno", host_id="c2", author="ben"))

    stored = community.platform.store.read(lambda uow: book_of(uow, community.org))

    assert dict(stored) == dict(community.platform.grounds.labels_of(community.org))
    assert {name: state.status for name, state in dict(stored)[ANA].labels.items()} == {
        "plain": LabelStatus.MANUALLY_ADDED,
        "loud": LabelStatus.ADDED,
    }


def test_an_erased_account_has_no_labels(http: TestClient, community: Community) -> None:
    community.posted(a_comment("sarno"))

    community.platform.erase(community.org, Subject(ACCOUNT, "ana"), "test")
    community.settle()

    assert entity(http)["labels"] == []
    assert community.posted(a_comment("wivel", host_id="c2")).judgement.action == "allow"
