"""Scanning: media that wait become item.scanned events, with their facts and evidence.

In flow scan tasks of the store; out flow events that the evaluator decides on. Media posted as a
URL are fetched first, once, and are the author's blob from then on. Decoding happens in
sealed children, evidence is kept as encrypted blobs, and task, event and item state change in one
transaction, so that a crash repeats a scan and never loses one. What cannot be scanned becomes
Unknown facts, therefore a hold.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, Final, Protocol

import msgspec
import structlog

from fieldfare.engine.banks import KnownPiece
from fieldfare.engine.floods import note_hits
from fieldfare.engine.grounds import media_url_of
from fieldfare.engine.known_files import piece_of_file
from fieldfare.engine.part_facts import joined
from fieldfare.engine.reference_stills import keep_stills
from fieldfare.engine.shelf import Shelf
from fieldfare.engine.unit import ScanTask, Store, UnitOfWork
from fieldfare.ingest.blobs import Blobs
from fieldfare.ingest.remote import MediaNotFetched, MediaNotThereYet, RemoteFile
from fieldfare.kernel import Clock, JsonValue, Org, Unknown
from fieldfare.matching import FrameHash
from fieldfare.matching.repositories import BankRecord
from fieldfare.matching.sound import text_of_sound
from fieldfare.media import KINDS, Kind
from fieldfare.records import Fact, ItemState, ItemVersion, MediaRef, NewEvent
from fieldfare.signals.fingerprinting import Fingerprinted
from fieldfare.signals.hashes import Asked
from fieldfare.signals.scanner import SCAN_FACTS, Scanner, ScanResult

ACCEPTED: Final[Mapping[str, tuple[Kind, ...]]] = {
    "video": ("video", "animation"),
    "live_segment": ("video",),
    "photo_set": ("image", "animation"),
    "audio": ("audio",),
    "sound": ("audio",),
}
"""What an item of a kind may consist of; anything else in it cannot be read, and is held."""
CLAIM_MS: Final = 3_600_000
"""Longer than the longest scan: a claim that lapses under a worker would have it done twice."""
MAX_FAILURES: Final = 3
MAX_ATTEMPTS: Final = 25
"""A restart cuts off the scan at hand, which says nothing about its file; this often, it may."""
WAITS_MS: Final = (30_000, 300_000)
"""How long a task that failed waits for its second and its third try."""
IDLE_S: Final = 0.2

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What item.scanned adds to the post. fetched: media that the item did not bring itself."""

    data: Mapping[str, JsonValue]
    fetched: tuple[MediaRef, ...] = ()


class Remote(Protocol):
    """Where media that were posted as a URL come from."""

    def open(self, url: str, /) -> AbstractContextManager[RemoteFile]:
        """Follow a URL. Raises MediaNotFetched for good, MediaNotThereYet for now."""
        ...


