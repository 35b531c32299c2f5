"""Playing reviewers against a double of the API: hours, capacity, truth and mistakes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from fieldfare.simulator.community import Posting
from fieldfare.simulator.host import Host
from fieldfare.simulator.reviewers import LAST_TICK_MIN, WRONG, Reviewers

Json = dict[str, Any]
NOON = 12 * 60
UNTIL = "2026-01-05T12:00:10Z"


@dataclass
class Desk:
    """Hands out cases in order. given: the verdicts by host_id."""

    open: list[str]
    given: dict[str, Json] = field(default_factory=dict)

    def host(self) -> Host:
        return Host(httpx2.Client(base_url="http://desk", transport=httpx2.MockTransport(self._go)))

    def _go(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return self._page(request.url.params.get("cursor"))
        if request.url.path == "/v1/cases/claim":
            if not self.open:
                return httpx2.Response(204)
            lease = {"token": f"token-{self.open[0]}"}
            return httpx2.Response(200, json={"case": _case(self.open[0]), "lease": lease})
        case_id = request.url.path.split("/")[3]
        self.open.remove(case_id)
        self.given[case_id] = json.loads(request.content)
        return httpx2.Response(200, json={"undo_until": UNTIL})

    def _page(self, cursor: str | None) -> httpx2.Response:
        """Give one case a page."""
        start = int(cursor or 0)
        following = str(start + 1) if start + 1 < len(self.open) else None
        rows = [_case(each) for each in self.open[start : start + 1]]
        return httpx2.Response(200, json={"cases": rows, "next": following})


def _case(host_id: str) -> Json:
    subject = {"kind": "video", "host_id": host_id}
    return {"id": host_id, "subject": subject, "policies": ["HB.LOW", "HS.SLUR"]}


def a_posting(number: int, truth: str) -> Posting:
    return Posting(
        minute=30,
        kind="video",
        host_id=f"v{number}",
        author="maker-1",
        market="DE",
        text="miru talo",
        how="clean",
        truth=truth,
    )


def reviewers(desk: Desk, postings: Iterable[Posting], *, seed: int = 7) -> Reviewers:
    return Reviewers(desk.host(), seed=seed, postings=postings)


MANY = [a_posting(n, "GV.GORE" if n % 2 else "") for n in range(400)]


def test_a_verdict_follows_the_truth_of_the_plan_not_the_candidates_of_the_case() -> None:
    desk = Desk(["v0", "v1"])

    people = reviewers(desk, MANY)
    until = people.work(NOON)

    assert until == UNTIL
    assert desk.given["v0"] == {"token": "token-v0", "action": "allow", "policy": ""}
    assert desk.given["v1"] == {"token": "token-v1", "action": "confirm", "policy": "GV.GORE"}
    assert people.verdicts == {("video", "v0"): "", ("video", "v1"): "GV.GORE"}


def test_people_decide_only_as_many_as_a_tick_leaves_time_for() -> None:
    desk = Desk([posting.host_id for posting in MANY])

    reviewers(desk, MANY[:60]).work(NOON)

    assert list(desk.given) == ["v0", "v1", "v2"]


@pytest.mark.parametrize("minute", [0, 359, 24 * 60 + 120, LAST_TICK_MIN + 120])
def test_nobody_works_at_night_or_after_the_last_day(minute: int) -> None:
    desk = Desk(["v0"])

    assert reviewers(desk, MANY).work(minute) is None
    assert desk.open == ["v0"]


def test_nothing_to_do_lets_no_time_pass() -> None:
    assert reviewers(Desk([]), MANY).work(NOON) is None


def test_a_few_verdicts_are_wrong_in_both_directions_and_the_same_each_time() -> None:
    def played() -> dict[tuple[str, str], str]:
        people = reviewers(Desk([posting.host_id for posting in MANY]), MANY)
        while people.work(NOON):
            pass
        return people.verdicts

    first, second = played(), played()

    wrong = [first[p.name] for p in MANY if first[p.name] != p.truth]
    assert first == second
    assert set(wrong) == {"", "HB.LOW"}
    assert WRONG / 2 < len(wrong) / len(MANY) < WRONG * 2


def test_what_waits_is_read_page_by_page() -> None:
    desk = Desk(["v0", "v1", "v2"])

    assert reviewers(desk, MANY).waiting() == {("video", f"v{n}") for n in range(3)}
