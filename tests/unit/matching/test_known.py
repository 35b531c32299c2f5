from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldfare.kernel import Span
from fieldfare.matching.fingerprints import Fingerprint, FrameTable, forms_of
from fieldfare.matching.frame_stage import RowHits
from fieldfare.matching.known import KnownContent
from fieldfare.matching.matches import BankMatch, Means, Sighting, transform_words
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.repositories import BankRecord, EntryKind, EntryState, Polarity
from fieldfare.matching.small_banks import NOTHING_KNOWN, SmallBank, SmallRows, SmallShelf, known_in
from fieldfare.testing.banks import (
    a_bank,
    a_probe,
    an_entry,
    some_bits,
    some_frames,
    with_flipped_bits,
)

BITS = some_bits(6, seed=3)
CLIP = some_frames(BITS)
SHA256, MD5 = "ab" * 32, "cd" * 16
OTHER = some_frames(some_bits(4, seed=9))


def matches_in(*banks: SmallBank, frames: FrameTable = CLIP, **asked: object) -> list[BankMatch]:
    return list(known_in(banks).match(a_probe(frames), **asked))  # type: ignore[arg-type]  # of match


def test_a_near_copy_is_explained() -> None:
    copy = some_frames(with_flipped_bits(BITS[2:5], [9, 4, 6]))

    (match,) = matches_in(a_bank("known", an_entry(7, CLIP, seconds=6.0)), frames=copy)

    assert (match.bank, match.policy, match.entry, match.label) == ("known", "X.ONE", "7", "us")
    assert (match.means, match.distance, match.vetted) == ("pdq", 4, True)
    assert (match.frames, match.of_frames, match.share) == (3, 3, 1.0)
    assert match.spans == (Span(0.0, 3.0),)
    assert match.offset_s == pytest.approx(2.0, abs=0.5)
    assert (match.reference_frames, match.transform) == (3, "as it is, speed not known")
    assert [(p.t_query, p.t_reference, p.distance) for p in match.pairs] == [
        (0.0, 2.0, 9),
        (1.0, 3.0, 4),
        (2.0, 4.0, 6),
    ]


def test_only_the_stretches_that_match_are_named() -> None:
    strangers = some_bits(2, seed=5)
    mixed = some_frames(np.concatenate((strangers[:1], BITS[:2], strangers[1:])))

    (match,) = matches_in(a_bank("known", an_entry(7, CLIP)), frames=mixed)

    assert (match.frames, match.of_frames, match.share) == (2, 4, 0.5)
    assert match.spans == (Span(1.0, 3.0),)


def test_a_mirrored_copy_is_found_and_said_to_be_mirrored() -> None:
    mirrored = some_frames(forms_of(BITS)[:, 1])

    (match,) = matches_in(a_bank("known", an_entry(7, CLIP)), frames=mirrored)

    assert (match.distance, match.transform) == (0, "mirrored, speed not known")


def test_transforms_are_said_as_what_was_done_to_the_copy() -> None:
    def said(**how: float) -> str:
        return transform_words(Sighting(owner=7, means="pdq", **how))  # type: ignore[arg-type]  # fields of a sighting

    assert said() == "as it is"
    assert said(form=5) == "turned a quarter counter-clockwise"
    assert said(form=1, window=1, speed=1.25) == "mirrored, with borders, at 1.25 times its speed"
    assert said(window=3, speed=1.01) == "without its borders"
    assert said(scale=0.5, turned=12.2) == "turned 12 degrees clockwise, at 0.50 times its size"
    assert said(form=1, speed=0.8, is_speed_known=False) == "mirrored, speed not known"
    picture = Sighting(owner=7, means="pdq", is_speed_known=False)
    assert transform_words(picture, has_length=False) == "as it is"


def test_a_file_that_is_near_to_too_many_entries_says_that_not_all_were_compared() -> None:
    crowd = [an_entry(number, CLIP) for number in range(1, 203)]

    found = known_in([a_bank("known", *crowd)]).explained(a_probe(some_frames(BITS)))

    assert found.left_out == (
        "frames are near to those of 202 entries, of which the 200 met most often are compared",
    )


