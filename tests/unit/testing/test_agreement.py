"""The comparison after killing notices each way in which the accounts can differ."""

from typing import Any

import pytest

from fieldfare.testing.agreement import (
    Sent,
    Tally,
    item_problems,
    log_problems,
    repeated_effects,
)

SENT = Sent(host_id="c", versions=1, ids={"c/0": "10"})
GONE = Sent(host_id="c", versions=1, is_deleted=True, ids={"c/0": "10"})
DECISION = {"id": "20", "revision": 1, "action": "allow", "restrictions": []}
ITEM = {"state": "decided", "versions": [{"event_id": "10"}], "decisions": [DECISION]}
RECEIVED = {"revision": 1, "decision_id": "20", "is_complete": True, "kinds": ["allow"]}


def test_accounts_that_agree_have_no_problem() -> None:
    assert item_problems(SENT, ITEM, "yes", RECEIVED) == []


def test_the_newest_decision_counts() -> None:
    hold = {"kind": "hold"}
    newer = {"id": "30", "revision": 2, "action": "hold", "restrictions": [hold]}
    sent = Sent(host_id="c", versions=2, is_breaking=True, ids={"c/0": "10", "c/1": "11"})
    item = {
        "state": "decided",
        "versions": [{"event_id": "10"}, {"event_id": "11"}],
        "decisions": [newer, DECISION],
    }
    received = {"revision": 2, "decision_id": "30", "is_complete": True, "kinds": ["hold"]}

    assert item_problems(sent, item, "no", received) == []


@pytest.mark.parametrize(
    ("item", "show", "received", "what"),
    [
        (None, "no", None, ["lost"]),
        (ITEM | {"versions": [{"event_id": "11"}]}, "yes", RECEIVED, ["lost"]),
        (ITEM | {"versions": [{"event_id": "10"}] * 2}, "yes", RECEIVED, ["duplicated"]),
        (ITEM | {"state": "received"}, "no", None, ["undecided"]),
        (ITEM | {"decisions": []}, "no", None, ["undecided"]),
        (ITEM, "no", RECEIVED, ["gate_disagrees"]),
        (ITEM, "yes", None, ["receiver_disagrees"]),
        (ITEM, "yes", RECEIVED | {"revision": 0}, ["receiver_disagrees"]),
        (ITEM, "yes", RECEIVED | {"is_complete": False}, ["receiver_disagrees"]),
        (ITEM, "yes", RECEIVED | {"kinds": ["hold"]}, ["receiver_disagrees"]),
    ],
)
def test_each_contradiction_is_named(
    item: dict[str, Any] | None, show: str, received: dict[str, Any] | None, what: list[str]
) -> None:
    assert [name for name, _ in item_problems(SENT, item, show, received)] == what


def test_a_deleted_comment_has_no_problem() -> None:
    assert item_problems(GONE, ITEM | {"state": "deleted", "decisions": []}, "no", None) == []


@pytest.mark.parametrize(
    ("state", "show", "what"),
    [("decided", "no", "lost"), ("deleted", "yes", "wrongly_shown")],
)
def test_a_deletion_that_did_not_hold_is_named(state: str, show: str, what: str) -> None:
    found = item_problems(GONE, ITEM | {"state": state}, show, RECEIVED)

    assert [name for name, _ in found] == [what]


def test_a_video_that_is_limited_may_be_shown() -> None:
    cap = {"kind": "limit"}
    limited = ITEM | {"decisions": [DECISION | {"action": "limit", "restrictions": [cap]}]}
    film = Sent(host_id="c", kind="video", versions=1, ids={"c/0": "10"})

    assert item_problems(film, limited, "yes", RECEIVED | {"kinds": ["limit"]}) == []


def test_a_deletion_is_counted_on_the_log() -> None:
    assert [name for name, _ in log_problems([GONE], {"item.posted": 1})] == ["lost"]


def test_a_breaking_comment_that_is_allowed_is_wrongly_decided() -> None:
    breaking = Sent(host_id="c", versions=1, is_breaking=True, ids={"c/0": "10"})

    assert [name for name, _ in item_problems(breaking, ITEM, "yes", RECEIVED)] == [
        "wrongly_decided"
    ]


@pytest.mark.parametrize(
    ("posted", "changed", "what"),
    [
        (2, 1, []),
        (1, 1, ["lost"]),
        (3, 1, ["duplicated"]),
        (2, 0, ["lost"]),
        (2, 2, ["duplicated"]),
    ],
)
def test_the_log_is_counted(posted: int, changed: int, what: list[str]) -> None:
    sent = [
        Sent(host_id="a", versions=1, ids={"a/0": "1"}),
        Sent(host_id="b", versions=2, ids={"b/0": "2", "b/1": "3"}),
    ]

    found = log_problems(sent, {"item.posted": posted, "item.changed": changed})

    assert [name for name, _ in found] == what


def test_an_effect_carried_out_twice_is_duplicated() -> None:
    assert [name for name, _ in repeated_effects(["1-0", "2-0", "1-0"])] == ["duplicated"]


def test_a_tally_names_only_failures_and_keeps_a_few_examples() -> None:
    tally = Tally(kills=5, accepted=7)
    tally.fail(("lost", str(n)) for n in range(50))

    assert tally.failures == {"lost": 50}
    assert len(tally.examples) == 5
    assert Tally(kills=5).failures == {}
