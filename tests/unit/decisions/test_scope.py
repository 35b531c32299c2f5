from dataclasses import replace

import pytest

from fieldfare.decisions import GateAnswer, applies, effective
from fieldfare.policies import RESTRICTION_KINDS, RestrictionKind
from fieldfare.records import Restriction


def a_restriction(kind: str) -> Restriction:
    return Restriction(kind=kind, policy="HB.LOW")


def ask(
    *restrictions: Restriction,
    surface: str = "feed",
    market: str = "DE",
    age_band: str = "18_plus",
    at_ms: int = 0,
) -> GateAnswer:
    return effective(restrictions, surface=surface, market=market, age_band=age_band, at_ms=at_ms)


def test_nothing_against_it_is_shown() -> None:
    assert ask() == GateAnswer("yes", "allow", "", ())


@pytest.mark.parametrize("kind", ["hold", "remove", "suspend", "ban"])
def test_what_is_held_removed_or_of_a_closed_account_is_shown_nowhere(kind: str) -> None:
    for surface in ("feed", "search", "profile", "direct", "live"):
        assert ask(a_restriction(kind), surface=surface) == GateAnswer("no", kind, "HB.LOW")


def test_a_limited_item_is_off_feed_and_search_and_stays_elsewhere() -> None:
    limited = a_restriction("limit")

    shown = {s: ask(limited, surface=s).show for s in ("feed", "search", "profile", "direct")}

    assert shown == {"feed": "no", "search": "no", "profile": "yes", "direct": "yes"}


def test_a_warning_asks_first_and_names_the_labels_too() -> None:
    label = Restriction(kind="label", policy="SY.UNLAB", params={"label": "ai"})

    assert ask(label) == GateAnswer("yes", "label", "SY.UNLAB", ("ai",))
    assert ask(a_restriction("warn"), label) == GateAnswer("warn", "warn", "HB.LOW", ("ai",))
    assert ask(replace(label, params={})).labels == ("SY.UNLAB",)


@pytest.mark.parametrize("kind", ["interaction", "verify", "feature_block", "rename"])
def test_what_does_not_touch_showing_passes_unless_nobody_knows_the_kind(kind: str) -> None:
    answer = ask(a_restriction(kind))

    assert answer.show == ("yes" if kind in RESTRICTION_KINDS else "no")


def test_a_kind_declared_by_the_operator_does_what_it_was_declared_to_do() -> None:
    mark = RestrictionKind(name="mark", order=5, scopes=frozenset({"item"}), gate="warn")
    kinds = RESTRICTION_KINDS.with_kind(mark)

    answer = effective(
        (a_restriction("mark"),),
        surface="feed",
        market="DE",
        age_band="18_plus",
        at_ms=0,
        kinds=kinds,
    )

    assert answer.show == "warn"


@pytest.mark.parametrize(
    ("band", "at_16", "at_18", "at_21"),
    [
        ("under13", "no", "no", "no"),
        ("13_15", "no", "no", "no"),
        ("16_17", "yes", "no", "no"),
        ("18_plus", "yes", "yes", "no"),
        ("unknown", "no", "no", "no"),
        ("nonsense", "no", "no", "no"),
    ],
)
def test_an_age_gate_opens_for_those_who_have_surely_reached_the_age(
    band: str, at_16: str, at_18: str, at_21: str
) -> None:
    gates = [Restriction(kind="age_gate", policy="GV.MILD", min_age=age) for age in (16, 18, 21)]

    assert [ask(gate, age_band=band).show for gate in gates] == [at_16, at_18, at_21]


def test_a_geo_block_closes_its_markets_and_viewers_of_unknown_market() -> None:
    block = Restriction(kind="geo_block", policy="HS.IDEOL", markets=frozenset({"DE", "AT"}))

    assert [ask(block, market=market).show for market in ("DE", "FR", "")] == ["no", "yes", "no"]


def test_a_restriction_reaches_its_surfaces_only_and_ends_at_its_end() -> None:
    held = Restriction(kind="hold", policy="", surfaces=frozenset({"live"}), until=100)

    assert applies(held, "live", "DE", "18_plus", 99)
    assert not applies(held, "live", "DE", "18_plus", 100)
    assert not applies(held, "feed", "DE", "18_plus", 99)


def test_the_first_restriction_that_forbids_gives_the_reason() -> None:
    removed, limited = a_restriction("remove"), a_restriction("limit")

    assert ask(a_restriction("warn"), removed, limited).reason == "remove"
