"""Backtests over the lake of an installation: started, followed, read, compared, taken away."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from fieldfare.engine.backtest_records import BacktestRecord, BacktestState
from fieldfare.kernel import EventId, Org, rfc3339
from fieldfare.testing.platforms import Community, a_comment, reopened
from fieldfare.web.app import create_app

STRICTER = """
Text: str = JsonData(path='$.item.text')
Kind: str = JsonData(path='$.item.kind')
Stricter = Rule(when_all=[Kind == 'comment', 'sarno' in Text], description='')
WhenRules(rules_any=[Stricter], then=[Remove(policy='HS.SLUR')])
"""
MILDER = STRICTER.replace("Stricter", "Milder").replace("Remove", "Limit")
PATIENCE_S = 60


@pytest.fixture
def http(community: Community) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(community.platform), headers=headers) as client:
        yield client


def ended(http: TestClient, backtest_id: str) -> dict[str, Any]:
    """Wait for the end of a backtest that runs in other processes."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        told: dict[str, Any] = http.get(f"/v1/backtests/{backtest_id}").json()
        if told["state"] != "running":
            return told
        time.sleep(0.2)  # what is waited for happens in another process
    raise AssertionError("the backtest does not end")


def span(community: Community) -> dict[str, str]:
    now_ms = community.clock.now_ms()
    return {"from": rfc3339(now_ms - 3_600_000), "to": rfc3339(now_ms + 3_600_000)}


def run(http: TestClient, community: Community, rules: str) -> dict[str, Any]:
    body = {"files": {"main.sml": rules}, **span(community)}
    started = http.post("/v1/backtests", json=body)
    assert started.status_code == 202, started.text
    return ended(http, started.json()["id"])


def test_a_candidate_is_compared_with_what_was_decided(
    http: TestClient, community: Community
) -> None:
    for n in range(4):
        community.post(a_comment("sarno" if n else "a clear day", host_id=f"c{n}"))
    community.settle()

    told = run(http, community, STRICTER)

    assert told["state"] == "done", told["why"]
    result = told["result"]
    assert result["judged"] == {"item.posted": 4}
    assert [(row["rule"], row["hits"]) for row in result["hits"]] == [("Stricter", 3)]
    changed = {(cell["old"], cell["new"]): cell["count"] for cell in result["changes"]}
    assert changed[("allow", "allow")] == 1
    assert sum(count for (_, new), count in changed.items() if new == "remove") == 3
    names = {example["host_id"] for example in result["hits"][0]["examples"]}
    assert names == {"c1", "c2", "c3"}


def test_the_rules_in_force_would_do_what_they_did(http: TestClient, community: Community) -> None:
    for n in range(4):
        community.post(a_comment("sarno" if n else "a clear day", host_id=f"c{n}"))
    community.settle()

    started = http.post("/v1/backtests", json=span(community)).json()
    result = ended(http, started["id"])["result"]

    assert result["changes"]
    assert all(cell["old"] == cell["new"] for cell in result["changes"])


def test_without_a_span_it_is_the_last_week(http: TestClient, community: Community) -> None:
    community.post(a_comment("sarno", host_id="c1"))
    community.settle()

    started = http.post("/v1/backtests", json={}).json()

    assert ended(http, started["id"])["result"]["judged"] == {"item.posted": 1}
    now_ms = community.clock.now_ms()
    assert started["to"] == rfc3339(now_ms + 1)
    assert started["from"] == rfc3339(now_ms + 1 - 7 * 86_400_000)


def test_two_are_laid_side_by_side_and_one_is_taken_away(
    http: TestClient, community: Community
) -> None:
    community.post(a_comment("sarno", host_id="c1"))
    community.settle()
    a, b = (run(http, community, rules)["id"] for rules in (STRICTER, MILDER))

    told = http.get(f"/v1/backtests/compare?a={a}&b={b}").json()
    sheet = http.get(f"/v1/backtests/{a}/export")

    assert told["same_span"] is True
    assert {row["name"]: (row["a"], row["b"]) for row in told["rules"]} == {
        "Stricter": (1, None),
        "Milder": (None, 1),
    }
    assert sheet.text.startswith("table,name,detail,number\n")
    assert "hits,Stricter,all days,1\n" in sheet.text
    assert [row["id"] for row in http.get("/v1/backtests").json()["backtests"]] == [b, a]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"from": "yesterday"}, "is no moment"),
        ({"to": "2024-01-01"}, "the span is empty"),
        ({"rule_set": "abc"}, "no version 'abc'"),
        ({"files": {"main.sml": "R = Rule(when_all=[X], description='')"}}, "X"),
    ],
)
def test_what_cannot_be_run_is_refused(
    http: TestClient, community: Community, change: dict[str, Any], told: str
) -> None:
    answer = http.post("/v1/backtests", json={**span(community), **change})

    assert answer.status_code in {400, 404}
    assert told in answer.text


def test_a_backtest_that_a_restart_cut_short_says_so(community: Community) -> None:
    record = BacktestRecord(
        org=community.org,
        id=EventId(9),
        rule_set="h",
        from_ms=0,
        to_ms=1,
        by="p",
        started_at=0,
    )
    community.platform.store.write(lambda uow: uow.backtests.put(record))
    community.platform.close()

    with reopened(community.platform.settings, community.clock) as platform:
        read = platform.backtests.get(community.org, EventId(9))
        platform.backtests.recover()
        kept = platform.store.read(lambda uow: uow.backtests.get(Org(community.org), EventId(9)))

    assert read.state is BacktestState.INTERRUPTED
    assert kept is not None
    assert kept.state is BacktestState.INTERRUPTED


def test_a_result_names_nobody_who_was_erased(http: TestClient, community: Community) -> None:
    community.post(a_comment("sarno", host_id="c1", author="anna"))
    community.settle()
    told = run(http, community, STRICTER)
    assert told["result"]["hits"][0]["examples"]

    erased = http.post("/v1/erasures", json={"account": "anna"})
    kept = http.get(f"/v1/backtests/{told['id']}").json()

    assert erased.status_code == 200
    stored = community.platform.backtests.get(community.org, EventId(int(told["id"])))
    assert "c1" not in stored.result
    assert kept["result"]["hits"][0]["examples"] == []
