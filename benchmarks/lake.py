"""How fast the lake is written and read, and how many bytes an event takes.

Events of 0.8 KB, posts with text facts and views in between, put in 20,000 at a time as by `serve`,
compacted, then read back whole and compared. One thread each way.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from fieldfare.engine.lake import LakeBatch, LakeEvent
from fieldfare.kernel import EventId, JsonValue, Org, Unknown, make_id, unix_ms
from fieldfare.records import ACCOUNT, FactValue, Subject
from fieldfare.storage.lake import LakeWriter, ParquetLake
from fieldfare.testing.lakes import MemoryLake

ORG = Org("main")
BEGINNING = unix_ms("2026-03-02T00:00:00Z")
END = EventId((1 << 63) - 1)
BATCH = 20_000
WORDS = ("lumet", "sarno", "wivel", "tobrek", "fennul", "quimsa", "arlo", "medin", "pastor", "vira")


def an_event(number: int, chance: random.Random) -> LakeEvent:
    """Make a comment, or every fourth time a window of views."""
    event_id = make_id(BEGINNING + number * 250)
    host_id, author = f"c{number:09d}", f"u{chance.randrange(50_000)}"
    if number % 4 == 3:
        return _viewed(event_id, host_id, chance)
    text = " ".join(chance.choice(WORDS) for _ in range(40))
    data: dict[str, JsonValue] = {
        "kind": "item.posted",
        "item": {
            "kind": "comment", "host_id": host_id, "author": author, "market": "DE", "text": text,
            "hashtags": ["sarno"], "parent": {"kind": "video", "host_id": f"v{number % 999}"},
            "occurred_at": "2026-03-02T09:00:00Z",
        },
        "actor": author,
        "version": f"{chance.getrandbits(128):032x}",
        "number": 1,
        "media": [],
    }  # fmt: skip
    facts: dict[str, FactValue | Unknown] = {
        "text.normalised": text,
        "text.language": Unknown("language is not looked at"),
        "text.lexicon.policy": None,
        "text.lexicon.severity": None,
        "text.lexicon.hits": [],
        "author.age_s": chance.random() * 1e7,
    }
    return LakeEvent(
        org=ORG,
        id=event_id,
        kind="item.posted",
        subject=Subject("comment", host_id),
        person=Subject(ACCOUNT, author),
        version=str(data["version"]),
        data=data,
        facts=facts,
        judged=True,
    )


def _viewed(event_id: EventId, host_id: str, chance: random.Random) -> LakeEvent:
    data: dict[str, JsonValue] = {
        "kind": "item.viewed", "key": f"k{event_id}",
        "item": {"kind": "comment", "host_id": host_id},
        "window_start": "2026-03-02T09:00:00Z", "window_s": 60, "views": chance.randrange(1_000),
        "watch_ms": chance.randrange(10**6), "surface": "feed", "market": "DE",
        "age_band": "18_plus", "total": chance.randrange(10**5),
    }  # fmt: skip
    return LakeEvent(
        org=ORG,
        id=event_id,
        kind="item.viewed",
        subject=Subject("comment", host_id),
        person=None,
        version="",
        data=data,
        facts={},
    )


def write(folder: Path, events: list[LakeEvent]) -> tuple[float, float]:
    """Put events in and compact them; CPU seconds of both."""
    writer = LakeWriter(folder, lambda _org, subject: str(subject))
    started = time.process_time()
    for start in range(0, len(events), BATCH):
        some = events[start : start + BATCH]
        writer.add(LakeBatch(events=some, applied_to=some[-1].id, history_to={}))
    written = time.process_time()
    writer.compact()
    compacted = time.process_time()
    writer.close()
    return written - started, compacted - written


def read(folder: Path, events: list[LakeEvent]) -> float:
    """Read everything; CPU seconds. What is read is compared afterwards."""
    lake = ParquetLake(folder, MemoryLake(), threads=1)
    started = time.process_time()
    seen = sum(len(batch) for batch in lake.events(ORG, after=EventId(0), up_to=END))
    took = time.process_time() - started
    assert seen == len(events)
    place = 0
    for batch in lake.events(ORG, after=EventId(0), up_to=END):
        assert list(batch) == events[place : place + len(batch)]
        place += len(batch)
    lake.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    wanted = parser.parse_args()
    repeats, count = (2, 40_000) if wanted.quick else (5, 200_000)
    chance = random.Random(7)
    events = [an_event(number, chance) for number in range(count)]
    json_bytes = sum(len(json.dumps(event.data)) for event in events[:1_000]) / 1_000
    written, compacted, taken, stored = [], [], [], 0
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "lake"
            adding, joining = write(folder, events)
            written.append(count / adding)
            compacted.append(count / joining)
            taken.append(count / read(folder, events))
            stored = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    figures = {
        "written_per_s": round(statistics.median(written)),
        "compacted_per_s": round(statistics.median(compacted)),
        "read_per_s": round(statistics.median(taken)),
        "read_us": round(1e6 / statistics.median(taken), 2),
        "bytes_per_event": round(stored / count),
        "json_bytes_per_event": round(json_bytes),
        "runs_read": [round(each) for each in taken],
        "events": count,
    }
    print(f"written:   {figures['written_per_s']:,} events/s of one core")
    print(f"compacted: {figures['compacted_per_s']:,} events/s")
    print(f"read:      {figures['read_per_s']:,} events/s, {figures['read_us']} us an event")
    print(f"on disk:   {figures['bytes_per_event']} bytes an event ({json_bytes:.0f} as JSON)")
    if wanted.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