def test_rows_that_an_index_leaves_out_are_told() -> None:
    class Cut(SmallRows):
        def search(self, bits: NDArray[np.uint8], radius: int = RADIUS) -> RowHits:
            return replace(super().search(bits, radius), cut=np.array([0]))

    rows = Cut([7], [some_frames(BITS[:1])])
    known = KnownContent(SmallShelf([a_bank("known", an_entry(7, CLIP))]), rows)

    found = known.explained(a_probe(some_frames(BITS)))

    (said,) = found.left_out
    assert said.startswith(f"at 1 of {len(BITS)} moments the picture is near to more rows")


def test_a_bank_has_its_own_radius() -> None:
    copy = some_frames(with_flipped_bits(BITS, 9))

    assert matches_in(a_bank("known", an_entry(7, CLIP), radius=9), frames=copy)
    assert not matches_in(a_bank("known", an_entry(7, CLIP), radius=8), frames=copy)


def test_banks_of_different_radius_do_not_lend_it_to_each_other() -> None:
    copy = some_frames(with_flipped_bits(BITS, 20))
    strict = a_bank("strict", an_entry(1, CLIP, bank="strict"), radius=10)
    wide = a_bank("wide", an_entry(2, CLIP, bank="wide"), radius=31)

    assert [match.bank for match in matches_in(strict, wide, frames=copy)] == ["wide"]


def test_frames_too_plain_to_tell_apart_do_not_match() -> None:
    bank = a_bank("known", an_entry(7, CLIP))

    assert not matches_in(bank, frames=some_frames(BITS, quality=49))
    assert matches_in(bank, frames=some_frames(BITS, quality=50))


def test_a_bank_may_ask_for_better_frames() -> None:
    fussy = a_bank("known", an_entry(7, CLIP), min_quality=80)

    assert not matches_in(fussy, frames=some_frames(BITS, quality=79))
    assert matches_in(fussy, frames=some_frames(BITS, quality=80))


def test_equal_bytes_match_without_any_frame() -> None:
    known = known_in([a_bank("known", an_entry(7, sha256=SHA256, md5=MD5))])
    nothing = a_probe(FrameTable.empty())

    (by_sha256,) = known.match(replace(nothing, sha256=SHA256, seconds=3.0))
    (by_md5,) = known.match(replace(nothing, md5=MD5))

    assert (by_sha256.means, by_sha256.distance, by_sha256.share) == ("sha256", 0, 1.0)
    assert by_sha256.spans == (Span(0.0, 3.0),)
    assert by_md5.means == "md5"
    assert known.match(nothing) == ()


def test_the_digest_of_a_text_is_no_file() -> None:
    bank = a_bank("known", an_entry(7, sha256=SHA256, kind=EntryKind.TEXT))

    assert not known_in([bank]).match(a_probe(FrameTable.empty(), sha256=SHA256))


def test_vetted_banks_come_first_and_then_the_nearer() -> None:
    copy = some_frames(with_flipped_bits(BITS, 3))
    near = a_bank("near", an_entry(1, CLIP, bank="near"), vetted=False)
    exact = a_bank("exact", an_entry(2, copy, bank="exact"), vetted=False)
    vetted = a_bank("vetted", an_entry(3, CLIP, bank="vetted"))

    matches = matches_in(near, exact, vetted, frames=copy)

    assert [match.bank for match in matches] == ["vetted", "exact", "near"]


def test_what_is_held_in_doubt_comes_before_what_is_only_asked_about() -> None:
    copy = some_frames(with_flipped_bits(BITS, 3))
    exact = a_bank("exact", an_entry(1, copy, bank="exact"), vetted=False)
    entry = an_entry(2, CLIP, bank="doubted", state=EntryState.QUARANTINED)

    matches = matches_in(exact, a_bank("doubted", entry), frames=copy)

    assert [match.bank for match in matches] == ["doubted", "exact"]


def test_no_banks_match_nothing() -> None:
    assert NOTHING_KNOWN.match(a_probe(CLIP)) == ()
    assert matches_in(a_bank("empty")) == []


