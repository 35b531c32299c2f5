import numpy as np

from fieldfare.kernel import Span, Unknown
from fieldfare.matching import DECIDED_BANK, Bank, BankEntry, BankIndex
from fieldfare.media import Examination
from fieldfare.records import Fact
from fieldfare.signals import HASH_FACTS
from fieldfare.signals.hashes import frame_hashes, hash_facts

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


def _bank(name: str, row: int, policy: str) -> BankIndex:
    entry = BankEntry(id="5", pdq=(ROWS[row].tobytes().hex(),))
    return BankIndex(Bank(name=name, policy=policy, vetted=True), [entry])


def _facts(found: Examination, *banks: BankIndex) -> dict[str, Fact]:
    facts, _ = hash_facts(found, banks, sha256="ab" * 32, md5="cd" * 16)
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
    facts = _facts(_found(), _bank(DECIDED_BANK, 2, "X.TWO"))

    assert facts["hash.decided.policy"].value == "X.TWO"
    assert facts["hash.match.policy"].value is None


def test_of_a_broken_file_a_match_counts_and_its_absence_is_unknown() -> None:
    matched = _facts(_found(complete=False), _bank("KNOWN", 0, "X.ONE"))
    unmatched = _facts(_found(complete=False))

    assert matched["hash.match.policy"].value == "X.ONE"
    assert matched["hash.decided.policy"].value == Unknown("it breaks off in the middle")
    assert unmatched["hash.match.policy"].value == Unknown("it breaks off in the middle")


def test_equal_bytes_match_though_nothing_could_be_decoded() -> None:
    bank = BankIndex(Bank(name="KNOWN", policy="X.ONE"), [BankEntry(id="5", sha256="ab" * 32)])

    facts = _facts(Examination(problem="the file is empty"), bank)

    assert facts["hash.match.policy"].value == "X.ONE"
