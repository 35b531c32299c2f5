"""`fieldfare match FILE...`: what of a file is known, and what nearly is, with why."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fieldfare.cli.banking import file_part
from fieldfare.cli.printing import print_json, print_line
from fieldfare.cli.reach import must_be_files, reach
from fieldfare.kernel import BadInput, EventId, Org, utf8_text

AGAINST_ID: Final = 1


def match_files(
    files: Sequence[Path], *, home: Path | None, against: Sequence[Path], as_json: bool
) -> None:
    """Look files up in the installation's banks, or in files of entries. Raises NotFound."""
    must_be_files([*files, *against])
    if against:
        _offline(files, against, as_json=as_json)
        return
    with reach(home) as call:
        for path in files:
            _tell(path, call("POST", "/v1/match", files=[file_part(path)]), as_json=as_json)


def _offline(files: Sequence[Path], against: Sequence[Path], *, as_json: bool) -> None:
    from fieldfare.matching.small_banks import known_in
    from fieldfare.signals.fingerprinting import Fingerprinter
    from fieldfare.web.api.matching import explained_json

    known = known_in([_bank_of(path, number) for number, path in enumerate(against)])
    with Fingerprinter() as fingerprinter:
        for path in files:
            taken = fingerprinter.take(path)
            told = explained_json(known.explained(taken.fingerprint))
            told["problem"] = taken.found.problem
            _tell(path, told, as_json=as_json)


def _bank_of(path: Path, number: int) -> Any:  # noqa: ANN401  # a SmallBank, imported when needed
    """Make a bank of a file of entries. Raises BadInput for a line that cannot be read."""
    from fieldfare.engine.bank_files import BankFormat, LineProblem, LineReader
    from fieldfare.matching.fingerprints import FrameTable, unpack_frames
    from fieldfare.matching.repositories import BankEntryRecord, BankRecord
    from fieldfare.matching.small_banks import SmallBank

    org, form = Org("files"), BankFormat.NDJSON
    if path.suffix.lower() == ".csv":
        form = BankFormat.CSV
    elif path.suffix.lower() in {".txt", ".tx"}:
        form = BankFormat.THREATEXCHANGE
    entries: list[tuple[BankEntryRecord, FrameTable]] = []
    lines = utf8_text(path.read_bytes(), name=str(path)).splitlines()
    for piece in LineReader(form).pieces(lines):
        if isinstance(piece, LineProblem):
            raise BadInput(f"{path}:{piece.line}: {piece.detail}", hint="Mend the line.")
        entry = BankEntryRecord(
            org=org,
            id=EventId((number << 40) + len(entries) + AGAINST_ID),
            bank=path.stem,
            label=piece.label,
            sha256=piece.sha256,
            md5=piece.md5,
            added_at=0,
            changed=EventId(0),
            kind=piece.kind,
            frames=piece.frames,
            seconds=piece.seconds,
        )
        packed = piece.hashes.frames
        entries.append((entry, unpack_frames(packed) if packed else FrameTable.empty()))
    bank = BankRecord(org=org, name=path.stem, policy="", vetted=False)
    return SmallBank(bank=bank, entries=entries)


def _tell(path: Path, told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(path), **told})
        return
    counted = len(told["matches"])
    print_line(f"{path}: {counted or 'no'} match{'es' if counted != 1 else ''}")
    if told.get("problem"):
        print_line(f"  {told['problem']}")
    for match in told["matches"]:
        _tell_match(match)
    for near in told["near"]:
        print_line(f"  no match: {near['bank']}, entry {near['entry']}: {'; '.join(near['why'])}")


def _tell_match(match: Mapping[str, Any]) -> None:
    policy = f", {match['policy']}" if match["policy"] else ""
    standing = "vetted" if match["vetted"] else match["state"]
    if match["suppressed_by"]:
        standing = f"does not count: known good in {match['suppressed_by']}"
    label = f" ({match['label']})" if match["label"] else ""
    print_line(f"  {match['bank']}{policy}, {standing}: entry {match['entry']}{label}")
    print_line(
        f"    by {match['means']}, distance {match['distance']}, {match['transform']};"
        f" {match['frames']} of {match['of_frames']} frames, {match['seconds']:.1f} s,"
        f" its time = ours {match['offset_s']:+.1f} s"
    )
    for pair in match["pairs"]:
        print_line(f"    {pair['t']:8.2f} s  {pair['t_entry']:8.2f} s  {pair['distance']:3d} bits")
