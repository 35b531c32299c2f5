import os
from pathlib import Path

import numpy as np
import pytest

from fieldfare.kernel import Org, Span
from fieldfare.matching.fingerprints import Fingerprint, FrameTable
from fieldfare.matching.repositories import BankRecord
from fieldfare.matching.sound import STEP_S, SoundPrint
from fieldfare.matching.sound_index import SoundIndex, SoundIndexDamaged
from fieldfare.matching.sound_stage import SoundStage, recognise_sound
from fieldfare.media.hearing import HZ, peaks_of
from fieldfare.testing.sounds import a_sound, copy_of, joined_sounds


@pytest.fixture
def index(tmp_path: Path) -> SoundIndex:
    opened = SoundIndex.open(tmp_path / "sound")
    opened.add([(100 + i, a_sound(i)) for i in range(30)], applied_to=1)
    return opened


def _owners(index: SoundIndex, sound: SoundPrint) -> list[int]:
    return [match.owner for match in recognise_sound(sound, index)]


@pytest.mark.parametrize("speed", [0.75, 0.9, 1.0, 1.1, 1.25, 1.5])
def test_a_copy_is_found_at_its_speed(index: SoundIndex, speed: float) -> None:
    (match,) = recognise_sound(copy_of(a_sound(3), speed=speed, lost=0.3, seed=1), index)

    assert match.owner == 103
    assert match.speed == pytest.approx(speed, rel=0.01)
    assert match.offset_s == pytest.approx(0.0, abs=0.3)
    assert match.seconds == pytest.approx(15 / speed, abs=2.0)


def test_a_copy_inside_something_longer_is_found_where_it_is(index: SoundIndex) -> None:
    longer = joined_sounds(a_sound(900), a_sound(7), a_sound(901))

    (match,) = recognise_sound(longer, index)

    assert match.owner == 107
    assert match.offset_s == pytest.approx(-15.0, abs=0.1)
    assert match.spans[0].start == pytest.approx(15.0, abs=1.0)
    assert match.spans[-1].end == pytest.approx(30.0, abs=1.0)


def test_two_pieces_in_one_file_are_both_found(index: SoundIndex) -> None:
    assert set(_owners(index, joined_sounds(a_sound(2), a_sound(20)))) == {102, 120}


def test_a_part_of_five_seconds_is_found(index: SoundIndex) -> None:
    sound = a_sound(5)
    inside = (sound.frame * STEP_S > 4) & (sound.frame * STEP_S < 9)
    part = SoundPrint(frame=sound.frame[inside], bin=sound.bin[inside], seconds=5.0)

    assert _owners(index, part) == [105]


def test_sounds_that_are_not_there_are_not_found(index: SoundIndex) -> None:
    for seed in range(1000, 1012):
        assert _owners(index, a_sound(seed)) == []


def test_what_is_written_is_there_after_opening_again(tmp_path: Path, index: SoundIndex) -> None:
    index.add([(500, a_sound(500))], applied_to=9)

    for again in (
        SoundIndex.open(tmp_path / "sound", writable=False),
        SoundIndex.open(tmp_path / "sound"),
    ):
        assert again.applied_to == 9
        assert _owners(again, a_sound(500)) == [500]
        assert _owners(again, a_sound(0)) == [100]


def test_a_reader_sees_what_was_written_since(tmp_path: Path, index: SoundIndex) -> None:
    reader = SoundIndex.open(tmp_path / "sound", writable=False)
    index.add([(500, a_sound(500))], applied_to=2)
    before = _owners(reader, a_sound(500))

    reader.refresh()

    assert (before, _owners(reader, a_sound(500))) == ([], [500])


@pytest.mark.parametrize("merged", [False, True])
def test_what_is_removed_is_gone_and_may_come_back(index: SoundIndex, *, merged: bool) -> None:
    index.remove([103, 104], applied_to=2)
    if merged:
        while index.merge_once():
            pass
    gone = _owners(index, a_sound(3))

    index.add([(103, a_sound(3))], applied_to=3)

    assert gone == []
    assert _owners(index, a_sound(3)) == [103]
    assert _owners(index, a_sound(4)) == []
    assert index.applied_to == 3


def test_merging_changes_nothing_that_is_found(index: SoundIndex) -> None:
    for i in range(30, 42):
        index.add([(100 + i, a_sound(i))], applied_to=i)
    index.remove([110], applied_to=50)
    held = len(index)

    while index.merge_once():
        pass

    assert len(index) <= held
    for i in (0, 9, 10, 11, 29, 30, 41):
        assert _owners(index, a_sound(i)) == ([] if i == 10 else [100 + i])


def test_what_a_dying_process_left_is_swept_away(tmp_path: Path, index: SoundIndex) -> None:
    for name in ("segment-00000099", "segment-00000098.unfinished"):
        (tmp_path / "sound" / name).mkdir()

    again = SoundIndex.open(tmp_path / "sound")

    assert len(again) == len(index)
    assert [p.name for p in (tmp_path / "sound").glob("segment-*")] == ["segment-00000001"]


@pytest.mark.parametrize("text", ["", "{", '{"format": 7}', '{"format": 1}'])
def test_a_damaged_manifest_is_told(tmp_path: Path, index: SoundIndex, text: str) -> None:
    index.close()
    (tmp_path / "sound" / "manifest.json").write_text(text)

    with pytest.raises(SoundIndexDamaged):
        SoundIndex.open(tmp_path / "sound")


def test_silence_adds_nothing_and_finds_nothing(index: SoundIndex) -> None:
    silence = SoundPrint(frame=np.empty(0, np.int32), bin=np.empty(0, np.int32), seconds=9.0)
    held = len(index)
    index.add([(900, silence)], applied_to=5)

    assert len(index) == held
    assert _owners(index, silence) == []


def test_the_stage_sights_what_a_file_sounds_like(index: SoundIndex) -> None:
    stage = SoundStage(index)
    banks = {"b": BankRecord(org=Org("main"), name="b", policy="IN.SPAM", vetted=True)}
    heard = Fingerprint(frames=FrameTable.empty(), sound=a_sound(1), seconds=15.0)

    (seen,) = stage.sightings(heard, banks)

    assert (seen.owner, seen.means) == (101, "sound")
    assert isinstance(seen.spans[0], Span)
    assert stage.sightings(Fingerprint(frames=FrameTable.empty()), banks) == []
    assert stage.sightings(heard, {}) == []


@pytest.mark.data
def test_speech_is_found_in_noise(index: SoundIndex) -> None:
    folder = os.environ.get("FIELDFARE_DATA_AT_HAND")
    if not folder:
        pytest.skip("FIELDFARE_DATA_AT_HAND names no folder of sounds")
    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=HZ)
    with av.open(str(Path(folder, "audio", "jfk.flac"))) as container:
        frames = [out for f in container.decode(audio=0) for out in resampler.resample(f)]
    speech = np.concatenate([np.asarray(f.to_ndarray(), np.float32)[0] for f in frames])
    level = float(np.sqrt(np.mean(speech**2)))
    noise = np.random.default_rng(1).normal(0, level / 2, len(speech)).astype(np.float32)
    clean, noisy = (
        SoundPrint(frame=frame, bin=line, seconds=11.0)
        for frame, line in (peaks_of(speech), peaks_of(speech + noise))
    )
    before = _owners(index, clean)

    index.add([(777, clean)], applied_to=2)

    assert before == []
    assert _owners(index, noisy) == [777]
