"""Playing a plan against a small double of the API: only what the gate allows is seen."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from fieldfare.kernel import Unavailable, rfc3339, unix_ms
from fieldfare.simulator.community import Account, Community, FilmPlan, Posting, Report, Showing
from fieldfare.simulator.films import Films
from fieldfare.simulator.host import Host
from fieldfare.simulator.play import Seen, play
from fieldfare.simulator.rendering import Scene
from fieldfare.simulator.reviewers import Reviewers

BEGIN = unix_ms("2026-01-05T00:00:00Z")
FILM = FilmPlan(scene=Scene(seed=1))
FILMS = Films({FILM: b"film"})
UNDO_MS = 10_000
Json = dict[str, Any]


@dataclass
class TinyPlatform:
    """Answers as told. verdicts: host_id -> how the gate answers; stops: accounts it blocks.

    cases: videos that wait for a person; decided: when a person decided them.
    """

    verdicts: dict[str, Json] = field(default_factory=dict)
    stops: set[str] = field(default_factory=set)
    now_ms: int = BEGIN
    undecided: int = 0
    rejects: bool = False
    posted: dict[str, int] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)
    made: list[Json] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    decided: dict[str, int] = field(default_factory=dict)

    def host(self) -> Host:
        return Host(httpx2.Client(base_url="http://tiny", transport=httpx2.MockTransport(self._go)))

    def _go(self, request: httpx2.Request) -> httpx2.Response:
        routes: dict[str, Callable[[httpx2.Request], Json]] = {
            "/v1/clock": self._clock,
            "/v1/events": self._events,
            "/v1/items": self._item,
            "/v1/eligibility": self._eligibility,
            "/v1/decisions": lambda _: {"decisions": self.made[::-1], "next": None},
            "/health": lambda _: {
                "parts": {
                    "evaluator": {"events_waiting": self._left()},
                    "scanner": {"scans_waiting": 0},
                }
            },
        }
        if request.url.path.startswith("/v1/cases"):
            return self._review(request)
        return httpx2.Response(200, json=routes[request.url.path](request))

    def _review(self, request: httpx2.Request) -> httpx2.Response:
        rows = [
            {"id": each, "subject": {"kind": "video", "host_id": each}, "policies": ["HB.LOW"]}
            for each in self.cases
        ]
        if request.method == "GET":
            return httpx2.Response(200, json={"cases": rows, "next": None})
        if request.url.path.endswith("/claim"):
            if not rows:
                return httpx2.Response(204)
            return httpx2.Response(200, json={"case": rows[0], "lease": {"token": "t"}})
        self.decided[self.cases.pop(0)] = self.now_ms
        return httpx2.Response(200, json={"undo_until": rfc3339(self.now_ms + UNDO_MS)})

    def _clock(self, request: httpx2.Request) -> Json:
        self.now_ms = max(self.now_ms, unix_ms(json.loads(request.content)["advance_to"]))
        return {"now": rfc3339(self.now_ms)}

    def _events(self, request: httpx2.Request) -> Json:
        sent = json.loads(request.content)["events"]
        self.events += sent
        for event in sent:
            if event["kind"] == "item.posted":
                self._take(event["item"])
        return {"rejected": [{"index": 0, "detail": "no"}] if self.rejects else []}

    def _item(self, request: httpx2.Request) -> Json:
        part = request.content.split(b"\r\n\r\n")[1].split(b"\r\n--")[0]
        self._take(json.loads(part))
        return {}

    def _take(self, item: Json) -> None:
        self.posted[item["host_id"]] = self.now_ms
        if item["author"] in self.stops:
            subject = {"kind": "account", "host_id": item["author"]}
            number = str(len(self.made) + 1)
            self.made.append({"id": number, "subject": subject, "restrictions": [{"kind": "x"}]})

    def _eligibility(self, request: httpx2.Request) -> Json:
        body = json.loads(request.content)
        self.asked.append(body)
        left = self._left()
        items = []
        for item in body["items"]:
            told = {"show": "yes", "reason": ""} | self.verdicts.get(item["host_id"], {})
            if left and body["surface"] == "profile":
                told = {"show": "no", "reason": "undecided_author_alone"}
            items.append({**item, "version": 1, **told})
        return {"items": items}

    def _left(self) -> int:
        self.undecided = max(0, self.undecided - 1)
        return self.undecided


def a_video(host_id: str, *, minute: int = 30) -> Posting:
    return Posting(
        minute=minute,
        kind="video",
        host_id=host_id,
        author="maker-1",
        market="DE",
        text="miru talo",
        how="clean",
        film=FILM,
    )


def a_comment(host_id: str, *, under: str, author: str = "reader-1", minute: int = 60) -> Posting:
    return Posting(
        minute=minute,
        kind="comment",
        host_id=host_id,
        author=author,
        market="DE",
        text="talo miru",
        how="clean",
        parent=under,
    )


def a_showing(minute: int = 120, **views: int) -> Showing:
    kinds = {"v": "video", "c": "comment"}
    named = {(kinds[host_id[0]], host_id): count for host_id, count in views.items()}
    return Showing(minute=minute, age_band="18_plus", market="DE", views=named)


def a_community(
    *postings: Posting, showings: tuple[Showing, ...] = (), reports: tuple[Report, ...] = ()
) -> Community:
    return Community(
        seed=1,
        accounts=(Account(host_id="maker-1", market="DE"),),
        known=(),
        postings=postings,
        reports=reports,
        showings=showings,
        flooders=frozenset(),
    )


def played(platform: TinyPlatform, community: Community) -> Seen:
    with platform.host() as host:
        return play(host, community, FILMS, progress=lambda _: None)


def sent(platform: TinyPlatform, kind: str) -> list[Json]:
    return [event for event in platform.events if event["kind"] == kind]


def test_everything_is_sent_at_its_simulated_minute() -> None:
    platform = TinyPlatform()

    played(platform, a_community(a_video("v1", minute=30), a_comment("c1", under="v1", minute=90)))

    assert platform.posted == {"v1": BEGIN + 30 * 60_000, "c1": BEGIN + 90 * 60_000}
    assert [event["actor"] for event in sent(platform, "account.created")] == ["maker-1"]


def test_what_the_gate_refuses_is_not_seen() -> None:
    platform = TinyPlatform(verdicts={"v2": {"show": "no", "reason": "removed"}})
    community = a_community(a_video("v1"), a_video("v2"), showings=(a_showing(v1=40, v2=60),))

    seen = played(platform, community)

    assert seen.views == {("video", "v1"): 40}
    (event,) = sent(platform, "item.viewed")
    assert (event["item"]["host_id"], event["views"], event["version"]) == ("v1", 40, 1)
    assert event["window_start"] == rfc3339(BEGIN + 120 * 60_000)


def test_views_stay_within_the_stage_of_exposure_over_all_windows() -> None:
    platform = TinyPlatform(verdicts={"v1": {"max_views": 100}})
    showings = (a_showing(120, v1=70), a_showing(240, v1=70), a_showing(360, v1=70))

    seen = played(platform, a_community(a_video("v1"), showings=showings))

    assert [views for _, views in seen.windows["video", "v1"]] == [70, 30]
    assert seen.before(("video", "v1"), BEGIN + 240 * 60_000) == 70


def test_a_warning_keeps_most_viewers_away() -> None:
    platform = TinyPlatform(verdicts={"v1": {"show": "warn"}})

    seen = played(platform, a_community(a_video("v1"), showings=(a_showing(v1=40),)))

    assert seen.views["video", "v1"] == 10


def test_comments_are_seen_by_the_share_that_still_sees_their_video() -> None:
    platform = TinyPlatform(verdicts={"v1": {"max_views": 50}})
    community = a_community(
        a_video("v1"), a_comment("c1", under="v1"), showings=(a_showing(v1=100, c1=20),)
    )

    seen = played(platform, community)

    assert seen.views == {("video", "v1"): 50, ("comment", "c1"): 10}


def test_nobody_comments_under_a_video_they_cannot_see() -> None:
    platform = TinyPlatform(verdicts={"v1": {"show": "no", "reason": "hold"}})

    seen = played(platform, a_community(a_video("v1"), a_comment("c1", under="v1")))

    assert seen.posted == {("video", "v1")}


def test_a_stopped_account_writes_no_more() -> None:
    platform = TinyPlatform(stops={"flood-1"})
    comments = [a_comment(f"c{n}", under="v1", author="flood-1", minute=60 + n) for n in range(3)]

    seen = played(platform, a_community(a_video("v1"), *comments))

    assert seen.stopped == {"flood-1"}
    assert {name for name in seen.posted if name[0] == "comment"} == {("comment", "c0")}


def test_only_what_was_seen_is_reported() -> None:
    platform = TinyPlatform(verdicts={"v2": {"show": "no", "reason": "hold"}})
    reports = tuple(
        Report(minute=200, reporter="reader-1", video=video, reason="violence")
        for video in ("v1", "v2")
    )
    community = a_community(
        a_video("v1"), a_video("v2"), showings=(a_showing(v1=9, v2=9),), reports=reports
    )

    seen = played(platform, community)

    assert [event["item"]["host_id"] for event in sent(platform, "report.filed")] == ["v1"]
    assert seen.reports == 1


def test_each_posting_is_decided_before_the_next_is_sent() -> None:
    platform = TinyPlatform(undecided=4)

    played(platform, a_community(a_video("v1"), a_video("v2")))

    waits = [body["items"][0]["host_id"] for body in platform.asked if body["surface"] == "profile"]
    assert waits[:4] == ["v1"] * 4
    assert waits[-1] == "v2"


def test_people_review_after_each_tick_and_the_time_of_undo_passes() -> None:
    platform = TinyPlatform(cases=["v1", "v2"])
    community = a_community(
        a_video("v1"), a_video("v2"), showings=(a_showing(720, v1=9), a_showing(840, v1=9))
    )

    with platform.host() as host:
        reviewers = Reviewers(host, seed=1, postings=community.postings)
        seen = play(host, community, FILMS, progress=lambda _: None, reviewers=reviewers)

    assert platform.decided == {"v1": BEGIN + 720 * 60_000, "v2": BEGIN + 840 * 60_000}
    assert platform.now_ms == BEGIN + 840 * 60_000 + UNDO_MS
    assert seen.verdicts == {("video", "v1"): "", ("video", "v2"): ""}
    assert seen.waiting == set()


def test_a_rejected_event_ends_the_play() -> None:
    platform = TinyPlatform(rejects=True)

    with pytest.raises(Unavailable, match="rejected 1 events"):
        played(platform, a_community(a_video("v1")))


def test_an_error_of_the_server_says_which_call_and_what_it_answered() -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(403, text="no such scope")

    host = Host(httpx2.Client(base_url="http://tiny", transport=httpx2.MockTransport(refuse)))

    with host, pytest.raises(Unavailable, match=r"POST /v1/clock answered 403: no such scope"):
        host.advance_to("2026-01-05T00:00:00Z")
