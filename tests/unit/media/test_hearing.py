import io
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from fieldfare.media import Examination
from fieldfare.media.hearing import HZ, STEP, peaks_of
from fieldfare.testing.clips import Clip, write_clip

Examine = Callable[..., Examination]


def _chirps(seconds: float, seed: int = 1) -> NDArray[np.float32]:
    """Make notes of changing pitch, five a second."""
    draw = np.random.default_rng(seed)
    t = np.arange(HZ // 5) / HZ
    notes = [
        np.sin(2 * np.pi * draw.uniform(300, 3000) * t) * np.exp(-8 * t)
        for _ in range(round(seconds * 5))
    ]
    return np.concatenate(notes).astype(np.float32)


def _share_found(of: NDArray[np.float32], among: NDArray[np.float32]) -> float:
    known = set(zip(*(part.tolist() for part in peaks_of(among)), strict=True))
    peaks = list(zip(*(part.tolist() for part in peaks_of(of)), strict=True))
    near = [any((f + i, b + j) in known for i in (-1, 0, 1) for j in (-1, 0, 1)) for f, b in peaks]
    return float(np.mean(near))


def test_notes_have_a_peak_each_at_their_pitch() -> None:
    frame, line = peaks_of(_chirps(4.0))

    assert len(frame) >= 18
    assert (np.diff(frame) >= 0).all()
    assert line.max() < 470


def test_peaks_stay_where_they_are_in_noise() -> None:
    clean = _chirps(6.0)
    noise = np.random.default_rng(2).normal(0, 0.03, len(clean)).astype(np.float32)

    assert _share_found(clean, clean + noise) > 0.7


def test_louder_is_the_same() -> None:
    clean = _chirps(3.0)

    assert [p.tolist() for p in peaks_of(clean)] == [p.tolist() for p in peaks_of(clean * 8)]


@pytest.mark.parametrize("length", [0, 1, 1023, 1024, 1300])
def test_little_sound_has_few_peaks(length: int) -> None:
    frame, line = peaks_of(np.ones(length, np.float32))

    assert len(frame) == len(line) <= 2


def test_silence_has_no_peaks() -> None:
    assert len(peaks_of(np.zeros(5 * HZ, np.float32))[0]) == 0


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [("a.mp4", "h264", "aac"), ("a.webm", "vp9", "libopus"), ("a.mp3", "", "libmp3lame")],
)
def test_sound_is_heard_alone_and_beside_pictures(
    examine: Examine, tmp_path: Path, name: str, codec: str, sound: str
) -> None:
    path = write_clip(tmp_path / name, Clip(codec=codec, sound=sound, frames=30))

    found = examine(path, taps=("sound", "pdq"))

    assert found.complete, found.problem
    assert float(found.arrays["heard.s"][0]) == pytest.approx(3.0, abs=0.15)
    at_440 = np.abs(found.arrays["sound.bin"] - 440 / (HZ / 1024)) <= 2
    assert at_440.any()
    assert found.arrays["sound.frame"].max(initial=0) <= 3.2 * HZ / STEP


def test_a_clip_without_sound_is_silent(examine: Examine, tmp_path: Path) -> None:
    found = examine(write_clip(tmp_path / "a.mp4", Clip()), taps=("sound",))

    assert found.arrays["sound.frame"].tolist() == []
    assert found.arrays["heard.s"].tolist() == [0.0]


def _write_sound(path: Path, *, kinds: Sequence[tuple[str, int]], container: str = "adts") -> Path:
    """Write two seconds of notes of each kind, one after the other. kinds: layout, rate."""
    with path.open("wb") as whole:
        for layout, rate in kinds:
            piece = io.BytesIO()
            with av.open(piece, "w", format=container) as written:
                track = written.add_stream("aac", rate=rate)
                track.layout = layout
                _write_notes(written, track, rate)
            whole.write(piece.getvalue())
    return path


def _write_notes(written: OutputContainer, track: AudioStream, rate: int, loud: float = 1) -> None:
    notes = np.repeat(_chirps(2.0), rate // HZ) * np.float32(loud)
    channels = track.layout.nb_channels
    for start in range(0, len(notes) - 1023, 1024):
        piece = np.tile(notes[start : start + 1024], (channels, 1))
        frame = AudioFrame.from_ndarray(piece, format="fltp", layout=track.layout.name)
        frame.sample_rate, frame.pts = rate, start
        written.mux(track.encode(frame))
    written.mux(track.encode(None))


def test_sound_that_changes_in_the_middle_is_heard_to_its_end(
    examine: Examine, tmp_path: Path
) -> None:
    kinds = [("mono", 16_000), ("stereo", 16_000), ("stereo", 32_000)]
    path = _write_sound(tmp_path / "a.aac", kinds=kinds)

    found = examine(path, taps=("sound",))

    assert float(found.arrays["heard.s"][0]) == pytest.approx(6.0, abs=0.4)
    assert found.arrays["sound.frame"].max() > 5.0 * HZ / STEP


def test_the_track_that_players_play_is_the_one_that_is_heard(
    examine: Examine, tmp_path: Path
) -> None:
    path = tmp_path / "two.mka"
    with av.open(str(path), "w", format="matroska") as written:
        tracks = [written.add_stream("aac", rate=16_000) for _ in range(2)]
        for track, marked in zip(tracks, (Disposition(0), Disposition.default), strict=True):
            track.disposition = marked
            track.layout = "mono"
        for number, track in enumerate(tracks):
            _write_notes(written, track, 16_000, loud=number)

    found = examine(path, taps=("sound",))

    assert len(found.arrays["sound.frame"]) > 5
