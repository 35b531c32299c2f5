import numpy as np
import pytest

from fieldfare.testing.edits import EDITS, Take, chain, encoded
from fieldfare.testing.films import Film, Frame, drawn

FILM = drawn(Film(seed=1, seconds=2, rate=5, width=96, height=160, scenes=2))
OTHER = drawn(Film(seed=2, seconds=1, rate=5, width=96, height=160, scenes=1))
TAKE = Take(frames=FILM, rate=5, other=OTHER)


def _edited(name: str, seed: int) -> Take:
    edit = chain if name == "chain" else EDITS[name]
    return edit(TAKE, np.random.default_rng(seed))


def _same(one: Take, other: Take) -> bool:
    alike = (one.rate, one.crf, len(one.frames)) == (other.rate, other.crf, len(other.frames))
    return alike and all(map(np.array_equal, one.frames, other.frames))


@pytest.mark.parametrize("name", [*EDITS, "chain"])
def test_an_edit_changes_the_film_as_its_seed_says(name: str) -> None:
    edited = _edited(name, 3)

    assert not _same(edited, TAKE)
    assert _same(edited, _edited(name, 3))
    assert {frame.dtype for frame in edited.frames} == {np.dtype(np.uint8)}
    assert len({frame.shape for frame in edited.frames}) == 1
    assert edited.frames[0].shape[0] % 2 == 0 == edited.frames[0].shape[1] % 2


def test_a_crop_takes_no_more_than_thirty_percent_of_a_side() -> None:
    shapes = [_edited("crop", seed).frames[0].shape for seed in range(20)]

    assert all(
        0.68 * 160 <= height <= 160 and 0.68 * 96 <= width <= 96 for height, width, _ in shapes
    )


def test_a_film_moves_cuts_and_is_another_for_another_seed() -> None:
    def apart(one: Frame, other: Frame) -> float:
        return float(np.abs(one.astype(int) - other).mean())

    assert len(FILM) == 10
    assert 0 < apart(FILM[0], FILM[1]) < apart(FILM[0], FILM[9])
    assert apart(FILM[0], OTHER[0]) > 10
    assert np.array_equal(
        FILM, drawn(Film(seed=1, seconds=2, rate=5, width=96, height=160, scenes=2))
    )


def test_a_film_is_encoded_at_its_rate() -> None:
    assert encoded(TAKE)[4:8] == b"ftyp"
