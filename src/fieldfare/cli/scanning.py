"""`fieldfare scan FILE...`: look at files as the platform would, with no server and no store."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from fieldfare.cli.printing import print_json, print_line
from fieldfare.cli.reach import must_be_files
from fieldfare.engine.in_force import InForce
from fieldfare.engine.settings import load_settings
from fieldfare.engine.single import JudgedFile, SingleFile
from fieldfare.installation import has_installation, in_force_of, in_force_without_store
from fieldfare.kernel import JsonValue, SystemClock, Unknown
from fieldfare.signals.hashes import NOBODY_ASKED, Asked
from fieldfare.signals.scanner import Scanner

SHOWN_FACTS: Final = (
    "media.kind",
    "media.duration_s",
    "media.width",
    "media.height",
    "media.video_codec",
    "visual.nsfw.max",
    "hash.match.policy",
)


def scan_files(
    files: Sequence[Path], *, home: Path | None, pack: str | None, as_json: bool
) -> None:
    """Scan each file and print what would be decided. Raises NotFound for a missing file, first.

    Judged by the installation in `home` if there is one and no pack is named, banks included.
    """
    must_be_files(files)
    with _grounds(home, pack) as (in_force, asked), Scanner(workers=1, asked=asked) as scanner:
        single = SingleFile(in_force)
        for path in files:
            started = time.monotonic()
            judged = single.judge(path, scanner)
            seconds = round(time.monotonic() - started, 4)
            if as_json:
                print_json(_json(path, judged, seconds))
            else:
                _print(path, judged, seconds)


@contextmanager
def _grounds(home: Path | None, pack: str | None) -> Iterator[tuple[InForce, Asked]]:
    settings = load_settings(home)
    if pack is None and has_installation(settings):
        with in_force_of(settings) as (in_force, known):
            yield in_force, Asked(known=known, at_ms=SystemClock().now_ms())
    else:
        yield in_force_without_store(pack or settings.pack), NOBODY_ASKED


def _json(path: Path, judged: JudgedFile, seconds: float) -> dict[str, JsonValue]:
    judgement, found = judged.judgement, judged.found
    return {
        "file": str(path),
        "item": {"kind": judged.kind, "host_id": path.name},
        "decision": {
            "action": judgement.action,
            "policy": judgement.policy,
            "restrictions": [msgspec.to_builtins(r) for r in judgement.restrictions],
            "review": [msgspec.to_builtins(r) for r in judgement.review],
            "reasons": [msgspec.to_builtins(r) for r in judgement.reasons],
            "unknown": dict(judgement.unknown),
        },
        "facts": judged.facts,
        "hashes": {
            "sha256": found.sha256,
            "md5": found.md5,
            "pdq": [{"t": f.t, "hex": f.hex, "quality": f.quality} for f in found.pdq],
        },
        "seconds": seconds,
    }


def _print(path: Path, judged: JudgedFile, seconds: float) -> None:
    judgement = judged.judgement
    under = f" under {judgement.policy}" if judgement.policy else ""
    print_line(f"{path}: {judgement.action}{under} ({seconds:.2f} s)")
    for reason in judgement.reasons:
        print_line(f"  because {reason.by}: {reason.description}")
    for name, why in judgement.unknown.items():
        print_line(f"  unknown {name}: {why}")
    known = {fact.name: fact.value for fact in judged.found.facts}
    told = [
        f"{name} {known[name]}"
        for name in SHOWN_FACTS
        if name in known and not isinstance(known[name], Unknown) and known[name] is not None
    ]
    if told:
        print_line(f"  {', '.join(told)}; {len(judged.found.pdq)} frames hashed")
