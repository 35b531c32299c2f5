"""Films: the same scene gives the same bytes, with enough in it to be told apart."""

import io
import itertools

import av
import numpy as np
import pdqhash
import pytest

from fieldfare.matching import MIN_QUALITY, RADIUS
from fieldfare.simulator.edits import Edit, repost
from fieldfare.simulator.rendering import HEIGHT, RATE, WIDTH, Scene, decode, encode, render

SCENES = (
    Scene(seed=1, palette=0, title="zita"),
    Scene(seed=2, palette=0, title="zita"),
    Scene(seed=3, palette=5, seconds=2.0),
)


@pytest.fixture(scope="module")
def films() -> dict[Scene, bytes]:
    return {scene: render(scene) for scene in SCENES}


def hashes(film: bytes) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.uint8]], list[int]]:
    """PDQ of one frame a second by the reference: (n, 256) bits, and their qualities."""
    found = [pdqhash.compute(frame) for frame in decode(film).frames[::RATE]]
    return np.array([bits for bits, _ in found], np.uint8), [quality for _, quality in found]


def nearest(first: bytes, second: bytes) -> int:
    bits, others = hashes(first)[0], hashes(second)[0]
    return int((bits[:, None] != others[None]).sum(axis=2).min())


def test_the_same_scene_gives_the_same_bytes(films: dict[Scene, bytes]) -> None:
    assert render(SCENES[0]) == films[SCENES[0]]


def test_a_film_is_a_short_webm_of_vp9_and_opus(films: dict[Scene, bytes]) -> None:
    with av.open(io.BytesIO(films[SCENES[2]])) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("vp9", "opus")
        assert (video.width, video.height) == (WIDTH, HEIGHT)
    assert len(decode(films[SCENES[2]]).frames) == 2 * RATE


def test_every_frame_has_detail_enough_for_a_hash(films: dict[Scene, bytes]) -> None:
    assert min(q for film in films.values() for q in hashes(film)[1]) >= MIN_QUALITY


def test_frames_move_and_are_not_plain(films: dict[Scene, bytes]) -> None:
    frames = decode(films[SCENES[0]]).frames

    assert all(frame.std() > 20 for frame in frames)
    assert not np.array_equal(frames[0], frames[RATE])


def test_scenes_that_look_alike_are_far_apart(films: dict[Scene, bytes]) -> None:
    for first, second in itertools.combinations(films.values(), 2):
        assert nearest(first, second) > 2 * RADIUS


@pytest.mark.parametrize("edit", [edit for edit in Edit if edit is not Edit.MIRROR])
def test_a_repost_is_near_its_original(edit: Edit, films: dict[Scene, bytes]) -> None:
    original = films[SCENES[0]]

    again = repost(original, edit)

    assert (again == original) == (edit is Edit.SAME)
    assert nearest(again, original) <= RADIUS


def test_a_mirrored_repost_is_another_picture_to_the_hash(films: dict[Scene, bytes]) -> None:
    original = films[SCENES[0]]

    assert nearest(repost(original, Edit.MIRROR), original) > RADIUS


def test_edits_change_what_they_say(films: dict[Scene, bytes]) -> None:
    original = decode(films[SCENES[0]])

    edited = {edit: decode(repost(films[SCENES[0]], edit)) for edit in Edit}

    assert edited[Edit.RESIZE].frames[0].shape[0] < HEIGHT
    assert edited[Edit.BRIGHTEN].frames[0].mean() > original.frames[0].mean() * 1.1
    assert edited[Edit.DARKEN].frames[0].mean() < original.frames[0].mean() * 0.9
    assert len(edited[Edit.TRIM].frames) == len(original.frames) - RATE * 3 // 4


def test_a_repost_is_the_same_each_time(films: dict[Scene, bytes]) -> None:
    original = films[SCENES[2]]

    assert repost(original, Edit.OVERLAY) == repost(original, Edit.OVERLAY)


def test_sound_survives_the_round_trip(films: dict[Scene, bytes]) -> None:
    film = decode(films[SCENES[2]])

    assert abs(len(film.samples) / 48_000 - 2.0) < 0.1
    assert np.abs(film.samples).max() > 1_000
    assert len(decode(encode(film)).frames) == len(film.frames)
