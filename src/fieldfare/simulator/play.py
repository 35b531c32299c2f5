"""Plays a community against a server: the plan flows in, what was really seen flows out.

Time goes in steps: the clock is moved, accounts and postings are sent, decisions are awaited, then
views are served as the gate allows and people review. Each step waits for the one before to be
decided, so that two plays of one plan end alike however busy the machine is. People comment only
under what they could see, and report only what somebody saw.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from fieldfare.kernel import rfc3339, unix_ms
from fieldfare.simulator.community import TICK_MIN, Community, Posting, Report, Showing
from fieldfare.simulator.films import Films
from fieldfare.simulator.host import Answer, Host, Json, Name
from fieldfare.simulator.reviewers import Reviewers

WATCH_MS: Final = 1_800
PAST_A_WARNING: Final = 4
"""One viewer in four taps through an opt-in screen."""

Progress = Callable[[int], None]
"""Told the simulated minute that is about to be played."""


@dataclass(slots=True)
class Seen:
    """What was served. views: per item; windows: (start ms, views) per item in order of time.

    stopped: the accounts that the platform took something away from. verdicts: what people decided,
    the policy or "" for allowed; waiting: the items that nobody has decided yet though it was asked
    for.
    """

    posted: set[Name] = field(default_factory=set)
    views: Counter[Name] = field(default_factory=Counter)
    windows: dict[Name, list[tuple[int, int]]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    reports: int = 0
    verdicts: Mapping[Name, str] = field(default_factory=dict)
    waiting: set[Name] = field(default_factory=set)

    def before(self, name: Name, at_ms: int) -> int:
        """Count the views of an item in windows that began before a moment."""
        return sum(views for start, views in self.windows.get(name, ()) if start < at_ms)


def play(
    host: Host,
    community: Community,
    films: Films,
    *,
    progress: Progress,
    reviewers: Reviewers | None = None,
) -> Seen:
    """Play the whole plan and return what was seen. reviewers: None if nobody reviews."""
    player = _Player(host, community, films)
    for step in _steps(community):
        progress(step.minute)
        player.step(step)
        if step.showings and reviewers is not None:
            player.review(reviewers, step.minute)
    if reviewers is not None:
        player.seen.verdicts = reviewers.verdicts
        player.seen.waiting = reviewers.waiting()
    return player.seen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    minute: int
    postings: tuple[Posting, ...]
    reports: tuple[Report, ...]
    showings: tuple[Showing, ...]


def _steps(community: Community) -> Iterator[_Step]:
    moments: dict[int, tuple[list[Posting], list[Report], list[Showing]]] = {}
    for account in community.accounts:
        moments.setdefault(account.minute, ([], [], []))
    for posting in community.postings:
        moments.setdefault(posting.minute, ([], [], []))[0].append(posting)
    for report in community.reports:
        moments.setdefault(report.minute, ([], [], []))[1].append(report)
    for showing in community.showings:
        moments.setdefault(showing.minute, ([], [], []))[2].append(showing)
    for minute, (postings, reports, showings) in sorted(moments.items(), key=lambda m: m[0]):
        yield _Step(
            minute=minute,
            postings=tuple(postings),
            reports=tuple(reports),
            showings=tuple(showings),
        )


class _Player:
    def __init__(self, host: Host, community: Community, films: Films) -> None:
        self._host = host
        self._community = community
        self._films = films
        self._begin_ms = unix_ms(host.advance_to("2024-01-01T00:00:00Z"))
        self._now = ""
        self._last_decision = 0
        self.seen = Seen()

    def step(self, step: _Step) -> None:
        self._now = self._host.advance_to(rfc3339(self._begin_ms + step.minute * 60_000))
        self._make_accounts(step.minute)
        self._post(step.postings)
        self._report(step.reports)
        if step.showings:
            self._host.until_idle()
            self._serve(step.showings)
            self._host.until_idle()

    def review(self, reviewers: Reviewers, minute: int) -> None:
        """Let people review, and let the time pass in which they could change their minds."""
        undo_until = reviewers.work(minute)
        if undo_until is not None:
            self._host.advance_to(undo_until)
            self._host.until_idle()

    def _make_accounts(self, minute: int) -> None:
        made = [account for account in self._community.accounts if account.minute == minute]
        events: list[Json] = [
            {
                "kind": "account.created",
                "key": f"account-{account.host_id}",
                "occurred_at": self._now,
                "created_at": self._now,
                "actor": account.host_id,
                "market": account.market,
            }
            for account in made
        ]
        if events:
            self._host.send(events)

    def _post(self, postings: Sequence[Posting]) -> None:
        for posting in postings:
            if posting.film is not None:
                self._host.post_video(self._item(posting), self._films.bytes_of(posting.film))
                self._host.until_decided([posting.name])
                self.seen.posted.add(posting.name)
        comments = self._possible([p for p in postings if p.film is None])
        if comments:
            self._host.send(
                [
                    {"kind": "item.posted", "key": f"post-{c.host_id}", "item": self._item(c)}
                    for c in comments
                ]
            )
            self._host.until_decided([c.name for c in comments])
            self.seen.posted.update(c.name for c in comments)
            self._stop_accounts()

    def _stop_accounts(self) -> None:
        """Carry out what was decided about accounts; here it always stops them from writing."""
        made = list(self._host.decisions_after(self._last_decision))
        if made:
            self._last_decision = int(made[0]["id"])
        for decision in reversed(made):
            subject = decision["subject"]
            if subject["kind"] == "account" and decision["restrictions"]:
                self.seen.stopped.add(subject["host_id"])

    def _possible(self, comments: Sequence[Posting]) -> list[Posting]:
        """Keep the comments whose author may write and can see the video."""
        possible = set()
        for market, group in groupby(sorted(comments, key=_market), key=_market):
            theirs = list(group)
            parents = sorted({("video", c.parent) for c in theirs})
            told = self._ask(parents, "18_plus", market)
            possible |= {c.name for c in theirs if told["video", c.parent].is_shown}
        return [c for c in comments if c.name in possible and c.author not in self.seen.stopped]

    def _item(self, posting: Posting) -> Json:
        item: Json = {
            "kind": posting.kind,
            "host_id": posting.host_id,
            "author": posting.author,
            "market": posting.market,
            "occurred_at": self._now,
            "text" if posting.kind == "comment" else "caption": posting.text,
        }
        if posting.parent:
            item["parent"] = {"kind": "video", "host_id": posting.parent}
        return item

    def _report(self, reports: Sequence[Report]) -> None:
        filed = [r for r in reports if self.seen.views["video", r.video]]
        if filed:
            self.seen.reports += len(filed)
            self._host.send(
                [
                    {
                        "kind": "report.filed",
                        "key": f"report-{r.reporter}-{r.video}",
                        "occurred_at": self._now,
                        "item": {"kind": "video", "host_id": r.video},
                        "reporter": r.reporter,
                        "reason": r.reason,
                    }
                    for r in filed
                ]
            )

    def _serve(self, showings: Sequence[Showing]) -> None:
        """Ask for every group first, then serve: one tick's views do not see each other."""
        asked = [(s, self._ask(self._askable(s), s.age_band, s.market)) for s in showings]
        start_ms = unix_ms(self._now)
        events: list[Json] = []
        for showing, answers in asked:
            shown = self._shown(showing, answers)
            for name, views in shown.items():
                self.seen.views[name] += views
                self.seen.windows.setdefault(name, []).append((start_ms, views))
                events.append(self._viewed(showing, name, views, answers[name]))
        if events:
            self._host.send(events)

    def _askable(self, showing: Showing) -> list[Name]:
        return [name for name in showing.views if name in self.seen.posted]

    def _ask(self, names: Sequence[Name], age_band: str, market: str) -> Mapping[Name, Answer]:
        return self._host.eligibility(names, surface="feed", age_band=age_band, market=market)

    def _shown(self, showing: Showing, answers: Mapping[Name, Answer]) -> dict[Name, int]:
        shown: dict[Name, int] = {}
        parents = {p.name: ("video", p.parent) for p in self._community.postings if p.parent}
        for name in sorted(answers, key=lambda n: n[0] != "video"):
            views = self._allowed(name, showing.views[name], answers[name])
            parent = parents.get(name)
            if parent is not None:  # seen by that part of its viewers that its video still has
                planned = showing.views.get(parent, 0)
                views = views * shown.get(parent, 0) // planned if planned else 0
            if views:
                shown[name] = views
        return shown

    def _allowed(self, name: Name, planned: int, answer: Answer) -> int:
        if not answer.is_shown:
            return 0
        views = planned // PAST_A_WARNING if answer.show == "warn" else planned
        if answer.max_views is None:
            return views
        return max(0, min(views, answer.max_views - self.seen.views[name]))

    def _viewed(self, showing: Showing, name: Name, views: int, answer: Answer) -> Json:
        kind, host_id = name
        return {
            "kind": "item.viewed",
            "key": f"seen-{kind}-{host_id}-{showing.minute}-{showing.age_band}-{showing.market}",
            "item": {"kind": kind, "host_id": host_id},
            "version": answer.version,
            "window_start": self._now,
            "window_s": TICK_MIN * 60,
            "views": views,
            "watch_ms": views * WATCH_MS,
            "surface": "feed",
            "market": showing.market,
            "age_band": showing.age_band,
        }


def _market(posting: Posting) -> str:
    return posting.market
