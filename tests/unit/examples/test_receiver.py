"""The example receiver: exactly once out of at least once."""

import json
import sqlite3
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import receiver
from fieldfare.enforcement import body_of, effects_of, new_secret, rows_of, signed
from fieldfare.kernel import EventId, Org
from fieldfare.records import Decision, Judgement, Restriction, Subject, Voice, Webhook

ORG = Org("main")
NOW_S = 1_795_000_000
SECRET = new_secret()
SPAM = Restriction(kind="remove", policy="IN.SPAM")
NUDE = Restriction(kind="limit", policy="AD.NUDE")


def bodies(revision: int, *restrictions: Restriction, subject: str = "c") -> list[bytes]:
    decision = Decision(
        org=ORG,
        id=EventId(1000 + revision),
        at=NOW_S * 1000,
        subject=Subject("comment", subject),
        version="d",
        revision=revision,
        judgement=Judgement(action="x", policy="", by=Voice.RULE, restrictions=restrictions),
        pack="",
        rule_set="",
    )
    return [body_of(effect) for effect in effects_of(decision)]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[receiver.State]:
    made = receiver.State(tmp_path / "state.sqlite")
    yield made
    made.close()


def test_the_effects_of_a_decision_are_present_and_complete(state: receiver.State) -> None:
    first, second = bodies(1, SPAM, NUDE)

    outcomes = [state.apply(first)]
    half = state.subjects()["main/comment:c"]
    outcomes.append(state.apply(second))

    assert outcomes == ["applied", "applied"]
    assert (half["is_complete"], half["kinds"]) == (False, ["remove"])
    assert state.subjects()["main/comment:c"] == {
        "revision": 1,
        "decision_id": "1001",
        "is_complete": True,
        "kinds": ["limit", "remove"],
    }


def test_a_repeated_delivery_changes_nothing(state: receiver.State) -> None:
    (body,) = bodies(1, SPAM)

    outcomes = [state.apply(body) for _ in range(3)]

    assert outcomes == ["applied", "repeated", "repeated"]
    assert state.applied() == ["1001-0"]


def test_an_older_revision_is_ignored_even_if_it_was_never_seen(state: receiver.State) -> None:
    state.apply(bodies(2)[0])

    outcome = state.apply(bodies(1, SPAM)[0])

    assert outcome == "older"
    assert state.subjects()["main/comment:c"]["kinds"] == ["allow"]
    assert state.applied() == ["1002-0"]


def test_a_newer_revision_replaces_all_effects_of_the_older(state: receiver.State) -> None:
    for body in bodies(1, SPAM, NUDE):
        state.apply(body)

    state.apply(bodies(2)[0])

    assert state.subjects()["main/comment:c"]["kinds"] == ["allow"]


@settings(max_examples=50, deadline=None)
@given(order=st.permutations([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]))
def test_any_order_with_any_repeats_ends_in_the_same_state(order: list[int]) -> None:
    all_bodies = [
        *bodies(1, SPAM),
        *bodies(2, NUDE, SPAM),
        *bodies(3, SPAM, NUDE),
        *bodies(1, subject="other"),
    ]
    state = receiver.State(":memory:")

    for index in order:
        state.apply(all_bodies[index])

    told, applied = state.subjects(), state.applied()
    state.close()
    assert told["main/comment:c"]["kinds"] == ["limit", "remove"]
    assert told["main/comment:c"]["revision"] == 3
    assert len(applied) == len(set(applied))
    assert {"1003-0", "1003-1"} <= set(applied)


def test_a_crash_before_the_commit_is_made_good_by_the_next_delivery(
    state: receiver.State, tmp_path: Path
) -> None:
    (body,) = bodies(1, SPAM)
    blocker = sqlite3.connect(tmp_path / "state.sqlite")
    blocker.execute(
        "CREATE TRIGGER crash BEFORE INSERT ON present BEGIN SELECT RAISE(ABORT, 'crash'); END"
    )
    blocker.commit()

    with pytest.raises(sqlite3.IntegrityError, match="crash"):
        state.apply(body)
    after_crash = (state.subjects(), state.applied())
    blocker.execute("DROP TRIGGER crash")
    blocker.close()

    assert after_crash == ({}, [])
    assert state.apply(body) == "applied"


def test_what_was_applied_survives_a_restart(state: receiver.State, tmp_path: Path) -> None:
    (body,) = bodies(1, SPAM)
    state.apply(body)

    again = receiver.State(tmp_path / "state.sqlite")
    outcome = again.apply(body)
    again.close()

    assert outcome == "repeated"


@pytest.fixture
def port(state: receiver.State) -> Iterator[int]:
    server = receiver.serve(state, [SECRET], 0, clock=lambda: NOW_S)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def deliver(port: int, *secrets: str, at_s: int = NOW_S, body: bytes = b"") -> int:
    url = f"http://127.0.0.1:{port}/"
    webhook = Webhook(org=ORG, id="w", url=url, secrets=secrets)
    decision_body = bodies(1, SPAM)[0]
    request = a_signed_request(webhook, decision_body, at_s)
    if body:
        request.data = body
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def a_signed_request(webhook: Webhook, body: bytes, at_s: int) -> urllib.request.Request:
    told = json.loads(body)
    decision = Decision(
        org=ORG,
        id=EventId(int(told["decision_id"])),
        at=NOW_S * 1000,
        subject=Subject("comment", "c"),
        version="d",
        revision=1,
        judgement=Judgement(action="x", policy="", by=Voice.RULE, restrictions=(SPAM,)),
        pack="",
        rule_set="",
    )
    (row,) = rows_of(effects_of(decision), [webhook], due_at=0)
    request = signed(row, webhook, now_ms=at_s * 1000)
    return urllib.request.Request(request.url, request.body, dict(request.headers))


def test_a_signed_effect_is_answered_200_and_told_at_state(port: int) -> None:
    status = deliver(port, SECRET)

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/state", timeout=30) as response:
        told = json.load(response)
    assert status == 200
    assert told["applied"] == ["1001-0"]
    assert told["subjects"]["main/comment:c"]["kinds"] == ["remove"]


def test_while_keys_rotate_either_signature_will_do(port: int) -> None:
    assert deliver(port, new_secret(), SECRET) == 200


@pytest.mark.parametrize(
    ("secret", "at_s", "body"),
    [
        (new_secret(), NOW_S, b""),
        (SECRET, NOW_S - 301, b""),
        (SECRET, NOW_S + 301, b""),
        (SECRET, NOW_S, b'{"type":"effect.allow"}'),
    ],
    ids=["wrong key", "too old", "too new", "changed body"],
)
def test_a_wrong_signature_is_refused_and_nothing_is_applied(
    port: int, state: receiver.State, secret: str, at_s: int, body: bytes
) -> None:
    assert deliver(port, secret, at_s=at_s, body=body) == 401
    assert state.subjects() == {}


def test_a_request_without_signature_is_refused(port: int, state: receiver.State) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", bodies(1, SPAM)[0])

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    refused.value.close()

    assert refused.value.code == 401
    assert state.subjects() == {}
