"""Kills a server at random moments under load, and counts what it lost.

A plan flows in, a tally flows out. Posters send comments and small videos over HTTP, change some
and delete some, and repeat every call that was not answered, under the same key; meanwhile SIGKILL
falls on the server, and at times on the receiver of its webhooks. At the end everything accepted
must be there once, decided, answered by the gate as decided, carried out at the receiver, and
sealed.
"""

import itertools
import os
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any, Final

from fieldfare.testing.agreement import (
    Problem,
    Sent,
    Tally,
    item_problems,
    log_problems,
    repeated_effects,
)
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.nursery import Nursery
from fieldfare.testing.processes import Api, Process, free_port, receiver, server

TROUBLE: Final = (OSError, HTTPException, ValueError)
AGAIN_S: Final = 0.05
DRAIN_S: Final = 180.0
GATE_ITEMS: Final = 500
ENDED: Final = frozenset({"decided", "deleted"})
FILM: Final = "film.webm"
A_FILM: Final = Clip(codec="vp8", width=64, height=96, frames=6)
BREAKING_WORD: Final = "glimbwort"
LEXICON: Final = f"policy: FR.SCAM\nmatch: word\nterms:\n  - {BREAKING_WORD}\n"
CLEAN_WORDS: Final = ("lumet", "sarno", "wivel", "tobrek", "fennul", "quimsa")
VIEWER: Final = {"age_band": "18_plus", "market": "DE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do. kills: of the server; posters: senders at once; seed: of every choice.

    up_s: the shortest and longest time between readiness and the next kill. early: share of kills
    that fall while the server is still starting; receiver_kills: share that hit the receiver too.
    burst, pause_s: items a poster sends without and with a break. videos, deleted: shares of items
    that are a video, and that are deleted again.
    """

    kills: int
    seed: int = 7
    posters: int = 4
    up_s: tuple[float, float] = (0.05, 0.9)
    early: float = 0.15
    receiver_kills: float = 0.1
    burst: int = 8
    pause_s: float = 0.4
    videos: float = 0.03
    deleted: float = 0.06


@dataclass(frozen=True, slots=True)
class _Until:
    """When posters end: after the item at hand, or in the middle of one."""

    enough: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)


class _Poster(threading.Thread):
    """Posts items until told to stop; repeats each call until it is answered."""

    def __init__(self, number: int, plan: Plan, api: Api, until: "_Until", *, film: bytes) -> None:
        super().__init__(name=f"poster-{number}")
        self._number = number
        self._plan = plan
        self._random = Random(plan.seed * 1000 + number)  # noqa: S311  # repeatable, no secret
        self._api = api
        self._until = until
        self._film = film
        self.sent: list[Sent] = []
        self.repeated = 0
        self.problems: list[Problem] = []

    def run(self) -> None:
        for index in itertools.count():
            if self._until.enough.is_set():
                return
            if index % self._plan.burst == 0:
                self._until.enough.wait(self._plan.pause_s)
            self._item(index)

    def _item(self, index: int) -> None:
        kind = "video" if self._random.random() < self._plan.videos else "comment"
        sent = Sent(host_id=f"c-{self._number}-{index}", kind=kind)
        self.sent.append(sent)
        dice = self._random.random()
        self._post(sent, is_breaking=dice < 0.3)  # noqa: PLR2004  # three in ten break a rule
        if dice > 0.85:  # noqa: PLR2004  # some are changed at once, for the worse
            self._post(sent, is_breaking=True)
        if self._random.random() < 0.1 and sent.ids:  # noqa: PLR2004  # some are sent again
            self._repeat(sent)
        if self._random.random() < self._plan.deleted and sent.ids:
            self._take_down(sent)

    def _post(self, sent: Sent, *, is_breaking: bool) -> None:
        key = f"{sent.host_id}/{sent.versions}"
        sent.ids[key] = self._accepted(sent, key, is_breaking=is_breaking)
        sent.versions += 1
        sent.is_breaking = is_breaking

    def _repeat(self, sent: Sent) -> None:
        key = f"{sent.host_id}/{sent.versions - 1}"
        again = self._accepted(sent, key, is_breaking=sent.is_breaking)
        if again != sent.ids[key]:
            self.problems.append(("duplicated", f"{key} got the ids {sent.ids[key]} and {again}"))

    def _take_down(self, sent: Sent) -> None:
        key = f"{sent.host_id}/deleted"
        item = {"kind": sent.kind, "host_id": sent.host_id}
        body = {"events": [{"kind": "item.deleted", "key": key, "item": item}]}
        answer = self._until_answered(key, lambda: self._api.call("POST", "/v1/events", body))
        if answer is not None and answer["rejected"]:
            self.problems.append(("lost", f"{key} was rejected: {answer['rejected']}"))
        sent.is_deleted = answer is not None

    def _accepted(self, sent: Sent, key: str, *, is_breaking: bool) -> str:
        """Post an item until it is accepted, and give the id; "" if it never was."""
        body = self._body(sent, key, is_breaking=is_breaking)

        def call() -> tuple[int, Any]:
            if sent.kind == "comment":
                return self._api.call("POST", "/v1/items", body)
            return self._api.upload("/v1/items", body, self._film, name=FILM)

        answer = self._until_answered(key, call)
        return "" if answer is None else str(answer["event_id"])

    def _body(self, sent: Sent, key: str, *, is_breaking: bool) -> dict[str, str]:
        number = int(key.rpartition("/")[2])
        words = [*CLEAN_WORDS[number : number + 3], sent.host_id]
        return {
            "kind": sent.kind,
            "host_id": sent.host_id,
            "key": key,
            "author": f"a-{sent.host_id}",
            "market": "DE",
            "text" if sent.kind == "comment" else "caption": " ".join(
                [*words, BREAKING_WORD] if is_breaking else words
            ),
        }

    def _until_answered(self, key: str, call: Callable[[], tuple[int, Any]]) -> Any | None:  # noqa: ANN401  # JSON
        for attempt in itertools.count():
            try:
                status, answer = call()
            except TROUBLE:
                status, answer = 0, None
            if status in (200, 202):
                return answer
            if status not in (0, 429, 503):
                self.problems.append(("lost", f"{key} was answered {status}: {answer}"))
                return None
            if self._until.given_up.is_set():
                return None
            self.repeated += attempt == 0
            time.sleep(AGAIN_S)
        raise AssertionError("counting does not end")


def kill_and_count(plan: Plan, *, receiver_script: Path) -> Tally:
    """Run a plan in a temporary folder. Takes about two seconds a kill, and a minute to check.

    receiver_script: examples/receiver.py. Raises NotReady if the server cannot be started at all.
    """
    with (
        tempfile.TemporaryDirectory(prefix="fieldfare-kill-") as folder,
        closing(Nursery()) as nursery,
    ):
        return _Run(plan, Path(folder), receiver_script, nursery).run()


class _Run:
    def __init__(self, plan: Plan, folder: Path, receiver_script: Path, nursery: Nursery) -> None:
        self._plan = plan
        self._random = Random(plan.seed)  # noqa: S311  # repeatable, no secret
        self._home = folder / "home"
        self._tally = Tally()
        self._film = write_clip(folder / FILM, A_FILM).read_bytes()
        port, self._receiver_port = free_port(), free_port()
        self._nursery = nursery
        status, told = self._command("init")
        key = re.search(r"ff_\S+_\S+", told)
        if status or key is None:
            raise RuntimeError(f"`fieldfare init` ended with {status} and gave no key:\n{told}")
        self._api = Api(port, key.group())
        self._server = server(self._home, port, nursery)
        self._server.start()
        self._receiver = self._set_up(folder, receiver_script)

    def _set_up(self, folder: Path, receiver_script: Path) -> Process:
        lexicon = {"name": "invented", "text": LEXICON, "lexicon": True}
        self._must("POST", "/v1/lists", lexicon)
        hook = {"id": "host", "url": f"http://127.0.0.1:{self._receiver_port}/"}
        secret = self._must("POST", "/v1/webhooks", hook)["secret"]
        database = folder / "receiver.sqlite"
        made = receiver(receiver_script, database, self._receiver_port, secret)
        made.start()
        return made

    def _command(self, *arguments: str) -> tuple[int, str]:
        """Run a command on the installation to its end: exit status and everything it wrote."""
        environment = {**os.environ, "FIELDFARE_HOME": str(self._home)}
        log = self._home.parent / f"{arguments[0]}.log"
        return self._nursery.run(arguments, log=log, environment=environment)

    def _must(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
        status, answer = self._api.call(method, path, body)
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise RuntimeError(f"{method} {path} was answered {status}: {answer}")
        return answer

    def run(self) -> Tally:
        began = time.monotonic()
        until = _Until()
        posters = [
            _Poster(number, self._plan, self._api, until, film=self._film)
            for number in range(self._plan.posters)
        ]
        try:
            for poster in posters:
                poster.start()
            while self._tally.kills < self._plan.kills:
                self._kill_once(posters)
            until.enough.set()
            for poster in posters:
                poster.join()
            self._check(posters)
        finally:
            until.enough.set()
            until.given_up.set()
            self._server.kill()
            self._receiver.kill()
        self._tally.seconds = round(time.monotonic() - began, 1)
        return self._tally

    def _kill_once(self, posters: list[_Poster]) -> None:
        time.sleep(self._random.uniform(*self._plan.up_s))
        self._look_at_what_must_not_be_shown(posters)
        if self._random.random() < self._plan.receiver_kills:
            self._receiver.kill()
            self._receiver.start()
        self._server.kill()
        self._tally.kills += 1
        if self._random.random() < self._plan.early:
            self._server.spawn()
            time.sleep(self._random.uniform(0.05, 1.5))
            self._server.kill()
            self._tally.kills += 1
        self._server.start()

    def _look_at_what_must_not_be_shown(self, posters: list[_Poster]) -> None:
        asked = [sent for poster in posters for sent in poster.sent[-50:] if sent.is_breaking]
        try:
            answers = self._gate(asked)
        except TROUBLE:
            return
        shown = [("wrongly_shown", name) for name, show in answers.items() if show == "yes"]
        self._tally.fail(shown)

    def _gate(self, asked: list[Sent]) -> dict[str, str]:
        items = [{"kind": sent.kind, "host_id": sent.host_id} for sent in asked]
        body = {"surface": "feed", "viewer": VIEWER, "items": items}
        _, answer = self._api.call("POST", "/v1/eligibility", body)
        return {item["host_id"]: item["show"] for item in answer["items"]}

    def _check(self, posters: list[_Poster]) -> None:
        tally = self._tally
        sent = [each for poster in posters for each in poster.sent]
        tally.repeated = sum(poster.repeated for poster in posters)
        tally.items = len(sent)
        tally.videos = sum(each.kind == "video" for each in sent)
        tally.deleted = sum(each.is_deleted for each in sent)
        tally.accepted = sum(len(each.ids) for each in sent)
        self._wait_until_drained(sent)
        state = Api(self._receiver_port, "").call("GET", "/state")[1]
        tally.effects_applied = len(state["applied"])
        for poster in posters:
            tally.fail(poster.problems)
        tally.fail(repeated_effects(state["applied"]))
        tally.fail(log_problems(sent, Counter(row["kind"] for row in self._audit_rows())))
        for start in range(0, len(sent), GATE_ITEMS):
            self._check_items(sent[start : start + GATE_ITEMS], state["subjects"])
        self._server.stop()
        status, told = self._command("audit", "verify")
        if status:
            tally.fail([("audit_failed", told[-500:])])

    def _check_items(self, sent: list[Sent], received: dict[str, dict[str, Any]]) -> None:
        shown = self._gate(sent)
        for each in sent:
            status, item = self._api.call("GET", f"/v1/items/{each.kind}/{each.host_id}")
            known = item if status == HTTPStatus.OK else None
            subject = received.get(f"main/{each.kind}:{each.host_id}")
            self._tally.fail(item_problems(each, known, shown.get(each.host_id, "no"), subject))

    def _wait_until_drained(self, sent: list[Sent]) -> None:
        """Wait until everything is decided and carried; not getting there is a failure."""
        deadline = time.monotonic() + DRAIN_S
        waiting: list[dict[str, Any]] = []
        # A film waits for its scan long after the comments behind it have gone.
        slowest = [each for each in sent if each.kind == "video"] + sent[-1:]
        while time.monotonic() < deadline:
            waiting = [
                row
                for state in ("due", "sent")
                for row in self._must("GET", f"/v1/outbox?state={state}&limit=1")["effects"]
            ]
            slowest = [each for each in slowest if self._state_of(each) not in ENDED]
            if not waiting and not slowest:
                return
            time.sleep(AGAIN_S * 4)
        names = [each.host_id for each in slowest]
        told = f"effects or items still wait after {DRAIN_S:g} s: {waiting}, {names}"
        self._tally.fail([("undecided", told)])

    def _state_of(self, sent: Sent) -> str:
        return str(self._must("GET", f"/v1/items/{sent.kind}/{sent.host_id}")["state"])

    def _audit_rows(self) -> Iterator[dict[str, Any]]:
        after: str | None = "0"
        while after is not None:
            page = self._must("GET", f"/v1/audit?after={after}&limit=200")
            yield from page["rows"]
            after = page["next"]
