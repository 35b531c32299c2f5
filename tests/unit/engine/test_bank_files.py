"""Lines of files become pieces for banks, and entries become lines that read back the same."""

import msgspec
import numpy as np
import pytest

from fieldfare.engine.bank_files import (
    BankFormat,
    LineProblem,
    LineReader,
    header,
    piece_of_row,
    signals_of,
    written,
)
from fieldfare.engine.banks import KnownPiece
from fieldfare.kernel import BadInput, EventId
from fieldfare.matching.features import LocalFeatures, pack_features
from fieldfare.matching.fingerprints import pack_frames, unpack_frames
from fieldfare.matching.repositories import EntryHashes, EntryKind
from fieldfare.matching.sound import SoundPrint, pack_sound
from fieldfare.testing.banks import an_entry, some_bits, some_frames

SHA256, MD5, PDQ = "ab" * 32, "cd" * 16, "0f" * 32
FRAMES = some_frames(some_bits(3, seed=2), every_s=0.5, quality=77)
ENTRY, _ = an_entry(
    7,
    FRAMES,
    sha256=SHA256,
    md5=MD5,
    label='one, "two"',
    note="seen",
    labels=("a", "b"),
    seconds=1.5,
)
SOUND = SoundPrint(frame=np.array([1, 5], np.int32), bin=np.array([9, 300], np.int32), seconds=1.5)
HASHES = EntryHashes(
    frames=pack_frames(FRAMES),
    sound=pack_sound(SOUND),
    features=pack_features(LocalFeatures.empty()),
)


def read(form: BankFormat, *lines: str) -> list[KnownPiece | LineProblem]:
    return list(LineReader(form).pieces(lines))


@pytest.mark.parametrize("form", [BankFormat.NDJSON, BankFormat.CSV])
def test_what_is_written_reads_back_the_same(form: BankFormat) -> None:
    lines = [*filter(None, [header(form)]), *written(ENTRY, HASHES, form)]

    (piece,) = read(form, *lines)

    assert isinstance(piece, KnownPiece)
    assert (piece.sha256, piece.md5, piece.label, piece.note) == (SHA256, MD5, ENTRY.label, "seen")
    assert (piece.labels, piece.seconds, piece.source_id) == (("a", "b"), 1.5, "7")
    assert (piece.hashes.sound, piece.hashes.features) == (HASHES.sound, HASHES.features)
    frames = unpack_frames(piece.hashes.frames)
    assert np.array_equal(frames.bits, FRAMES.bits)
    assert (frames.t.tolist(), frames.quality.tolist()) == ([0.0, 0.5, 1.0], [77, 77, 77])


def test_threatexchange_names_each_hash_and_many_frames_as_one() -> None:
    lines = list(written(ENTRY, HASHES, BankFormat.THREATEXCHANGE))

    kinds = [line.partition(" ")[0] for line in lines]
    pieces = read(BankFormat.THREATEXCHANGE, *lines)

    assert kinds == ["sha256", "video_md5", "vpdq"]
    assert [type(piece) for piece in pieces] == [KnownPiece] * 3
    one, _ = an_entry(8, some_frames(some_bits(1)))
    hashes = EntryHashes(frames=pack_frames(some_frames(some_bits(1))))
    assert [signal.kind.value for signal in signals_of(one, hashes)] == ["pdq"]


def test_each_bad_line_is_named_and_the_others_are_read() -> None:
    good = msgspec.json.encode({"pdq": PDQ}).decode()

    found = read(BankFormat.NDJSON, good, "{", "", '{"sha256": "xyz"}', '{"label": "x"}', good)

    problems = [each.line for each in found if isinstance(each, LineProblem)]
    assert problems == [2, 4, 5]
    assert len([each for each in found if isinstance(each, KnownPiece)]) == 2


def test_a_line_without_an_id_is_known_by_what_is_on_it() -> None:
    one, again = piece_of_row({"pdq": PDQ}), piece_of_row({"signal_type": "pdq", "signal": PDQ})

    assert one.source_id == again.source_id
    assert piece_of_row({"pdq": PDQ, "id": 5}).source_id == "5"


def test_a_file_that_goes_on_counts_its_lines_and_keeps_its_header() -> None:
    reader = LineReader(BankFormat.CSV, first_line=1_002, header="sha256,label")

    pieces = list(reader.pieces([f"{SHA256},x", "nothing,y"]))

    assert isinstance(pieces[0], KnownPiece)
    assert isinstance(pieces[1], LineProblem)
    assert (pieces[0].label, pieces[1].line) == ("x", 1_003)


def test_texts_and_urls_are_read_too() -> None:
    (text, url) = read(
        BankFormat.THREATEXCHANGE, "raw_text win a free sarno", "url http://evil.example/x"
    )

    assert isinstance(text, KnownPiece)
    assert isinstance(url, KnownPiece)
    assert (text.kind, text.content) == (EntryKind.TEXT, "win a free sarno")
    assert (url.kind, url.content) == (EntryKind.URL, "evil.example/x")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"sound": "x"},
        {"md5": MD5, "seconds": "long"},
        {"md5": MD5, "sound": "no base64!"},
        {"signal_type": "photodna", "signal": "1"},
        {"vpdq": [f"{PDQ},500,0.0"]},
    ],
)
def test_what_no_match_could_be_made_by_is_refused(row: dict[str, msgspec.Raw]) -> None:
    with pytest.raises(BadInput):
        piece_of_row(row)  # type: ignore[arg-type]  # JSON


def test_entries_ids_are_those_they_were_imported_under() -> None:
    entry, _ = an_entry(9, md5=MD5, source="import", source_id="abc")

    (line,) = written(entry, EntryHashes(), BankFormat.NDJSON)

    assert msgspec.json.decode(line)["id"] == "abc"
    assert entry.id == EventId(9)


def test_a_line_that_no_store_can_keep_is_named() -> None:
    reader = LineReader(BankFormat.NDJSON)
    lines = [
        f'{{"sha256":"{SHA256}","label":"a\\u0000b"}}',
        f'{{"sha256":"{SHA256}","id":"{"x" * 201}"}}',
        f'{{"frames":["{PDQ},100,1e300"]}}',
    ]

    problems = list(reader.pieces(lines))

    assert [each.line for each in problems if isinstance(each, LineProblem)] == [1, 2, 3]