class Scanning:
    """Takes tasks, scans, and writes what was found. `run` on one thread a worker."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        blobs: Blobs,
        remote: Remote,
        scanner: Scanner,
        shelf: Shelf,
    ) -> None:
        self._store = store
        self._remote = remote
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
            except Exception:  # noqa: BLE001  # worker boundary: the store may come back
                _log.exception("scanning failed")
                found = 0
            if not found:
                self._work.wait(IDLE_S)
                self._work.clear()

    def step(self) -> int:
        """Scan one task; returns how many there were to take.

        Whatever a scan raises, its task is tried again later and given up in the end.
        """
        if not self.waiting():
            return 0
        now_ms = self._clock.now_ms()
        tasks = self._store.write(
            lambda uow: uow.scans.claim(now_ms=now_ms, until_ms=now_ms + CLAIM_MS, limit=1)
        )
        for task in tasks:
            try:
                self._scan(task)
            except Exception as error:  # noqa: BLE001  # worker boundary: recorded on the task
                self._put_off(task, error)
        return len(tasks)

    def waiting(self) -> int:
        return self._store.read(lambda uow: uow.scans.waiting())

    def known_file(
        self,
        label: str,
        file: IO[bytes],
        *,
        bank: BankRecord | None = None,
        pictures: bool = False,
    ) -> KnownPiece:
        """Hash a file for a bank. Raises BadInput if nothing in it can be compared.

        bank: a priority bank also gets what cut and turned copies are found by. pictures: keep a
        few for it.
        """
        with _copied(file) as fd:
            return self._piece(label, fd, bank=bank, pictures=pictures)

    def known_part(
        self, item: ItemVersion, part: MediaRef, *, bank: BankRecord, pictures: bool
    ) -> KnownPiece:
        """Hash a medium of an item for a bank, as known_file. Raises NotFound if it was erased."""
        fd = self._blobs.open(bank.org, item.author, part.sha256)
        try:
            return self._piece(str(item.subject), fd, bank=bank, pictures=pictures)
        finally:
            os.close(fd)

    def fingerprint(self, file: IO[bytes], *, stills: bool = False) -> Fingerprinted:
        """Take what a file is looked up by, at little cost. stills: for local features too."""
        with _copied(file) as fd:
            return self._scanner.fingerprint(fd, "query", stills=stills)

    def _piece(self, label: str, fd: int, *, bank: BankRecord | None, pictures: bool) -> KnownPiece:
        priority = bank is not None and bank.priority
        taken = self._scanner.fingerprint(fd, "bank", stills=priority or pictures)
        piece = piece_of_file(label, taken, features=priority)
        if bank is None or not pictures:
            return piece
        found = taken.fingerprint
        kept = keep_stills(self._blobs, bank, found.stills, file=found.sha256)
        return replace(piece, stills=kept)

    def _scan(self, task: ScanTask) -> None:
        item = self._store.read(lambda uow: _standing(uow, task))
        if item is None:
            self._store.write(lambda uow: uow.scans.done(task.org, task.event_id))
            return
        found = self._found(task, item)
        self._store.write(lambda uow: _record(uow, task, found))

    def _found(self, task: ScanTask, item: ItemVersion) -> _Found:
        if task.failures >= MAX_FAILURES or task.attempts > MAX_ATTEMPTS:
            told = f"scanning failed {task.failures} and began {task.attempts - 1} times"
            return _Found(data=_given_up(told))
        try:
            fetched = () if item.media else self._fetched(task, item)
        except (MediaNotFetched, MediaNotThereYet) as error:
            if isinstance(error, MediaNotThereYet) and task.failures < MAX_FAILURES - 1:
                raise
            return _Found(data=_not_fetched(error.message))
        data = self._looked_at(task, item, item.media or fetched)
        return _Found(fetched=fetched, data=data)

    def _fetched(self, task: ScanTask, item: ItemVersion) -> tuple[MediaRef, ...]:
        """Fetch what the post refers to, straight into a blob of the author's."""
        post = self._store.read(lambda uow: uow.log.get(task.org, task.event_id))
        url = media_url_of(post.data if post else None)
        if not url:
            return ()
        with self._remote.open(url) as file:
            if not self._is_wanted(task):
                return ()
            kept = self._blobs.put(
                task.org, item.author, file.stream, content_type=file.content_type
            )
        return (kept,)

    def _is_wanted(self, task: ScanTask) -> bool:
        """Ask again before a blob is written: under an erased person's name it would begin anew."""

        def read(uow: UnitOfWork) -> bool:
            post = uow.log.get(task.org, task.event_id)
            return _standing(uow, task) is not None and post is not None and post.data is not None

        return self._store.read(read)

    def _looked_at(
        self, task: ScanTask, item: ItemVersion, media: Sequence[MediaRef]
    ) -> dict[str, JsonValue]:
        known, as_of = self._shelf.known(task.org), self._shelf.as_of(task.org)
        asked = Asked(
            known=known,
            at_ms=self._clock.now_ms(),
            item=str(task.subject),
        )
        found = [(part, self._one(task.org, item, part, asked)) for part in media]
        seen = [each for _, each in found] if self._is_wanted(task) else []
        whole = joined([result.facts for _, result in found])
        return {
            "media": [msgspec.to_builtins(part) for part in media],
            "facts": {name: fact_json(fact) for name, fact in whole.items()},
            "hashes": [_hashes(part, result) for part, result in found],
            "stills": [still for each in seen for still in self._keep(task.org, item, each)],
            "seconds": round(sum(result.seconds for _, result in found), 4),
            # What banks learn after this, the scan does not know.
            "banks_as_of": str(as_of),
        }

    def _put_off(self, task: ScanTask, error: Exception) -> None:
        """Let a task wait for its next try."""
        wait_ms = WAITS_MS[min(task.failures, len(WAITS_MS) - 1)]
        again = replace(task, failures=task.failures + 1, not_before=self._clock.now_ms() + wait_ms)
        _log.warning(
            "scan put off",
            event_id=str(task.event_id),
            attempts=task.attempts,
            wait_s=wait_ms // 1000,
            exc_info=None if isinstance(error, MediaNotThereYet) else error,
        )

        def write(uow: UnitOfWork) -> None:
            if uow.scans.done(task.org, task.event_id):
                uow.scans.add(again)

        self._store.write(write)

    def _one(self, org: Org, item: ItemVersion, part: MediaRef, asked: Asked) -> ScanResult:
        fd = self._blobs.open(org, item.author, part.sha256)
        try:
            kinds = ACCEPTED.get(item.subject.kind, KINDS)
            return self._scanner.scan(fd, kinds=kinds, asked=asked)
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


