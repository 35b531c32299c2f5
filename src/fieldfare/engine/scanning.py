"""Scanning: media that wait become item.scanned events, with their facts and evidence.

In flow scan tasks of the store; out flow events that the evaluator decides on. Decoding happens in
sealed children, evidence is kept as encrypted blobs, and task, event and item state change in one
transaction, so that a crash repeats a scan and never loses one. What cannot be scanned becomes
Unknown facts, therefore a hold.
"""

import os
import threading
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import IO, Final

import msgspec
import structlog

from fieldfare.engine.administration import KnownFile
from fieldfare.engine.shelf import Shelf
from fieldfare.engine.unit import ScanTask, Store, UnitOfWork
from fieldfare.ingest.blobs import Blobs
from fieldfare.kernel import BadInput, Clock, FieldfareError, JsonValue, Org, Unknown
from fieldfare.matching import BankIndex
from fieldfare.records import Fact, ItemState, ItemVersion, MediaRef, NewEvent
from fieldfare.signals.scanner import SCAN_FACTS, Scanner, ScanResult

CLAIM_MS: Final = 300_000
MAX_ATTEMPTS: Final = 3
IDLE_S: Final = 0.2

_log = structlog.get_logger(__name__)


class Scanning:
    """Takes tasks, scans, and writes what was found. `run` on one thread a worker."""

    def __init__(
        self, store: Store, blobs: Blobs, scanner: Scanner, clock: Clock, shelf: Shelf
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._scanner = scanner
        self._clock = clock
        self._shelf = shelf
        self._work = threading.Event()

    def wake(self) -> None:
        """Say that there may be something to scan."""
        self._work.set()

    def run(self, stop: threading.Event) -> None:
        """Scan until told to stop."""
        while not stop.is_set():
            try:
                found = self.step()
            except FieldfareError:
                _log.exception("scanning failed")
                found = 0
            if not found:
                self._work.wait(IDLE_S)
                self._work.clear()

    def step(self) -> int:
        """Scan one task; returns how many there were to take."""
        if not self.waiting():
            return 0
        now_ms = self._clock.now_ms()
        tasks = self._store.write(
            lambda uow: uow.scans.claim(now_ms=now_ms, until_ms=now_ms + CLAIM_MS, limit=1)
        )
        for task in tasks:
            self._scan(task)
        return len(tasks)

    def waiting(self) -> int:
        return self._store.read(lambda uow: uow.scans.waiting())

    def known_file(self, label: str, file: IO[bytes]) -> KnownFile:
        """Hash a file for a bank. Raises BadInput if nothing in it can be compared."""
        fd = os.memfd_create("known", os.MFD_CLOEXEC)
        try:
            while block := file.read(1 << 20):
                os.write(fd, block)
            found = self._scanner.scan(fd, banks=())
        finally:
            os.close(fd)
        good = tuple(dict.fromkeys(f.hex for f in found.pdq if f.quality >= self._shelf.quality))
        if not good and (problem := _problem(found)):
            raise BadInput(f"{label}: {problem}", hint="Only what can be decoded can be banked.")
        return KnownFile(label=label, sha256=found.sha256, pdq=good)

    def _scan(self, task: ScanTask) -> None:
        item = self._store.read(lambda uow: uow.items.current(task.org, task.subject))
        if item is None or item.digest != task.version or item.state is ItemState.DELETED:
            self._store.write(lambda uow: uow.scans.done(task.org, task.event_id))
            return
        if task.attempts > MAX_ATTEMPTS:
            data = _given_up(f"scanning failed {MAX_ATTEMPTS} times")
        else:
            banks = self._shelf.banks(task.org)
            found = [(part, self._one(task.org, item, part, banks)) for part in item.media]
            data = {
                "facts": _merged([result.facts for _, result in found]),
                "hashes": [_hashes(part, result) for part, result in found],
                "stills": [still for _, r in found for still in self._keep(task.org, item, r)],
                "seconds": round(sum(result.seconds for _, result in found), 4),
            }
        self._store.write(lambda uow: _record(uow, task, data))

    def _one(
        self, org: Org, item: ItemVersion, part: MediaRef, banks: Sequence[BankIndex]
    ) -> ScanResult:
        fd = self._blobs.open(org, item.author, part.sha256)
        try:
            return self._scanner.scan(fd, banks=banks)
        finally:
            os.close(fd)

    def _keep(self, org: Org, item: ItemVersion, found: ScanResult) -> list[JsonValue]:
        """Keep the stills as blobs of the author's, so that erasure takes them along."""

        def put(jpeg: bytes) -> str:
            return self._blobs.put(org, item.author, BytesIO(jpeg)).sha256

        return [
            {
                "t": still.t,
                "width": still.width,
                "height": still.height,
                "clear": put(still.clear),
                "blurred": put(still.blurred),
            }
            for still in found.stills
        ]


def _record(uow: UnitOfWork, task: ScanTask, found: Mapping[str, JsonValue]) -> None:
    item = uow.items.current(task.org, task.subject)
    uow.scans.done(task.org, task.event_id)
    post = uow.log.get(task.org, task.event_id)
    if item is None or item.digest != task.version or post is None or post.data is None:
        return
    uow.log.append(
        task.org,
        NewEvent(
            kind="item.scanned",
            subject=task.subject,
            person=item.author,
            occurred_at=post.occurred_at,
            causes=(task.event_id,),
            data={**post.data, **found},
        ),
    )
    uow.items.settle(task.org, task.subject, task.version, state=ItemState.SCANNED)


def _hashes(part: MediaRef, found: ScanResult) -> JsonValue:
    return {
        "sha256": found.sha256,
        "md5": found.md5,
        "size": found.size,
        "name": part.name,
        "pdq": [{"t": f.t, "hex": f.hex, "quality": f.quality} for f in found.pdq],
        "matches": [msgspec.to_builtins(match) for match in found.matches],
    }


def _problem(found: ScanResult) -> str:
    told = next((f.value for f in found.facts if f.name == "media.problem"), "")
    return str(told) if not isinstance(told, Unknown) else told.why


def fact_json(fact: Fact) -> dict[str, JsonValue]:
    """Write a fact as item.scanned and `scan --json` carry it."""
    body: dict[str, JsonValue] = (
        {"unknown": fact.value.why} if isinstance(fact.value, Unknown) else {"value": fact.value}
    )
    spans: list[JsonValue] = [[span.start, span.end] for span in fact.spans]
    return {**body, "version": fact.version, "ms": round(fact.cost_ms, 2), "spans": spans}


def _given_up(why: str) -> dict[str, JsonValue]:
    unknown: dict[str, JsonValue] = {
        name: {"unknown": why, "version": "", "ms": 0, "spans": []} for name in SCAN_FACTS
    }
    unknown["media.readable"] = {"value": False, "version": "", "ms": 0, "spans": []}
    return {"facts": unknown, "hashes": [], "stills": [], "seconds": 0}


def _merged(parts: Sequence[Sequence[Fact]]) -> dict[str, JsonValue]:
    """Join the facts of an item's media: Unknown if any is, else the gravest of the known."""
    joined: dict[str, Fact] = {}
    for facts in parts:
        for fact in facts:
            before = joined.get(fact.name)
            joined[fact.name] = fact if before is None else _graver(before, fact)
    return {name: fact_json(fact) for name, fact in joined.items()}


def _graver(one: Fact, other: Fact) -> Fact:
    if isinstance(one.value, Unknown) or isinstance(other.value, Unknown):
        return one if isinstance(one.value, Unknown) else other
    if one.name == "media.readable":
        return one if not one.value else other
    if isinstance(one.value, int | float) and isinstance(other.value, int | float):
        return max(one, other, key=lambda fact: fact.value)  # type: ignore[arg-type,return-value]
    return other if one.value in (None, "") else one
