"""Joining the facts of several media of one item."""

from itertools import permutations

import pytest

from fieldfare.engine.part_facts import joined
from fieldfare.kernel import Unknown
from fieldfare.records import Fact, FactValue
from fieldfare.signals.hashes import HASH_FACTS, MATCH_FACTS

UNSEEN = Unknown("decoding took too long")


def a_part(**values: FactValue | Unknown) -> list[Fact]:
    """Make the match facts of one picture; those not given say that nothing matched."""
    told = {f"hash.match.{name}": value for name, value in values.items()}
    return [Fact(name=name, version="1", value=told.get(name)) for name in HASH_FACTS]


def unseen() -> list[Fact]:
    return [Fact(name=name, version="1", value=UNSEEN) for name in HASH_FACTS]


def a_match(policy: str, *, vetted: bool, distance: int, share: float = 1.0) -> list[Fact]:
    return a_part(policy=policy, bank=policy, vetted=vetted, distance=distance, share=share)


def values(parts: list[list[Fact]]) -> dict[str, FactValue | Unknown]:
    return {name: fact.value for name, fact in joined(parts).items()}


@pytest.mark.parametrize(
    ("best", "others"),
    [
        (
            a_match("IN.SPAM", vetted=True, distance=30),
            [a_match("CS.CSAM", vetted=False, distance=0)],
        ),
        (a_match("A", vetted=True, distance=4), [a_match("B", vetted=True, distance=30)]),
        (
            a_match("A", vetted=False, distance=4, share=0.9),
            [a_match("B", vetted=False, distance=4, share=0.2), a_part()],
        ),
        (a_match("A", vetted=False, distance=31, share=0.1), [unseen(), a_part()]),
        (
            a_part(policy="A", bank="A", vetted=False, quarantined=True, distance=30),
            [a_match("B", vetted=False, distance=0)],
        ),
    ],
)
def test_the_match_of_an_item_is_wholly_that_of_one_picture(
    best: list[Fact], others: list[list[Fact]]
) -> None:
    for parts in permutations([best, *others]):
        found = joined(list(parts))
        assert [found[name] for name in MATCH_FACTS] == best[: len(MATCH_FACTS)]


def test_no_match_is_unknown_while_one_picture_could_not_be_seen() -> None:
    for parts in permutations([a_part(), unseen(), a_part()]):
        assert set(values(list(parts)).values()) == {UNSEEN}
    assert set(values([a_part(), a_part()]).values()) == {None}


def test_a_picture_decided_before_counts_beside_one_that_could_not_be_seen() -> None:
    known = [Fact(name="hash.decided.policy", version="1", value="IN.SPAM")]
    for parts in permutations([known, unseen()]):
        assert values(list(parts))["hash.decided.policy"] == "IN.SPAM"


def test_other_facts_are_unknown_if_any_is_and_else_the_gravest() -> None:
    def part(score: float | Unknown, *, readable: bool) -> list[Fact]:
        return [
            Fact(name="visual.nudity", version="1", value=score),
            Fact(name="media.readable", version="1", value=readable),
        ]

    grave, mild = part(0.9, readable=True), part(0.1, readable=False)
    assert values([mild, grave]) == {"visual.nudity": 0.9, "media.readable": False}
    assert values([grave, part(UNSEEN, readable=True)])["visual.nudity"] == UNSEEN
