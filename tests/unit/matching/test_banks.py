import numpy as np

from fieldfare.kernel import Span
from fieldfare.matching import (
    DECIDED_BANK,
    Bank,
    BankEntry,
    BankIndex,
    FrameHash,
    hex_of,
    match_frames,
)
from fieldfare.matching.banks import table_of

CHANCE = np.random.default_rng(3)
KNOWN = CHANCE.integers(0, 256, (4, 32), np.uint8)


def _hex(number: int, *, flips: int = 0) -> str:
    row = np.unpackbits(KNOWN[number])
    row[:flips] ^= 1
    return np.packbits(row).tobytes().hex()


def _frames(*hashes: str, quality: int = 100) -> tuple[FrameHash, ...]:
    return tuple(FrameHash(t=float(i), hex=h, quality=quality) for i, h in enumerate(hashes))


def _bank(name: str = "KNOWN", *, vetted: bool = True, radius: int = 31) -> BankIndex:
    entry = BankEntry(id="7", pdq=(_hex(0), _hex(1)), sha256="ab" * 32, md5="cd" * 16, label="us")
    return BankIndex(Bank(name=name, policy="X.ONE", vetted=vetted, radius=radius), [entry])


def test_a_near_copy_matches_with_its_distance_share_and_stretches() -> None:
    frames = _frames(_hex(2), _hex(0, flips=9), _hex(1, flips=4), _hex(3), _hex(0))

    (match,) = match_frames(frames, [_bank()], until_s=6.5)

    assert (match.bank, match.policy, match.entry, match.label) == ("KNOWN", "X.ONE", "7", "us")
    assert (match.means, match.distance) == ("pdq", 0)
    assert (match.frames, match.of_frames, match.share) == (3, 5, 0.6)
    assert match.spans == (Span(1.0, 3.0), Span(4.0, 6.5))


def test_a_bank_has_its_own_radius() -> None:
    frames = _frames(_hex(0, flips=9))

    assert match_frames(frames, [_bank(radius=9)])
    assert not match_frames(frames, [_bank(radius=8)])


def test_frames_too_plain_to_tell_apart_do_not_match() -> None:
    assert not match_frames(_frames(_hex(0), quality=49), [_bank()])
    assert match_frames(_frames(_hex(0), quality=50), [_bank()])


def test_equal_bytes_match_without_any_frame() -> None:
    (by_sha256,) = match_frames((), [_bank()], sha256="ab" * 32, until_s=3.0)
    (by_md5,) = match_frames((), [_bank()], md5="cd" * 16)

    assert (by_sha256.means, by_sha256.distance, by_sha256.share) == ("sha256", 0, 1.0)
    assert by_sha256.spans == (Span(0.0, 3.0),)
    assert by_md5.means == "md5"


def test_no_digest_is_not_an_equal_digest() -> None:
    bare = BankIndex(Bank(name="BARE", policy="X.ONE"), [BankEntry(id="1", pdq=(_hex(0),))])

    assert match_frames((), [bare], sha256="", md5="") == ()


def test_vetted_banks_come_first_and_then_the_nearer() -> None:
    frames = _frames(_hex(0, flips=3))
    exact = BankIndex(
        Bank(name="EXACT", policy="X.TWO"), [BankEntry(id="1", pdq=(_hex(0, flips=3),))]
    )
    near = _bank("NEAR", vetted=False)

    matches = match_frames(frames, [near, exact, _bank("VETTED")])

    assert [match.bank for match in matches] == ["VETTED", "EXACT", "NEAR"]


def test_no_banks_match_nothing() -> None:
    assert match_frames(_frames(_hex(0)), []) == ()
    assert match_frames(_frames(_hex(0)), [BankIndex(Bank(name="E", policy="X"), [])]) == ()


def test_an_entry_may_bring_its_own_policy() -> None:
    entry = BankEntry(id="9", pdq=(_hex(2),), policy="X.THREE")
    bank = BankIndex(Bank(name=DECIDED_BANK, policy="", vetted=True), [entry])

    (match,) = match_frames(_frames(_hex(2)), [bank])

    assert (match.policy, match.entry) == ("X.THREE", "9")


def test_a_table_holds_what_the_records_said() -> None:
    table = table_of(_frames(_hex(0), _hex(1), quality=60))

    assert table.t.tolist() == [0.0, 1.0]
    assert [hex_of(row) for row in table.bits] == [_hex(0), _hex(1)]
    assert table.quality.tolist() == [60, 60]
    assert len(table_of(())) == 0
