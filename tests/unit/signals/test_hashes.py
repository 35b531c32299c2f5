import numpy as np

from fieldfare.kernel import Span, Unknown
from fieldfare.matching.repositories import EntryState, Polarity
from fieldfare.matching.small_banks import SmallBank, known_in
from fieldfare.media import Examination
from fieldfare.records import Fact
from fieldfare.signals import HASH_FACTS
from fieldfare.signals.hashes import Asked, frame_hashes, hash_facts
from fieldfare.testing.banks import a_bank, an_entry, some_frames

ROWS = np.random.default_rng(8).integers(0, 256, (3, 32), np.uint8)


def _found(*, complete: bool = True) -> Examination:
    return Examination(
        complete=complete,
        problem="" if complete else "it breaks off in the middle",
        decoded_s=3.0,
        arrays={
            "pdq.t": np.array([0.0, 1.0, 2.0]),
            "pdq.bits": ROWS,
            "pdq.quality": np.array([100, 100, 100], np.uint8),
        },
    )


def _bank(name: str, row: int, policy: str, number: int = 5, **fields: object) -> SmallBank:
    entry = an_entry(number, some_frames(ROWS[row : row + 1]), bank=name)
    return a_bank(name, entry, policy=policy, **fields)


def _facts(found: Examination, *banks: SmallBank) -> dict[str, Fact]:
    asked = Asked(known=known_in(banks))
    facts, _ = hash_facts(found, asked, sha256="ab" * 32, md5="cd" * 16)
    assert tuple(fact.name for fact in facts) == HASH_FACTS
    return {fact.name: fact for fact in facts}


def test_frames_are_written_as_hex_with_their_moment() -> None:
    frames = frame_hashes(_found())

    assert [frame.t for frame in frames] == [0.0, 1.0, 2.0]
    assert frames[1].hex == ROWS[1].tobytes().hex()
    assert frame_hashes(Examination()) == ()


def test_a_match_names_bank_policy_and_stretch() -> None:
    facts = _facts(_found(), _bank("KNOWN", 1, "X.ONE"))

    assert facts["hash.match.policy"].value == "X.ONE"
    assert facts["hash.match.bank"].value == "KNOWN"
    assert facts["hash.match.distance"].value == 0
    assert facts["hash.match.vetted"].value is True
    assert facts["hash.match.share"].value == 0.3333
    assert facts["hash.match.policy"].spans == (Span(1.0, 2.0),)
    assert facts["hash.decided.policy"].value is None


def test_nothing_known_is_known_to_be_nothing() -> None:
    facts = _facts(_found())

    assert all(fact.value is None for fact in facts.values())


def test_decided_content_is_told_apart_from_banks() -> None:
    facts = _facts(_found(), _bank("_decided.X.TWO", 2, "X.TWO"))

    assert facts["hash.decided.policy"].value == "X.TWO"
    assert facts["hash.match.policy"].value is None


def test_of_a_broken_file_a_match_counts_and_its_absence_is_unknown() -> None:
    matched = _facts(_found(complete=False), _bank("KNOWN", 0, "X.ONE"))
    unmatched = _facts(_found(complete=False))

    assert matched["hash.match.policy"].value == "X.ONE"
    assert matched["hash.decided.policy"].value == Unknown("it breaks off in the middle")
    assert unmatched["hash.match.policy"].value == Unknown("it breaks off in the middle")


def test_equal_bytes_match_though_nothing_could_be_decoded() -> None:
    bank = a_bank("KNOWN", an_entry(5, sha256="ab" * 32, bank="KNOWN"))

    facts = _facts(Examination(problem="the file is empty"), bank)

    assert facts["hash.match.policy"].value == "X.ONE"


def test_a_match_says_how_it_was_found_and_how_the_copy_was_changed() -> None:
    facts = _facts(_found(), _bank("KNOWN", 1, "X.ONE"))

    assert facts["hash.match.means"].value == "pdq"
    assert facts["hash.match.transform"].value == "as it is"
    assert facts["hash.match.seconds"].value == 1.0
    assert facts["hash.match.quarantined"].value is False


def test_known_good_content_is_named_and_is_no_match() -> None:
    good = _bank("GOOD", 1, "X.ONE", polarity=Polarity.KNOWN_GOOD)

    facts = _facts(_found(), good, _bank("KNOWN", 1, "X.TWO", number=6))

    assert facts["hash.known_good.bank"].value == "GOOD"
    assert facts["hash.match.policy"].value is None
    every = facts["hash.match.all"].value
    assert isinstance(every, list)
    assert [match["bank"] for match in every if isinstance(match, dict)] == ["GOOD"]


def test_a_quarantined_entry_is_a_question() -> None:
    entry = an_entry(5, some_frames(ROWS[:1]), bank="KNOWN", state=EntryState.QUARANTINED)

    facts = _facts(_found(), a_bank("KNOWN", entry))

    assert facts["hash.match.vetted"].value is False
    assert facts["hash.match.quarantined"].value is True
