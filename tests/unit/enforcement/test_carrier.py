"""Carrying: what is tried when, in which order, and what a receiver's trouble leads to."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from structlog.testing import capture_logs

from fieldfare.enforcement import Answer, Carrier, Pace, Request, Schedule
from fieldfare.kernel import EventId, Org, SimulatedClock
from fieldfare.records import OutboxRow, OutboxState, Subject, Webhook
from fieldfare.testing import InMemoryOutbox

ORG = Org("main")
START_MS = 1_795_000_000_000
OK = Answer(status=200)
SECRET = "whsec_c3ludGhldGljIHNlY3JldCBmb3IgdGVzdHM="


@dataclass
class Network:
    """Answers as `say` tells, and remembers which effect was sent where."""

    say: Callable[[Request], Answer] = lambda _: OK
    sent: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request, /) -> Answer:
        with self.lock:
            self.sent.append((request.url, request.headers["webhook-id"]))
        return self.say(request)

    def ids(self) -> list[str]:
        return [effect_id for _, effect_id in self.sent]


@dataclass
class World:
    """A carrier over an in-memory outbox, a clock that stands still and a network."""

    box: InMemoryOutbox = field(default_factory=InMemoryOutbox)
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(START_MS))
    network: Network = field(default_factory=Network)
    carriers: list[Carrier] = field(default_factory=list)

    def carrier(self, pace: Pace | None = None) -> Carrier:
        made = Carrier(self.box, self.clock, random=Random(1), send=self.network, pace=pace)
        self.carriers.append(made)
        return made

    def add(self, *rows: OutboxRow) -> None:
        self.box.write(lambda unit: unit.outbox.add(rows))

    def row(self, effect_id: str, webhook_id: str = "w") -> OutboxRow:
        rows = self.box.page(ORG, states=None, before=None, limit=10_000)
        return next(row for row in rows if (row.id, row.webhook_id) == (effect_id, webhook_id))

    def states(self) -> Counter[OutboxState]:
        return Counter(
            row.state for row in self.box.page(ORG, states=None, before=None, limit=10_000)
        )


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    made.box.webhooks.put(a_webhook("w"))
    yield made
    for carrier in made.carriers:
        carrier.close()


def a_webhook(webhook_id: str) -> Webhook:
    return Webhook(org=ORG, id=webhook_id, url=f"https://{webhook_id}.example/", secrets=(SECRET,))


def a_row(
    decision: int, part: int = 0, *, subject: str = "c", revision: int = 1, webhook: str = "w"
) -> OutboxRow:
    return OutboxRow(
        org=ORG,
        id=f"{decision}-{part}",
        decision_id=EventId(decision),
        part=part,
        webhook_id=webhook,
        subject=Subject("comment", subject),
        subject_revision=revision,
        body=b"{}",
        state=OutboxState.DUE,
        attempts=0,
        due_at=START_MS,
    )


def steps(carrier: Carrier) -> Sequence[int]:
    return list(iter(carrier.step, 0))


def test_a_good_answer_acknowledges_and_nothing_is_sent_again(world: World) -> None:
    world.add(a_row(1))
    carrier = world.carrier()

    assert steps(carrier) == [1]

    assert world.network.sent == [("https://w.example/", "1-0")]
    assert world.row("1-0").state is OutboxState.ACKNOWLEDGED


def test_nothing_goes_out_before_it_is_due(world: World) -> None:
    world.add(replace(a_row(1), due_at=START_MS + 10_000))
    carrier = world.carrier()

    early = carrier.step()
    world.clock.advance(10_000)

    assert (early, carrier.step()) == (0, 1)


def test_effects_of_one_subject_go_out_one_after_the_other(world: World) -> None:
    world.add(a_row(1, 0), a_row(1, 1), a_row(1, 2))

    assert steps(world.carrier()) == [1, 1, 1]
    assert world.network.ids() == ["1-0", "1-1", "1-2"]


def test_effects_of_different_subjects_go_out_together(world: World) -> None:
    world.add(*[a_row(n, subject=f"c{n}") for n in range(20)])

    assert steps(world.carrier(Pace(width=8))) == [8, 8, 4]


def test_a_failed_effect_holds_back_the_next_of_its_subject_alone(world: World) -> None:
    world.network.say = lambda r: Answer(status=500 if r.headers["webhook-id"] == "1-0" else 200)
    world.add(a_row(1, 0), a_row(1, 1), a_row(2, subject="other"))

    steps(world.carrier())

    assert sorted(world.network.ids()) == ["1-0", "2-0"]
    assert world.row("1-0").state is OutboxState.SENT
    assert world.row("1-1").state is OutboxState.DUE


def test_a_newer_revision_overtakes_what_could_not_be_delivered(world: World) -> None:
    world.network.say = lambda _: Answer(status=500)
    world.add(a_row(1, revision=1))
    carrier = world.carrier()
    carrier.step()

    world.network.say = lambda _: OK
    world.add(a_row(2, revision=2))
    steps(carrier)
    world.clock.advance(10**8)
    steps(carrier)

    assert world.network.ids() == ["1-0", "2-0"]
    assert world.row("1-0").state is OutboxState.SUPERSEDED


def test_a_row_superseded_while_on_its_way_is_not_revived_by_its_failure(world: World) -> None:
    def overtake(request: Request) -> Answer:
        if request.headers["webhook-id"] == "1-0":
            world.add(a_row(2, revision=2))
            return Answer(status=500)
        return OK

    world.network.say = overtake
    world.add(a_row(1, revision=1))

    steps(world.carrier())

    assert world.row("1-0").state is OutboxState.SUPERSEDED
    assert world.network.ids() == ["1-0", "2-0"]


def test_retries_stop_after_the_last_attempt_and_the_row_is_dead(world: World) -> None:
    world.network.say = lambda _: Answer(status=0, error="ConnectError: refused")
    world.add(a_row(1))
    carrier = world.carrier(Pace(schedule=Schedule(attempts=7)))

    for _ in range(100):
        carrier.step()
        world.clock.advance(3_600_000)

    row = world.row("1-0")
    assert (row.state, row.attempts) == (OutboxState.DEAD, 7)
    assert row.error == "ConnectError: refused"
    assert world.network.ids() == ["1-0"] * 7


def test_gone_is_dead_at_once_and_leaves_the_circuit_closed(world: World) -> None:
    world.network.say = lambda _: Answer(status=410)
    world.add(*[a_row(n, subject=f"c{n}") for n in range(30)])

    steps(world.carrier())

    assert world.states() == {OutboxState.DEAD: 30}


def test_a_replayed_dead_row_is_carried_again(world: World) -> None:
    world.network.say = lambda _: Answer(status=410)
    world.add(a_row(1))
    carrier = world.carrier()
    carrier.step()

    world.network.say = lambda _: OK
    now_ms = world.clock.now_ms()
    was_dead = world.box.write(lambda unit: unit.replay(ORG, "1-0", "w", now_ms=now_ms))
    steps(carrier)

    assert was_dead
    assert world.row("1-0").state is OutboxState.ACKNOWLEDGED


def test_the_receivers_retry_after_is_kept(world: World) -> None:
    world.network.say = lambda _: Answer(status=429, retry_after_s=600)
    world.add(a_row(1))

    world.carrier().step()

    assert world.row("1-0").due_at == START_MS + 600_000


def test_an_outage_does_not_use_up_the_attempts_of_waiting_rows(world: World) -> None:
    world.network.say = lambda _: Answer(status=0, error="ConnectError: refused")
    world.add(*[a_row(n, subject=f"c{n}") for n in range(500)])
    carrier = world.carrier()

    for _ in range(24 * 60):
        carrier.step()
        world.clock.advance(60_000)

    tried = [row.attempts for row in world.box.page(ORG, states=None, before=None, limit=500)]
    assert max(tried) <= 2
    assert sum(tried) < 400


def test_after_an_outage_everything_is_delivered(world: World) -> None:
    world.network.say = lambda _: Answer(status=503)
    world.add(*[a_row(n, subject=f"c{n}") for n in range(50)])
    carrier = world.carrier()
    for _ in range(30):
        carrier.step()
        world.clock.advance(60_000)

    world.network.say = lambda _: OK
    world.clock.advance(3_600_000)
    steps(carrier)

    assert world.states() == {OutboxState.ACKNOWLEDGED: 50}


def test_one_webhook_that_is_down_does_not_delay_another(world: World) -> None:
    world.box.webhooks.put(a_webhook("down"))
    world.network.say = lambda r: Answer(status=500 if "down" in r.url else 200)
    for n in range(300):
        world.add(a_row(n, subject=f"c{n}", webhook="down"))
    world.add(a_row(999, subject="last"))

    world.carrier().step()

    assert world.row("999-0").state is OutboxState.ACKNOWLEDGED


def test_a_slow_webhook_delays_only_itself(world: World) -> None:
    world.box.webhooks.put(a_webhook("slow"))
    answered, stop = threading.Event(), threading.Event()
    seen = threading.Event()

    def say(request: Request) -> Answer:
        if "slow" in request.url:
            answered.wait(30)
        elif request.headers["webhook-id"] == "3-0":
            seen.set()
        return OK

    world.network.say = say
    world.add(a_row(1, webhook="slow"), a_row(2, subject="b"))
    carrier = world.carrier(Pace(idle_s=0.001))
    runner = threading.Thread(target=carrier.run, args=(stop,))
    runner.start()
    world.add(a_row(3, subject="d"))

    was_carried = seen.wait(30)
    slow_state = world.row("1-0", "slow").state
    answered.set()
    stop.set()
    runner.join()

    assert was_carried
    assert slow_state is OutboxState.DUE
    assert world.row("1-0", "slow").state is OutboxState.ACKNOWLEDGED


def test_a_disabled_webhooks_rows_wait_until_it_is_enabled(world: World) -> None:
    world.box.webhooks.put(replace(a_webhook("w"), enabled=False))
    world.add(a_row(1))
    carrier = world.carrier()

    while_disabled = carrier.step()
    world.box.webhooks.put(a_webhook("w"))

    assert (while_disabled, carrier.step()) == (0, 1)


def test_rows_of_a_removed_webhook_are_dead_and_say_so(world: World) -> None:
    world.box.webhooks.remove(ORG, "w")
    world.add(a_row(1))

    steps(world.carrier())

    row = world.row("1-0")
    assert (row.state, row.error, world.network.sent) == (
        OutboxState.DEAD,
        "the webhook was removed",
        [],
    )


def test_nothing_goes_out_unsigned(world: World) -> None:
    world.box.webhooks.put(replace(a_webhook("w"), secrets=()))
    world.add(a_row(1))

    steps(world.carrier())

    assert world.network.sent == []
    assert world.row("1-0").state is OutboxState.SENT
    assert "no readable secret" in world.row("1-0").error


def test_a_crash_between_answer_and_record_repeats_the_same_id(world: World) -> None:
    world.add(a_row(1))
    crashing, write = world.carrier(), world.box.write

    def crash(_: object) -> None:
        raise OSError("the disk is gone")

    world.box.write = crash  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError, match="disk"):
        crashing.step()
    world.box.write = write  # type: ignore[method-assign]
    steps(world.carrier())

    assert world.network.ids() == ["1-0", "1-0"]
    assert world.row("1-0").state is OutboxState.ACKNOWLEDGED


def test_the_runner_outlives_a_store_that_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OSError("once"), OSError("twice")])
    read, stop, sent = world.box.read, threading.Event(), threading.Event()

    def flaky(work: Callable[[InMemoryOutbox], object]) -> object:
        for failure in failures:
            raise failure
        return read(work)

    def say(_: Request) -> Answer:
        sent.set()
        return OK

    monkeypatch.setattr(world.box, "read", flaky)
    world.network.say = say
    world.add(a_row(1))
    runner = threading.Thread(target=world.carrier(Pace(idle_s=0.001)).run, args=(stop,))
    with capture_logs() as logs:
        runner.start()
        was_sent = sent.wait(30)
        stop.set()
        runner.join()

    assert was_sent
    assert [entry["error"] for entry in logs] == ["OSError", "OSError"]
    assert "once" not in repr(logs)
