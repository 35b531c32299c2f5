"""How many events a second one core takes through a backtest, and whether it says what live said.

The 50 rules and the events of `benchmarks/rules.py` (three rules on text, three counters). The
events are put into a lake of Parquet files once; then one process replays them, from the files to
the result: reading, counters, rules, effects, resolving, tallies. `mismatches` counts the cells
that differ between the replay and one live run over the same events: each rule's truth value,
each counter, each effect, in one slice and in several. The last line with --json is one object.
"""

import argparse
import gc
import importlib
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from fieldfare.engine.backtest import Plan
from fieldfare.engine.backtest.finding import find_in_slice
from fieldfare.engine.backtest.plan import Slice
from fieldfare.engine.backtest.replaying import occurrence_of, replay
from fieldfare.engine.lake import LakeBatch, LakeEvent
from fieldfare.engine.pool import RARELY, InlinePool
from fieldfare.installation import pack_files
from fieldfare.kernel import EventId, Org, make_id
from fieldfare.policies import load_pack
from fieldfare.records import Subject
from fieldfare.rules import Running, load_rule_set
from fieldfare.storage.lake import LakeFolder, LakeWriter

# The script beside this one is no module of a package.
sys.path.insert(0, str(Path(__file__).parent))
measured: Final = importlib.import_module("rules")
ORG: Final = Org("main")
BATCH: Final = 20_000
CUTS: Final = 7


class Silent:
    """A beat nobody listens to."""

    def advance(self, done: int, /) -> None:
        """Go on."""


def lake_events(count: int) -> Iterator[LakeEvent]:
    """Give the events as the lake has them, 20 ms apart."""
    decode = msgspec.json.Decoder().decode
    for at, raw in enumerate(measured.events_of(count)):
        data = decode(raw)
        yield LakeEvent(
            org=ORG,
            id=make_id(measured.START_MS + at * 20),
            kind="item.posted",
            subject=Subject(data["item"]["kind"], data["item"]["host_id"]),
            person=None,
            version=str(at),
            data=data,
            facts=measured.FACTS,
            judged=True,
        )


def fill(folder: Path, events: Sequence[LakeEvent]) -> None:
    writer = LakeWriter(folder, lambda _org, person: person.host_id)
    for start in range(0, len(events), BATCH):
        some = events[start : start + BATCH]
        writer.add(LakeBatch(events=some, applied_to=some[-1].id, history_to={}))
    writer.compact()
    writer.close()


def a_plan(events: Sequence[LakeEvent]) -> Plan:
    policies = pack_files("default").policies
    last = events[-1].id
    plan = Plan(
        org=ORG,
        files={"main.sml": measured.rules_of(3)},
        policies=policies,
        after=EventId(events[0].id - 1),
        up_to=last,
        until=last,
    )
    rules = load_rule_set(plan.files, vocabulary=measured.VOCABULARY)
    plan.__dict__.update(pack=load_pack(policies["policies.yaml"]), rules=rules)
    return plan


def differing(plan: Plan, lake: LakeFolder, events: Sequence[LakeEvent], cuts: int) -> int:
    """Count the cells in which a replay in slices differs from one live run, event by event."""
    live = Running([plan.rules])
    judge = partial(live.judge, plan.rules, lists={}, explained=False)
    expected = {e.id: judge(occurrence_of(e)) for e in events}
    edges = [plan.after, *(events[len(events) * n // cuts].id for n in range(1, cuts)), plan.up_to]
    wrong = seen = 0
    opened = lake()
    for begin, end in pairwise(edges):
        for batch, outcomes in replay(plan, Slice(after=begin, up_to=end), opened, Silent()):
            for event, outcome in zip(batch, outcomes, strict=True):
                seen += 1
                wrong += outcome != expected[event.id]
    opened.close()
    return wrong + len(events) - seen


def differing_values(plan: Plan, lake: LakeFolder, events: Sequence[LakeEvent]) -> int:
    """Count the rule values and counts that differ once an event has been through the lake."""
    live, later = Running([plan.rules]), Running([plan.rules])
    opened = lake()
    read = (
        event
        for batch in opened.events(plan.org, after=plan.after, up_to=plan.up_to)
        for event in batch
    )
    wrong = 0
    for ours, theirs in zip(events, read, strict=False):  # the first of all that are there
        a = live.explain(plan.rules, occurrence_of(ours), {})
        b = later.explain(plan.rules, occurrence_of(theirs), {})
        wrong += sum(x != y for x, y in zip(a.rules, b.rules, strict=True)) + (a != b)
    opened.close()
    return wrong


def timed(run: Callable[[], object]) -> float:
    gc.collect()
    begin = time.process_time()
    run()
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    options = parser.parse_args()
    count, repeats = (1_500, 2) if options.quick else (60_000, 5)
    events = list(lake_events(count))
    with tempfile.TemporaryDirectory(prefix="fieldfare-") as folder:
        fill(Path(folder), events)
        lake, plan = LakeFolder(Path(folder)), a_plan(events)
        whole = Slice(after=plan.after, up_to=plan.up_to)

        def run() -> object:
            return InlinePool().map(
                find_in_slice,
                [(plan, whole, lake)],
                progress=lambda _: None,
                stop=threading.Event(),
            )

        def read() -> object:
            return [len(batch) for batch in lake().events(ORG, after=plan.after, up_to=plan.up_to)]

        gc.set_threshold(*RARELY)  # as in the worker processes
        run()  # warm up
        rates = [count / timed(run) for _ in range(repeats)]
        reading = statistics.median(count / timed(read) for _ in range(repeats))
        wrong = differing(plan, lake, events, 1) + differing(plan, lake, events, CUTS)
        wrong += differing_values(plan, lake, events[: 1_500 if options.quick else 20_000])
    figures = {
        "events_per_s_core": round(statistics.median(rates)),
        "spread": round((max(rates) - min(rates)) / statistics.median(rates), 3),
        "read_per_s_core": round(reading),
        "mismatches": wrong,
    }
    print(
        f"{count} events, 50 rules, 3 counters: {figures['events_per_s_core']:,} events/s a core "
        f"(reading alone {figures['read_per_s_core']:,}), {wrong} cells differ from live"
    )
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
