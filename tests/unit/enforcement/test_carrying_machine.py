"""Whatever happens to the network, every subject's receiver ends up with the newest revision."""

from collections import defaultdict
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fieldfare.enforcement import Answer, Carrier, Pace, Request, Schedule
from fieldfare.kernel import EventId, Org, SimulatedClock
from fieldfare.records import OutboxRow, OutboxState, Subject, Webhook
from fieldfare.testing import InMemoryOutbox

ORG = Org("main")
START_MS = 1_795_000_000_000
HOOKS = ("a", "b")
SUBJECTS = ("s1", "s2", "s3")
SECRET = "whsec_c3ludGhldGljIHNlY3JldCBmb3IgdGVzdHM="
OPEN = frozenset({OutboxState.DUE, OutboxState.SENT})


class Carrying(RuleBasedStateMachine):
    """Decisions, outages, lost answers and crashes in any order."""

    @initialize(seed=st.integers(0, 2**16))
    def start(self, seed: int) -> None:
        self.box = InMemoryOutbox()
        self.clock = SimulatedClock(START_MS)
        self.random = Random(seed)
        self.arrived: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.trouble: dict[str, str] = {}
        self.decisions = 0
        self.newest: dict[str, tuple[int, int]] = {}
        self.by_id: dict[str, OutboxRow] = {}
        for hook in HOOKS:
            self.box.webhooks.put(
                Webhook(org=ORG, id=hook, url=f"https://{hook}.example/", secrets=(SECRET,))
            )
        self.restart()

    def teardown(self) -> None:
        if hasattr(self, "carrier"):
            self.carrier.close()

    def restart(self) -> None:
        never_dead = Schedule(attempts=10**6)
        self.carrier = Carrier(
            self.box,
            self.clock,
            random=self.random,
            send=self.send,
            pace=Pace(schedule=never_dead, width=1, lanes=2),
        )

    def send(self, request: Request) -> Answer:
        hook = request.url.removeprefix("https://")[0]
        effect_id = request.headers["webhook-id"]
        trouble = self.trouble.get(hook, "")
        if trouble != "down":
            self.arrived[hook, self.by_id[effect_id].subject.host_id].append(effect_id)
        statuses = {"": 200, "down": 0, "answer lost": 0, "500": 500}
        return Answer(status=statuses[trouble], error=trouble)

    @rule(subject=st.sampled_from(SUBJECTS), parts=st.integers(1, 3))
    def decide(self, subject: str, parts: int) -> None:
        self.decisions += 1
        revision = self.newest.get(subject, (0, 0))[0] + 1
        self.newest[subject] = (revision, parts)
        rows = [
            OutboxRow(
                org=ORG,
                id=f"{self.decisions}-{part}",
                decision_id=EventId(self.decisions),
                part=part,
                webhook_id=hook,
                subject=Subject("comment", subject),
                subject_revision=revision,
                body=b"{}",
                state=OutboxState.DUE,
                attempts=0,
                due_at=self.clock.now_ms(),
            )
            for hook in HOOKS
            for part in range(parts)
        ]
        self.by_id |= {row.id: row for row in rows}
        self.box.write(lambda unit: unit.outbox.add(rows))

    @rule(hook=st.sampled_from(HOOKS), what=st.sampled_from(["", "down", "answer lost", "500"]))
    def change_the_network(self, hook: str, what: str) -> None:
        self.trouble[hook] = what

    @rule()
    def step(self) -> None:
        self.carrier.step()

    @rule(ms=st.integers(1, 400_000))
    def wait(self, ms: int) -> None:
        self.clock.advance(ms)

    @rule()
    def crash(self) -> None:
        self.carrier.close()
        self.restart()

    @rule()
    def drain(self) -> None:
        self.trouble.clear()
        for _ in range(60):
            self.clock.advance(3_600_000)
            self.carrier.step()
        assert not self.box.page(ORG, states=OPEN, before=None, limit=1)
        for subject, (revision, parts) in self.newest.items():
            for hook in HOOKS:
                last = {
                    effect_id
                    for effect_id in self.arrived[hook, subject]
                    if self.by_id[effect_id].subject_revision == revision
                }
                assert len(last) == parts

    @invariant()
    def each_subject_saw_its_effects_in_order(self) -> None:
        for arrived in getattr(self, "arrived", {}).values():
            places = [self.by_id[effect_id].place for effect_id in arrived]
            assert places == sorted(places)


Carrying.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestCarrying = Carrying.TestCase
