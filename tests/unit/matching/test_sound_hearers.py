from pathlib import Path

import numpy as np
import pytest

from fieldfare.matching.sound import SoundPrint
from fieldfare.matching.sound_hearers import owners_hearing
from fieldfare.matching.sound_index import SoundIndex
from fieldfare.testing.sounds import a_sound, copy_of, joined_sounds


@pytest.fixture
def posted(tmp_path: Path) -> SoundIndex:
    index = SoundIndex.open(tmp_path / "sounds")
    index.add([(100 + i, a_sound(i)) for i in range(20)], applied_to=1)
    return index


@pytest.mark.parametrize(("speed", "lost"), [(1.0, 0.3), (1.25, 0.2), (0.8, 0.2), (1.45, 0.1)])
def test_whoever_has_a_copy_of_a_sound_is_found(
    posted: SoundIndex, speed: float, lost: float
) -> None:
    posted.add([(200, copy_of(a_sound(3), speed=speed, lost=lost))], applied_to=2)

    assert owners_hearing(a_sound(3), posted) == [103, 200]


def test_a_sound_within_others_and_a_part_of_it_are_found(posted: SoundIndex) -> None:
    posted.add([(200, joined_sounds(a_sound(50), a_sound(60), a_sound(70)))], applied_to=2)
    late = joined_sounds(a_sound(80, seconds=40.0), a_sound(60), a_sound(81))

    assert owners_hearing(a_sound(60), posted) == [200]
    assert owners_hearing(late, posted) == [200]


def test_a_sound_that_nobody_has_is_found_nowhere(posted: SoundIndex) -> None:
    silence = SoundPrint(frame=np.empty(0, np.int32), bin=np.empty(0, np.int32), seconds=9.0)

    assert owners_hearing(a_sound(500), posted) == owners_hearing(silence, posted) == []


def test_a_sound_that_everybody_has_is_found_everywhere(tmp_path: Path) -> None:
    index = SoundIndex.open(tmp_path / "sounds")
    sound = a_sound(1, seconds=4.0)
    index.add([(i, copy_of(sound, lost=0.2, seed=i)) for i in range(1, 1201)], applied_to=1)

    assert len(owners_hearing(sound, index)) == 1200


def test_the_oldest_go_first_and_do_not_come_back(tmp_path: Path, posted: SoundIndex) -> None:
    posted.add([(200 + i, a_sound(200 + i)) for i in range(20)], applied_to=2)
    whole = len(posted)

    posted.keep_newest(whole * 2 // 3)
    kept = SoundIndex.open(tmp_path / "sounds").owners()

    assert len(posted) <= whole * 2 // 3
    assert kept.tolist() == posted.owners().tolist() == [200 + i for i in range(20)]


@pytest.mark.parametrize("merged", [False, True])
def test_owners_below_an_id_are_gone(tmp_path: Path, posted: SoundIndex, *, merged: bool) -> None:
    posted.drop_below(105)
    if merged:
        while posted.merge_once():
            pass

    again = SoundIndex.open(tmp_path / "sounds")
    again.add([(104, a_sound(4))], applied_to=2)

    assert owners_hearing(a_sound(4), again) == []
    assert owners_hearing(a_sound(5), again) == [105]
