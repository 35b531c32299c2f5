"""The host platform's side of the public HTTP API: plain values flow in, decoded answers flow out.

Everything the simulator knows of the platform it learns through these calls, with an API key, as
any host would. A call that is refused is an error of the simulation and ends it with what was
answered.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

import httpx2

from fieldfare.kernel import Unavailable
from fieldfare.kernel.routes import route

Json: TypeAlias = dict[str, Any]
Name: TypeAlias = tuple[str, str]
"""(kind, host_id) of an item."""

MAX_EVENTS: Final = 1_000
MAX_ITEMS: Final = 500
CALL_TIMEOUT_S: Final = 120.0
SETTLE_TIMEOUT_S: Final = 120.0
POLL_S: Final = 0.01
LONGEST_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the gate said of one item. max_views: how often it may be seen in all."""

    show: str
    reason: str
    version: int | None
    max_views: int | None

    @property
    def is_shown(self) -> bool:
        return self.show != "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInHand:
    """A case that was claimed. policies: candidates, likeliest first. token: of its lease."""

    id: str
    item: Name
    policies: tuple[str, ...]
    token: str


class Host:
    """A host with a key for one server. Use as a context."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    @classmethod
    def at(cls, url: str, key: str) -> Self:
        """Make a host for the server at `url`."""
        headers = {"Authorization": f"Bearer {key}"}
        return cls(
            httpx2.Client(base_url=url, headers=headers, timeout=CALL_TIMEOUT_S, trust_env=False)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def advance_to(self, moment: str) -> str:
        """Move the server's clock; answers what it then is."""
        return str(self._call("POST", "/v1/clock", json={"advance_to": moment})["now"])

    def send(self, events: Sequence[Json]) -> None:
        """Put events on the log, a thousand a call. Raises Unavailable if one is rejected."""
        for start in range(0, len(events), MAX_EVENTS):
            part = events[start : start + MAX_EVENTS]
            rejected = self._call("POST", "/v1/events", json={"events": part})["rejected"]
            if rejected:
                raise Unavailable(f"the server rejected {len(rejected)} events: {rejected[0]}")

    def post_video(self, metadata: Json, film: bytes) -> None:
        """Post a video with its film."""
        parts = {
            "metadata": (None, json.dumps(metadata), "application/json"),
            "file": (f"{metadata['host_id']}.webm", film, "video/webm"),
        }
        self._call("POST", "/v1/items", files=parts)

    def eligibility(
        self, names: Sequence[Name], *, surface: str, age_band: str, market: str
    ) -> dict[Name, Answer]:
        """Ask the gate what may be shown to such viewers now, 500 items a call."""
        answers = {}
        for start in range(0, len(names), MAX_ITEMS):
            body = {
                "surface": surface,
                "viewer": {"age_band": age_band, "market": market},
                "items": [
                    {"kind": kind, "host_id": host_id}
                    for kind, host_id in names[start : start + MAX_ITEMS]
                ],
            }
            for told in self._call("POST", "/v1/eligibility", json=body)["items"]:
                answers[told["kind"], told["host_id"]] = Answer(
                    show=told["show"],
                    reason=told["reason"],
                    version=told["version"],
                    max_views=told.get("max_views"),
                )
        return answers

    def item(self, name: Name) -> Json:
        """Read an item with its decisions."""
        return self._call("GET", route("/v1/items/{}", name[0], last=name[1]))

    def decisions_after(self, last: int) -> Iterator[Json]:
        """Read the decisions with ids above `last`, newest first."""
        cursor: str | None = None
        while True:
            page = self._call("GET", "/v1/decisions", params=_page(cursor))
            for decision in page["decisions"]:
                if int(decision["id"]) <= last:
                    return
                yield decision
            cursor = page["next"]
            if cursor is None:
                return

    def create_bank(self, name: str, policy: str) -> None:
        """Make a bank whose content people have checked."""
        self._call("POST", "/v1/banks", json={"name": name, "policy": policy, "vetted": True})

    def add_to_bank(self, name: str, films: Mapping[str, bytes]) -> None:
        """Add known clips; their names become labels."""
        parts = [("file", (label, film, "video/webm")) for label, film in films.items()]
        self._call("POST", f"/v1/banks/{name}/entries", files=parts)

    def import_list(self, name: str, text: str, *, is_lexicon: bool) -> None:
        """Put a list or lexicon in force."""
        body = {"name": name, "text": text, "lexicon": is_lexicon}
        self._call("POST", "/v1/lists", json=body)

    def propose_rules(self, files: Mapping[str, str], *, note: str) -> str:
        """Keep a folder of rules as a draft; answers the version's hash."""
        body = {"files": dict(files), "note": note}
        return str(self._call("POST", "/v1/rule-versions", json=body)["hash"])

    def move_rules(self, version: str, *, to: str, note: str = "") -> None:
        """Move a version of the rules on."""
        self._call("POST", f"/v1/rule-versions/{version}/moves", json={"to": to, "note": note})

    def start_backtest(self, version: str, *, from_: str, to: str) -> None:
        """Ask what a version would have done to what was posted in a span; it runs by itself."""
        body = {"rule_set": version, "from": from_, "to": to}
        self._call("POST", "/v1/backtests", json=body)

    def create_person(self, name: str, roles: Sequence[str]) -> str:
        """Make an account of the console; answers its password."""
        told = self._call("POST", "/v1/people", json={"name": name, "roles": list(roles)})
        return str(told["password"])

    def create_key(self, scope: str) -> str:
        """Make an API key of one scope; answers its text."""
        return str(self._call("POST", "/v1/keys", json={"scopes": [scope]})["key"])

    def claim_case(self) -> CaseInHand | None:
        """Take the most urgent case; None if there is none."""
        told = self._call("POST", "/v1/cases/claim", json={})
        if not told:
            return None
        case = told["case"]
        return CaseInHand(
            id=case["id"],
            item=_name(case),
            policies=tuple(case["policies"]),
            token=told["lease"]["token"],
        )

    def decide_case(self, case: CaseInHand, policy: str) -> str:
        """Confirm that the item breaks a policy, or with "" allow it.

        Answers the moment until which that can be taken back.
        """
        body = {"token": case.token, "action": "confirm" if policy else "allow", "policy": policy}
        return str(self._call("POST", f"/v1/cases/{case.id}/decision", json=body)["undo_until"])

    def open_cases(self) -> set[Name]:
        """Name the items that wait for a person."""
        found: set[Name] = set()
        cursor: str | None = None
        while True:
            page = self._call("GET", "/v1/cases", params=_page(cursor))
            found.update(_name(case) for case in page["cases"])
            cursor = page["next"]
            if cursor is None:
                return found

    def until_decided(self, names: Sequence[Name]) -> None:
        """Wait until each item has a decision. Raises Unavailable after two minutes."""

        def is_done() -> bool:
            # The profile is never answered from an outdated view, so it tells what is decided.
            told = self.eligibility(names, surface="profile", age_band="18_plus", market="DE")
            return not any(answer.reason.startswith("undecided") for answer in told.values())

        _wait_until(is_done, what=f"a decision on {names[0][0]} {names[0][1]}")

    def until_idle(self) -> None:
        """Wait until nothing waits to be scanned or evaluated, as /health tells."""

        def is_done() -> bool:
            parts = self._call("GET", "/health")["parts"]
            waiting: int = parts["evaluator"]["events_waiting"] + parts["scanner"]["scans_waiting"]
            return waiting == 0

        _wait_until(is_done, what="the evaluator")

    def _call(self, method: str, path: str, **sent: Any) -> Json:  # noqa: ANN401  # JSON and files
        try:
            response = self._client.request(method, path, **sent)
        except httpx2.HTTPError as error:
            raise Unavailable(f"{method} {path} got no answer: {error}") from error
        if not response.is_success:
            raise Unavailable(
                f"{method} {path} answered {response.status_code}: {response.text[:500]}"
            )
        told: Json = response.json() if response.content else {}
        return told


def _name(case: Json) -> Name:
    return case["subject"]["kind"], case["subject"]["host_id"]


def _page(cursor: str | None) -> dict[str, str]:
    return {"limit": "50"} | ({} if cursor is None else {"cursor": cursor})


def _wait_until(is_done: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    pause_s = POLL_S
    while not is_done():
        if time.monotonic() > deadline:
            hint = "The server's log in the demo's folder says why."
            raise Unavailable(f"waited {SETTLE_TIMEOUT_S:.0f} s for {what}", hint=hint)
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_POLL_S)