@contextmanager
def _copied(file: IO[bytes]) -> Iterator[int]:
    """Give a descriptor of a file's bytes in memory, which a sealed child may be handed."""
    fd = os.memfd_create("known", os.MFD_CLOEXEC)
    try:
        while block := file.read(1 << 20):
            os.write(fd, block)
        yield fd
    finally:
        os.close(fd)


def _record(uow: UnitOfWork, task: ScanTask, found: _Found) -> None:
    """Write what was found, once, and only of a version that still counts."""
    if not uow.scans.done(task.org, task.event_id):
        return
    item = _standing(uow, task)
    post = uow.log.get(task.org, task.event_id)
    if item is None or post is None or post.data is None:
        return
    scanned = uow.log.append(
        task.org,
        NewEvent(
            kind="item.scanned",
            subject=task.subject,
            person=item.author,
            occurred_at=post.occurred_at,
            causes=(task.event_id,),
            data={**post.data, **found.data},
        ),
    )
    note_hits(uow, scanned)
    if found.fetched:
        uow.items.put(task.org, replace(item, media=found.fetched, state=ItemState.SCANNED))
    else:
        uow.items.settle(task.org, task.subject, task.version, state=ItemState.SCANNED)


def _standing(uow: UnitOfWork, task: ScanTask) -> ItemVersion | None:
    """Give the item if the task's version is still the one that counts."""
    item = uow.items.current(task.org, task.subject)
    if item is None or item.digest != task.version or item.state is ItemState.DELETED:
        return None
    return item


def _hashes(part: MediaRef, found: ScanResult) -> JsonValue:
    lasts = next((f.value for f in found.facts if f.name == "media.duration_s"), None)
    return {
        "sha256": found.sha256,
        "md5": found.md5,
        "size": found.size,
        "name": part.name,
        "duration_s": lasts if isinstance(lasts, int | float) else 0.0,
        "pdq": _frames(found.pdq),
        "inner": _frames(found.inner),
        "sound": text_of_sound(found.sound) if found.sound else "",
        "matches": [msgspec.to_builtins(match) for match in found.matches],
    }


def _frames(hashes: Sequence[FrameHash]) -> list[JsonValue]:
    return [{"t": f.t, "hex": f.hex, "quality": f.quality} for f in hashes]


def fact_json(fact: Fact) -> dict[str, JsonValue]:
    """Write a fact as item.scanned and `scan --json` carry it."""
    body: dict[str, JsonValue] = (
        {"unknown": fact.value.why} if isinstance(fact.value, Unknown) else {"value": fact.value}
    )
    spans: list[JsonValue] = [[span.start, span.end] for span in fact.spans]
    return {**body, "version": fact.version, "ms": round(fact.cost_ms, 2), "spans": spans}


def _not_fetched(why: str) -> dict[str, JsonValue]:
    """Every fact is Unknown: whether media nobody has are readable is not known either."""
    told = f"could not be fetched: {why}"
    facts = {
        name: fact_json(Fact(name=name, version="", value=Unknown(told))) for name in SCAN_FACTS
    }
    problem = Fact(name="media.problem", version="", value=told)
    facts[problem.name] = fact_json(problem)
    return {"facts": {**facts}, "hashes": [], "stills": [], "seconds": 0}


def _given_up(why: str) -> dict[str, JsonValue]:
    facts = {
        name: fact_json(Fact(name=name, version="", value=Unknown(why))) for name in SCAN_FACTS
    }
    readable = Fact(name="media.readable", version="", value=False)
    facts[readable.name] = fact_json(readable)
    return {"facts": {**facts}, "hashes": [], "stills": [], "seconds": 0}