def test_decided_banks_match_as_one_with_the_policy_of_the_entry() -> None:
    one = a_bank("_decided.X.ONE", an_entry(1, CLIP, bank="_decided.X.ONE"), policy="X.ONE")
    two = a_bank("_decided.X.TWO", an_entry(2, OTHER, bank="_decided.X.TWO"), policy="X.TWO")

    (match,) = matches_in(one, two, frames=OTHER)

    assert (match.bank, match.policy, match.entry) == ("_decided", "X.TWO", "2")


def test_a_bank_may_ask_for_seconds_and_for_distinct_frames() -> None:
    entry = an_entry(7, CLIP, seconds=6.0)
    copy = some_frames(np.concatenate((BITS[:2], OTHER.bits)))

    assert matches_in(a_bank("known", entry, min_seconds=1.5), frames=copy)
    assert not matches_in(a_bank("known", entry, min_seconds=3.0), frames=copy)
    assert matches_in(a_bank("known", entry, min_frames=2), frames=copy)
    assert not matches_in(a_bank("known", entry, min_frames=3), frames=copy)


def test_a_short_entry_has_to_be_met_whole_and_not_for_longer_than_it_is() -> None:
    picture = an_entry(7, some_frames(BITS[:1]))
    short = an_entry(7, some_frames(BITS[:3]), seconds=2.0)
    alone = some_frames(BITS[:1])

    assert matches_in(a_bank("known", picture, min_seconds=9.0, min_frames=9), frames=alone)
    assert matches_in(a_bank("known", short, min_seconds=9.0, min_frames=9), frames=CLIP)
    assert not matches_in(a_bank("known", short, min_seconds=9.0), frames=alone)


def test_what_is_off_matches_nothing_until_it_is_on_again() -> None:
    entry = an_entry(7, CLIP)
    sleeping = a_bank("known", entry, disabled_until=100)

    assert not matches_in(a_bank("known", entry, enabled=False))
    assert not matches_in(sleeping, at_ms=99)
    assert matches_in(sleeping, at_ms=100)
    assert not matches_in(a_bank("known", an_entry(7, CLIP, state=EntryState.DISABLED)))
    assert not matches_in(a_bank("known", an_entry(7, CLIP, disabled_until=100)), at_ms=99)


def test_a_quarantined_entry_matches_as_a_question_and_gives_way_to_any_other() -> None:
    quarantined = an_entry(7, CLIP, state=EntryState.QUARANTINED)
    near = an_entry(8, some_frames(with_flipped_bits(BITS, 9)))

    (alone,) = matches_in(a_bank("known", quarantined))
    (beside,) = matches_in(a_bank("known", quarantined, near))

    assert (alone.entry, alone.vetted, alone.state) == ("7", False, EntryState.QUARANTINED)
    assert (beside.entry, beside.vetted, beside.distance) == ("8", True, 9)


def test_a_share_of_items_is_drawn_once_and_for_all() -> None:
    known = known_in([a_bank("known", an_entry(7, CLIP), enabled_ratio=0.3)])
    items = [f"video/{number}" for number in range(60)]

    asked = [bool(known.match(a_probe(CLIP), item=item)) for item in items]
    again = [bool(known.match(a_probe(CLIP), item=item)) for item in items]

    assert asked == again
    assert 5 <= sum(asked) <= 32


def test_known_good_content_keeps_weaker_matches_of_its_stretch_from_counting() -> None:
    good = a_bank("good", an_entry(1, CLIP, bank="good"), polarity=Polarity.KNOWN_GOOD)
    blurred = some_frames(with_flipped_bits(BITS, 9))
    harmful = a_bank("known", an_entry(2, blurred))
    elsewhere = a_bank("more", an_entry(3, OTHER, bank="more"))
    both = some_frames(np.concatenate((BITS, OTHER.bits)))

    matches = {match.bank: match for match in matches_in(good, harmful, elsewhere, frames=both)}

    assert matches["known"].suppressed_by == "good/1"
    assert [bank for bank, match in matches.items() if match.counts] == ["more"]


