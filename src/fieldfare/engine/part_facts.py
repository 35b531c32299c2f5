"""The facts of an item that has several media: one set, of which each fact can be stood by.

In flow the facts of each part; out flows one Fact a name. What belongs together is taken from one
part together: that a bank was vetted says something of its own match alone, and the policy of one
picture with the standing of another's would be a match that nobody found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from fieldfare.kernel import Unknown
from fieldfare.matching.pdq import RADIUS
from fieldfare.records import Fact, FactValue
from fieldfare.signals.hashes import DECIDED_FACT, GOOD_FACT, MATCH_FACTS

_Part = Mapping[str, Fact]
MATCHES: Final = "hash.match.all"
_GROUPS: Final = (MATCH_FACTS, (DECIDED_FACT,), (GOOD_FACT,))


def joined(parts: Sequence[Sequence[Fact]]) -> dict[str, Fact]:
    """Join the facts of an item's media: Unknown if any is, else the gravest of the known.

    Matches come from the one part that matches best: vetted first, then of an entry in quarantine,
    then nearer, then for longer.
    A match counts whatever the other parts hide; that there is none is Unknown if any part's is.
    """
    named = [{fact.name: fact for fact in facts} for facts in parts]
    whole: dict[str, Fact] = {}
    for part in named:
        for name, fact in part.items():
            whole[name] = _graver(whole[name], fact) if name in whole else fact
    for group in _GROUPS:
        having = [part for part in named if group[0] in part]
        if having:
            best = min(having, key=partial(_standing, name=group[0]))
            whole.update({name: best[name] for name in group if name in best})
    if (together := _matches(named)) is not None:
        whole[MATCHES] = together
    return whole


def _matches(parts: Sequence[_Part]) -> Fact | None:
    """Join the matches of all parts, the nearest first; None if none matched."""
    having = [part[MATCHES] for part in parts if MATCHES in part]
    listed = [match for fact in having if isinstance(fact.value, list) for match in fact.value]
    if not listed:
        return None
    listed.sort(key=_distance)
    first = next(fact for fact in having if isinstance(fact.value, list))
    return replace(first, value=listed)


def _distance(match: FactValue) -> float:
    distance = match.get("distance", 0) if isinstance(match, dict) else 0
    # What was found by no hash comes after what was.
    return distance if isinstance(distance, int | float) else float(RADIUS)


def _standing(part: _Part, name: str) -> tuple[bool, bool, bool, bool, float, float]:
    """Order parts, the best first: what matched, then what is Unknown, then what did not match."""
    policy = part[name].value
    unknown = isinstance(policy, Unknown)
    return (
        unknown or policy is None,
        not unknown,
        _value(part, "hash.match.vetted") is not True,
        _value(part, "hash.match.quarantined") is not True,
        _number(part, "hash.match.distance"),
        -_number(part, "hash.match.share"),
    )


def _value(part: _Part, name: str) -> object:
    return part[name].value if name in part else None


def _number(part: _Part, name: str) -> float:
    value = _value(part, name)
    return value if isinstance(value, int | float) else 0.0


def _graver(one: Fact, other: Fact) -> Fact:
    if isinstance(one.value, Unknown) or isinstance(other.value, Unknown):
        return one if isinstance(one.value, Unknown) else other
    if one.name == "media.readable":
        return one if not one.value else other
    if isinstance(one.value, int | float) and isinstance(other.value, int | float):
        return max(one, other, key=lambda fact: fact.value)  # type: ignore[arg-type,return-value]
    return other if one.value in (None, "") else one
