"""`fieldfare match FILE...`: what of a file is known, and what nearly is, with why."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fieldfare.cli.banking import file_part
from fieldfare.cli.one_by_one import OneByOne
from fieldfare.cli.printing import print_json, print_line
from fieldfare.cli.reach import must_be_files, reach
from fieldfare.kernel import BadInput, EventId, Org, utf8_text

AGAINST_ID: Final = 1


def match_files(
    files: Sequence[Path], *, home: Path | None, against: Sequence[Path], as_json: bool
) -> None:
    """Look files up in the installation's banks, or in files of entries.

    Raises BadInput, after the others are answered, if a file cannot be decoded and is not known by
    its bytes; NotFound for one that is not there.
    """
    each = OneByOne(files)
    if against:
        _offline(each, against, as_json=as_json)
    else:
        with reach(home) as call:
            for path in each:
                with each.dealing_with(path):
                    must_be_files([path])
                    told = call("POST", "/v1/match", files=[file_part(path)])
                    _tell(path, told, as_json=as_json)
    each.end("looked up", hint="Give videos, pictures or sounds.")


def _offline(each: OneByOne, against: Sequence[Path], *, as_json: bool) -> None:
    from fieldfare.matching.small_banks import known_in
    from fieldfare.signals.fingerprinting import Fingerprinter
    from fieldfare.web.api.matching import asked_json, explained_json

    must_be_files(against)
    known = known_in([_bank_of(path, number) for number, path in enumerate(against)])
    with Fingerprinter() as fingerprinter:
        for path in each:
            with each.dealing_with(path):
                must_be_files([path])
                taken = fingerprinter.take(path)
                found = known.explained(taken.fingerprint)
                told = {**asked_json(taken.fingerprint, taken.found.problem)}
                _tell(path, {**told, **explained_json(found)}, as_json=as_json)


def _bank_of(path: Path, number: int) -> Any:  # noqa: ANN401  # a SmallBank, imported when needed
    """Make a bank of a file of entries. Raises BadInput for a line that cannot be read."""
    from fieldfare.engine.bank_files import LineProblem, LineReader
    from fieldfare.engine.bank_formats import format_of
    from fieldfare.matching.fingerprints import FrameTable, unpack_frames
    from fieldfare.matching.repositories import BankEntryRecord, BankRecord
    from fieldfare.matching.small_banks import SmallBank

    org = Org("files")
    entries: list[tuple[BankEntryRecord, FrameTable]] = []
    lines = utf8_text(path.read_bytes(), name=str(path)).splitlines()
    form = format_of(path.name, next(filter(str.strip, lines), ""))
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
    undecoded = told["problem"] and not told["frames"] and not told["sound_s"]
    if as_json:
        print_json({"file": str(path), **told})
    elif not undecoded or told["matches"]:
        _tell_found(path, told)
    # Equal bytes are an answer; "no match" of what nobody could look at is none.
    if undecoded and not told["matches"]:
        hint = "Give a video, a picture or a sound."
        raise BadInput(f"{path} cannot be looked up: {told['problem']}", hint=hint)


def _tell_found(path: Path, told: Mapping[str, Any]) -> None:
    matches, near = len(told["matches"]), len(told["near"])
    counted = f"{matches or 'no'} match{'es' if matches != 1 else ''}"
    nearly = f"{near or 'no'} near miss{'es' if near != 1 else ''}"
    print_line(f"{path}: {counted}, {nearly}")
    if told.get("problem"):
        print_line(f"  {told['problem']}")
    for match in told["matches"]:
        _tell_match(match)
    for words in told["left_out"]:
        print_line(f"  not all was compared: {words}")
    for near in told["near"]:
        _tell_near(near)


def _tell_near(near: Mapping[str, Any]) -> None:
    policy = f", {near['policy']}" if near["policy"] else ""
    print_line(f"  no match: {near['bank']}{policy}: {_entry(near)}")
    print_line(f"    by {near['means']}, distance {near['distance']}; {'; '.join(near['why'])}")


def _entry(match: Mapping[str, Any]) -> str:
    label = f" ({match['label']})" if match["label"] else ""
    return f"entry {match['entry']}{label}"


def _tell_match(match: Mapping[str, Any]) -> None:
    policy = f", {match['policy']}" if match["policy"] else ""
    standing = "vetted" if match["vetted"] else match["state"]
    if match["suppressed_by"]:
        standing = f"does not count: known good in {match['suppressed_by']}"
    print_line(f"  {match['bank']}{policy}, {standing}: {_entry(match)}")
    print_line(
        f"    by {match['means']}{_how_near(match)}, {match['transform']};"
        f" {match['frames']} of {match['of_frames']} frames, {match['seconds']:.1f} s,"
        f" its time = ours {match['offset_s']:+.1f} s"
    )
    for pair in match["pairs"]:
        print_line(f"    {pair['t']:8.2f} s  {pair['t_entry']:8.2f} s  {_how_near_pair(pair)}")


def _how_near(match: Mapping[str, Any]) -> str:
    """Tell the distance where hashes were compared, else how many details agree."""
    if match["distance"] is not None:
        return f", distance {match['distance']}"
    return f", {match['agreeing']} details agree" if match["agreeing"] else ""


def _how_near_pair(pair: Mapping[str, Any]) -> str:
    if pair["distance"] is not None:
        return f"{pair['distance']:3d} bits"
    return f"{pair['agreeing']:3d} details agree"