def test_known_good_content_does_not_outweigh_what_is_nearer() -> None:
    blurred = some_frames(with_flipped_bits(BITS, 9))
    good = a_bank("good", an_entry(1, blurred, bank="good"), polarity=Polarity.KNOWN_GOOD)
    harmful = a_bank("known", an_entry(2, CLIP))

    matches = {match.bank: match for match in matches_in(good, harmful)}

    assert matches["known"].counts


@dataclass(frozen=True)
class _Seen:
    """A stage that has seen some entries."""

    sightings_of: tuple[Sighting, ...]
    looks_at_stills: bool = False

    def sightings(
        self, fingerprint: Fingerprint, banks: Mapping[str, BankRecord], /
    ) -> Sequence[Sighting]:
        return self.sightings_of if banks and fingerprint.seconds else ()


@pytest.mark.parametrize(
    ("good_by", "harmful_by", "counts"),
    [
        ("sound", "features", True),
        ("features", "sound", True),
        ("sound", "sound", False),
        ("features", "features", False),
    ],
)
def test_known_good_content_is_weighed_with_what_was_found_by_the_same_means(
    good_by: Means, harmful_by: Means, *, counts: bool
) -> None:
    whole = (Span(0.0, 6.0),)
    good = a_bank("good", an_entry(1, bank="good"), polarity=Polarity.KNOWN_GOOD)
    harmful = a_bank("known", an_entry(2), priority=True)
    seen = _Seen(
        (
            Sighting(owner=1, means=good_by, distance=31, seconds=6.0, spans=whole),
            Sighting(owner=2, means=harmful_by, distance=31, seconds=6.0, spans=whole),
        )
    )

    matches = known_in([good, harmful], [seen]).match(a_probe(CLIP))

    assert [match.counts for match in matches if match.bank == "known"] == [counts]


def test_a_picture_set_into_known_good_content_counts() -> None:
    good = a_bank("good", an_entry(1, CLIP, bank="good"), polarity=Polarity.KNOWN_GOOD)
    harmful = a_bank("known", an_entry(2), priority=True)
    inset = Sighting(owner=2, means="features", distance=31, seconds=6.0, spans=(Span(0.0, 6.0),))

    matches = known_in([good, harmful], [_Seen((inset,))]).match(a_probe(CLIP))

    assert {match.bank: match.suppressed_by for match in matches} == {"good": "", "known": ""}


def test_what_nearly_matches_says_why_it_does_not() -> None:
    far = some_frames(with_flipped_bits(BITS, 36))
    known = known_in(
        [
            a_bank("far", an_entry(1, far, bank="far")),
            a_bank("off", an_entry(2, CLIP, bank="off"), enabled=False),
            a_bank("long", an_entry(3, CLIP, bank="long", seconds=60.0), min_seconds=30.0),
            a_bank("known", an_entry(4, CLIP)),
        ]
    )

    explained = known.explained(a_probe(CLIP))

    assert [match.bank for match in explained.matches] == ["known"]
    assert {near.match.bank: near.why for near in explained.near} == {
        "far": ("its nearest frame differs in 36 bits, the bank takes 31",),
        "off": ("the bank is off",),
        "long": ("6.0 s match, the bank asks for 30.0 s",),
    }


class Counted:
    """A stage that finds one entry in every file, and counts how often it is asked."""

    looks_at_stills = False

    def __init__(self, owner: int) -> None:
        self._seen = Sighting(owner=owner, means="features", seconds=6.0, reference_frames=6)
        self.asked = 0

    def sightings(self, _: Fingerprint, __: Mapping[str, BankRecord], /) -> list[Sighting]:
        self.asked += 1
        return [self._seen]


def test_explaining_asks_each_stage_once_and_finds_what_matching_finds() -> None:
    stage = Counted(1)
    known = known_in([a_bank("known", an_entry(1, OTHER))], [stage])

    explained = known.explained(a_probe(CLIP))

    assert stage.asked == 1
    assert explained.matches == known.match(a_probe(CLIP))
    assert [match.means for match in explained.matches] == ["features"]
