"""Kills a server at random moments under load, and counts what it lost.

A plan flows in, a tally flows out. Posters send comments over HTTP and repeat every call that was
not answered, under the same key; meanwhile SIGKILL falls on the server, and at times on the
receiver of its webhooks. At the end everything accepted must be there once, decided, answered by
the gate as decided, carried out at the receiver, and sealed.
"""

import itertools
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
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
from fieldfare.testing.processes import Api, Process, free_port, receiver, run_command, server

TROUBLE: Final = (OSError, HTTPException, ValueError)
AGAIN_S: Final = 0.05
DRAIN_S: Final = 180.0
GATE_ITEMS: Final = 500
BREAKING_WORD: Final = "glimbwort"
LEXICON: Final = f"policy: HB.BULLY\nmatch: word\nterms:\n  - {BREAKING_WORD}\n"
CLEAN_WORDS: Final = ("lumet", "sarno", "wivel", "tobrek", "fennul", "quimsa")
VIEWER: Final = {"age_band": "18_plus", "market": "DE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do. kills: of the server; posters: senders at once; seed: of every choice.

    up_s: the shortest and longest time between readiness and the next kill. early: share of kills
    that fall while the server is still starting; receiver_kills: share that hit the receiver too.
    burst, pause_s: comments a poster sends without and with a break.
    """

    kills: int
    seed: int = 7
    posters: int = 4
    up_s: tuple[float, float] = (0.05, 0.9)
    early: float = 0.15
    receiver_kills: float = 0.1
    burst: int = 8
    pause_s: float = 0.4


@dataclass(frozen=True, slots=True)
class _Until:
    """When posters end: after the comment at hand, or in the middle of one."""

    enough: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)


class _Poster(threading.Thread):
    """Posts comments until told to stop; repeats each call until it is answered."""

    def __init__(self, number: int, plan: Plan, api: Api, until: "_Until") -> None:
        super().__init__(name=f"poster-{number}")
        self._number = number
        self._plan = plan
        self._random = Random(plan.seed * 1000 + number)  # noqa: S311  # repeatable, no secret
        self._api = api
        self._until = until
        self.sent: list[Sent] = []
        self.repeated = 0
        self.problems: list[Problem] = []

    def run(self) -> None:
        for index in itertools.count():
            if self._until.enough.is_set():
                return
            if index % self._plan.burst == 0:
                self._until.enough.wait(self._plan.pause_s)
            self._comment(index)

    def _comment(self, index: int) -> None:
        sent = Sent(host_id=f"c-{self._number}-{index}")
        self.sent.append(sent)
        dice = self._random.random()
        self._post(sent, is_breaking=dice < 0.3)  # noqa: PLR2004  # three in ten break a rule
        if dice > 0.85:  # noqa: PLR2004  # some are changed at once, for the worse
            self._post(sent, is_breaking=True)
        if self._random.random() < 0.1 and sent.ids:  # noqa: PLR2004  # some are sent again
            self._repeat(sent)

    def _post(self, sent: Sent, *, is_breaking: bool) -> None:
        key = f"{sent.host_id}/{sent.versions}"
        event_id = self._until_answered(self._body(sent, key, is_breaking=is_breaking))
        sent.ids[key] = event_id
        sent.versions += 1
        sent.is_breaking = is_breaking

    def _repeat(self, sent: Sent) -> None:
        key = f"{sent.host_id}/{sent.versions - 1}"
        again = self._until_answered(self._body(sent, key, is_breaking=sent.is_breaking))
        if again != sent.ids[key]:
            self.problems.append(("duplicated", f"{key} got the ids {sent.ids[key]} and {again}"))

    def _body(self, sent: Sent, key: str, *, is_breaking: bool) -> dict[str, str]:
        number = int(key.rpartition("/")[2])
        words = [*CLEAN_WORDS[number : number + 3], sent.host_id]
        return {
            "kind": "comment",
            "host_id": sent.host_id,
            "key": key,
            "author": f"a-{sent.host_id}",
            "market": "DE",
            "text": " ".join([*words, BREAKING_WORD] if is_breaking else words),
        }

    def _until_answered(self, body: dict[str, str]) -> str:
        for attempt in itertools.count():
            try:
                status, answer = self._api.call("POST", "/v1/items", body)
            except TROUBLE:
                status, answer = 0, None
            if status in (200, 202):
                return str(answer["event_id"])
            if status not in (0, 429, 503):
                self.problems.append(("lost", f"{body['key']} was answered {status}: {answer}"))
                return ""
            if self._until.given_up.is_set():
                return ""
            self.repeated += attempt == 0
            time.sleep(AGAIN_S)
        raise AssertionError("counting does not end")


def kill_and_count(plan: Plan, *, receiver_script: Path) -> Tally:
    """Run a plan in a temporary folder. Takes about three seconds a kill, and a minute to check.

    receiver_script: examples/receiver.py. Raises NotReady if the server cannot be started at all.
    """
    with tempfile.TemporaryDirectory(prefix="fieldfare-kill-") as folder:
        return _Run(plan, Path(folder), receiver_script).run()


class _Run:
    def __init__(self, plan: Plan, folder: Path, receiver_script: Path) -> None:
        self._plan = plan
        self._random = Random(plan.seed)  # noqa: S311  # repeatable, no secret
        self._home = folder / "home"
        self._tally = Tally()
        port, self._receiver_port = free_port(), free_port()
        status, told = run_command(self._home, "init")
        key = re.search(r"ff_\S+_\S+", told)
        if status or key is None:
            raise RuntimeError(f"`fieldfare init` ended with {status} and gave no key:\n{told}")
        self._api = Api(port, key.group())
        self._server = server(self._home, port)
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

    def _must(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
        status, answer = self._api.call(method, path, body)
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise RuntimeError(f"{method} {path} was answered {status}: {answer}")
        return answer

    def run(self) -> Tally:
        began = time.monotonic()
        until = _Until()
        posters = [_Poster(n, self._plan, self._api, until) for n in range(self._plan.posters)]
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
        asked = [
            sent.host_id for poster in posters for sent in poster.sent[-50:] if sent.is_breaking
        ]
        try:
            answers = self._gate(asked)
        except TROUBLE:
            return
        shown = [("wrongly_shown", name) for name, show in answers.items() if show == "yes"]
        self._tally.fail(shown)

    def _gate(self, host_ids: list[str]) -> dict[str, str]:
        items = [{"kind": "comment", "host_id": host_id} for host_id in host_ids]
        body = {"surface": "feed", "viewer": VIEWER, "items": items}
        _, answer = self._api.call("POST", "/v1/eligibility", body)
        return {item["host_id"]: item["show"] for item in answer["items"]}

    def _check(self, posters: list[_Poster]) -> None:
        tally = self._tally
        sent = [each for poster in posters for each in poster.sent]
        tally.repeated = sum(poster.repeated for poster in posters)
        tally.items = len(sent)
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
        status, told = run_command(self._home, "audit", "verify")
        if status:
            tally.fail([("audit_failed", told[-500:])])

    def _check_items(self, sent: list[Sent], received: dict[str, dict[str, Any]]) -> None:
        shown = self._gate([each.host_id for each in sent])
        for each in sent:
            status, item = self._api.call("GET", f"/v1/items/comment/{each.host_id}")
            known = item if status == HTTPStatus.OK else None
            subject = received.get(f"main/comment:{each.host_id}")
            self._tally.fail(item_problems(each, known, shown.get(each.host_id, "no"), subject))

    def _wait_until_drained(self, sent: list[Sent]) -> None:
        deadline = time.monotonic() + DRAIN_S
        last = [poster_last.host_id for poster_last in sent[-1:]]
        while time.monotonic() < deadline:
            waiting = [
                row
                for state in ("due", "sent")
                for row in self._must("GET", f"/v1/outbox?state={state}&limit=1")["effects"]
            ]
            states = [self._must("GET", f"/v1/items/comment/{name}")["state"] for name in last]
            if not waiting and set(states) <= {"decided"}:
                return
            time.sleep(AGAIN_S * 4)

    def _audit_rows(self) -> Iterator[dict[str, Any]]:
        after: str | None = "0"
        while after is not None:
            page = self._must("GET", f"/v1/audit?after={after}&limit=200")
            yield from page["rows"]
            after = page["next"]
