"""One file, judged as the platform would judge it, with no server and no store behind it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fieldfare.decisions import resolve
from fieldfare.engine.grounds import Grounds
from fieldfare.engine.in_force import Books, InForce
from fieldfare.engine.scanning import fact_json
from fieldfare.kernel import JsonValue, Org, Unknown, at_of, make_id
from fieldfare.records import ACCOUNT, Event, Judgement, Subject
from fieldfare.signals.scanner import Scanner, ScanResult

ORG: Final = Org("scan")
KINDS: Final = {"video": "video", "animation": "video", "image": "photo_set", "audio": "audio"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFile:
    """A file with what was found and what would be decided. kind: of item it would be posted as."""

    kind: str
    found: ScanResult
    facts: dict[str, JsonValue]
    judgement: Judgement


class SingleFile:
    """Judges files one by one by a pack and its rules; nothing is counted from file to file."""

    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force
        self._books = Books()
        self._books.put(ORG, in_force)

    def judge(self, path: Path, scanner: Scanner) -> JudgedFile:
        """Scan a file and resolve what the rules say of it."""
        found = scanner.scan(path)
        facts: dict[str, JsonValue] = {fact.name: fact_json(fact) for fact in found.facts}
        kind = _kind_of(found)
        event_id = make_id(time.time_ns() // 1_000_000)
        subject = Subject(kind, path.name)
        event = Event(
            org=ORG,
            id=event_id,
            at=at_of(event_id),
            kind="item.scanned",
            subject=subject,
            person=Subject(ACCOUNT, ""),
            data={
                "item": {"kind": kind, "host_id": path.name, "author": ""},
                "actor": "",
                "version": found.sha256,
                "facts": facts,
            },
        )
        grounds = Grounds(self._books)
        grounds.open(ORG)
        assessment = grounds.assess(event)
        judgement = resolve(
            assessment.outcome.verdicts if assessment else (),
            subject=subject,
            pack=self._in_force.pack,
            kinds=self._in_force.pack.kinds,
            facts=assessment.facts if assessment else {},
            version=found.sha256,
        )
        return JudgedFile(kind=kind, found=found, facts=facts, judgement=judgement)


def _kind_of(found: ScanResult) -> str:
    told = next((fact.value for fact in found.facts if fact.name == "media.kind"), None)
    return KINDS.get(str(told), "video") if not isinstance(told, Unknown) else "video"
