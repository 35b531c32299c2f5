"""Every word the gate can answer, what comes before what, and the stages of exposure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.decisions.gate import (
    STALE_MS,
    THRESHOLDS,
    Answer,
    GateItem,
    MemoryGate,
    Viewer,
)
from fieldfare.kernel import EventId, Org, SimulatedClock
from fieldfare.policies import RESTRICTION_KINDS
from fieldfare.records import Restriction, Subject

NOW_MS = 1_795_000_000_000
ORG = Org("main")
VIDEO = Subject("video", "v1")
NAME = ("video", "v1")
SURFACES = ("feed", "search", "profile", "direct", "live")


def a_gate(*, behind_ms: int = 0) -> MemoryGate:
    gate = MemoryGate(
        SimulatedClock(NOW_MS), kinds=lambda _org: RESTRICTION_KINDS, staged=frozenset({"video"})
    )
    gate.whole_up_to(NOW_MS - behind_ms)
    return gate


def an_item(*restrictions: Restriction, decided: bool = True, deleted: bool = False) -> GateItem:
    return GateItem(
        number=3,
        version="d",
        author="ana",
        media=("ab",),
        decision_id=EventId(9) if decided else None,
        restrictions=restrictions,
        deleted=deleted,
        cap=100,
    )


def against(kind: str, **more: object) -> Restriction:
    told = {"policy": "P", **more}
    return Restriction(kind=kind, **told)  # type: ignore[arg-type]  # as a test writes them


def answer(
    item: GateItem | None,
    *,
    surface: str = "feed",
    age: str = "18_plus",
    market: str = "DE",
    behind_ms: int = 0,
    author: tuple[Restriction, ...] = (),
) -> Answer:
    gate = a_gate(behind_ms=behind_ms)
    if item is not None:
        gate.put(ORG, VIDEO, item)
    if author:
        gate.restrict_account(ORG, "ana", author)
    viewer = Viewer(surface=surface, age_band=age, market=market)
    (found,) = gate.answers(ORG, viewer, [NAME])
    return found


ON_THE_ITEM = {
    "nothing": ((), {}, "yes", "allow"),
    "label": ((against("label", params={"label": "ai"}),), {}, "yes", "label"),
    "warn": ((against("warn"),), {}, "warn", "warn"),
    "limit on the feed": ((against("limit"),), {}, "no", "limit"),
    "limit on the profile": ((against("limit"),), {"surface": "profile"}, "yes", "allow"),
    "age gate below": ((against("age_gate", min_age=18),), {"age": "16_17"}, "no", "age_gate"),
    "age gate above": ((against("age_gate", min_age=18),), {}, "yes", "allow"),
    "age gate unknown": ((against("age_gate", min_age=18),), {"age": "unknown"}, "no", "age_gate"),
    "geo block inside": ((against("geo_block", markets=frozenset({"DE"})),), {}, "no", "geo_block"),
    "geo block outside": (
        (against("geo_block", markets=frozenset({"FR"})),),
        {},
        "yes",
        "allow",
    ),
    "interaction": ((against("interaction"),), {}, "yes", "allow"),
    "hold": ((against("hold"),), {}, "no", "hold"),
    "hold on one surface": (
        (against("hold", surfaces=frozenset({"search"})),),
        {},
        "yes",
        "allow",
    ),
    "remove": ((against("remove"),), {}, "no", "remove"),
    "remove that has ended": ((against("remove", until=NOW_MS),), {}, "yes", "allow"),
    "a kind nobody knows": ((against("glimbwort"),), {}, "no", "glimbwort"),
}


@pytest.mark.parametrize("name", ON_THE_ITEM)
def test_each_restriction_has_its_answer(name: str) -> None:
    restrictions, viewer, show, reason = ON_THE_ITEM[name]

    found = answer(an_item(*restrictions), **viewer)  # type: ignore[arg-type]  # as the table says

    assert (found.show, found.reason) == (show, reason)
    assert (found.version, found.media_sha256, found.decision_id) == (3, ("ab",), 9)
    assert found.max_views == (None if show == "no" else 100)


def test_a_label_is_shown_with_the_item() -> None:
    assert answer(an_item(against("label", params={"label": "ai"}))).labels == ("ai",)


ON_THE_AUTHOR = {
    "ban": (against("ban"), "feed", "no", "account_ban"),
    "suspend": (against("suspend", until=NOW_MS + 1), "direct", "no", "account_suspend"),
    "suspend that has ended": (against("suspend", until=NOW_MS), "feed", "yes", "allow"),
    "limit on the feed": (against("limit"), "feed", "no", "account_limit"),
    "limit on the profile": (against("limit"), "profile", "yes", "allow"),
    "verify": (against("verify"), "feed", "yes", "allow"),
    "feature block": (against("feature_block", params={"feature": "live"}), "feed", "yes", "allow"),
}


@pytest.mark.parametrize("name", ON_THE_AUTHOR)
def test_a_restriction_of_the_author_reaches_what_they_made(name: str) -> None:
    restriction, surface, show, reason = ON_THE_AUTHOR[name]

    found = answer(an_item(), surface=surface, author=(restriction,))

    assert (found.show, found.reason) == (show, reason)


def test_the_author_s_restriction_is_named_before_the_item_s() -> None:
    found = answer(an_item(against("hold")), author=(against("ban"),))

    assert found.reason == "account_ban"


def test_what_is_not_against_the_item_s_author_says_nothing() -> None:
    gate = a_gate()
    gate.put(ORG, VIDEO, an_item())
    gate.restrict_account(ORG, "ben", (against("ban"),))

    viewer = Viewer(surface="feed", age_band="18_plus", market="DE")
    assert gate.answers(ORG, viewer, [NAME])[0].show == "yes"


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("behind_ms", [STALE_MS, STALE_MS + 1])
def test_an_old_view_answers_hold_on_feed_and_search_alone(surface: str, behind_ms: int) -> None:
    found = answer(an_item(), surface=surface, behind_ms=behind_ms)

    stale = behind_ms > STALE_MS and surface in {"feed", "search"}
    assert (found.show, found.reason) == (("no", "stale") if stale else ("yes", "allow"))


@pytest.mark.parametrize(
    ("item", "behind_ms", "reason"),
    [
        (None, STALE_MS + 1, "unknown"),
        (an_item(deleted=True), STALE_MS + 1, "stale"),
        (an_item(deleted=True, decided=False), 0, "deleted"),
        (an_item(against("remove"), decided=False), 0, "undecided"),
    ],
)
def test_the_first_thing_that_stands_in_the_way_is_named(
    item: GateItem | None, behind_ms: int, reason: str
) -> None:
    assert answer(item, behind_ms=behind_ms).reason == reason


def test_an_id_asked_twice_is_refused_the_second_time_even_if_unknown() -> None:
    gate = a_gate()
    gate.put(ORG, VIDEO, an_item())
    viewer = Viewer(surface="feed", age_band="18_plus", market="DE")

    found = gate.answers(ORG, viewer, [NAME, ("video", "v2"), NAME, ("video", "v2")])

    assert [one.reason for one in found] == ["allow", "unknown", "duplicate", "duplicate"]
    assert [one.host_id for one in found] == ["v1", "v2", "v1", "v2"]


@pytest.mark.parametrize(
    ("views", "cap"),
    [(0, 100), (99, 100), (100, 1_000), (9_999, 10_000), (99_999, 100_000), (100_000, None)],
)
def test_each_stage_ends_at_the_next_threshold_and_the_last_has_no_end(
    views: int, cap: int | None
) -> None:
    gate = a_gate()
    gate.put(ORG, VIDEO, an_item())

    gate.reached(ORG, VIDEO, views)

    viewer = Viewer(surface="feed", age_band="18_plus", market="DE")
    assert gate.answers(ORG, viewer, [NAME])[0].max_views == cap
    assert gate.first_cap("comment", views) is None


def test_reaching_a_threshold_with_nothing_there_makes_nothing() -> None:
    gate = a_gate()

    gate.reached(ORG, VIDEO, 100)

    assert len(gate) == 0


def test_a_view_never_gets_older() -> None:
    gate = a_gate()

    gate.whole_up_to(NOW_MS - 5)

    assert gate.watermark_ms == NOW_MS


KINDS = st.sampled_from([kind.name for kind in RESTRICTION_KINDS] + ["glimbwort"])
RESTRICTIONS = st.lists(
    st.builds(
        Restriction,
        kind=KINDS,
        policy=st.just("P"),
        surfaces=st.none() | st.frozensets(st.sampled_from(SURFACES)),
        markets=st.none() | st.frozensets(st.sampled_from(["DE", "FR"])),
        min_age=st.none() | st.sampled_from([13, 16, 18]),
        until=st.none() | st.sampled_from([NOW_MS - 1, NOW_MS, NOW_MS + 1]),
    ),
    max_size=4,
).map(tuple)


@given(
    restrictions=RESTRICTIONS,
    author=RESTRICTIONS,
    decided=st.booleans(),
    deleted=st.booleans(),
    surface=st.sampled_from(SURFACES),
    behind_ms=st.sampled_from([0, STALE_MS, STALE_MS + 1]),
)
def test_nothing_is_shown_that_is_undecided_deleted_or_removed_for_everybody(
    restrictions: tuple[Restriction, ...],
    author: tuple[Restriction, ...],
    *,
    decided: bool,
    deleted: bool,
    surface: str,
    behind_ms: int,
) -> None:
    item = an_item(*restrictions, decided=decided, deleted=deleted)

    found = answer(item, surface=surface, behind_ms=behind_ms, author=author)

    taken_away = any(
        one.kind in {"remove", "hold", "ban", "suspend"}
        and one.surfaces is None
        and one.markets is None
        and one.min_age is None
        and one.until is None
        for one in (*restrictions, *author)
    )
    if not decided or deleted or taken_away:
        assert found.show == "no"
    assert (found.show == "no") <= (found.max_views is None)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_a_threshold_is_a_stage_s_end_not_its_last_view(threshold: int) -> None:
    assert a_gate().first_cap("video", threshold - 1) == threshold
