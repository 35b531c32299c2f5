"""The gate's map: what each event does to it, and what it says to whom."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import pytest

from fieldfare.decisions.gate import STALE_MS, Answer, GateItem, MemoryGate, Viewer
from fieldfare.kernel import EventId, JsonValue, Org, SimulatedClock, make_id
from fieldfare.kernel.ids import HISTORY_LANE
from fieldfare.policies import RESTRICTION_KINDS
from fieldfare.records import ACCOUNT, Event, Judgement, Restriction, Subject, Voice

NOW_MS = 1_795_000_000_000
ORG = Org("main")
OTHER = Org("other")
VIDEO = Subject("video", "v1")
ANA = Subject(ACCOUNT, "ana")
HOLD = Restriction(kind="hold", policy="HS.SLUR")
_ids = iter(range(1_000_000))


@pytest.fixture
def gate() -> MemoryGate:
    made = MemoryGate(
        SimulatedClock(NOW_MS), kinds=lambda _org: RESTRICTION_KINDS, staged=frozenset({"video"})
    )
    made.whole_up_to(NOW_MS)
    return made


def event(
    kind: str, subject: Subject = VIDEO, data: Mapping[str, JsonValue] | None = None, org: Org = ORG
) -> Event:
    event_id = EventId(make_id(NOW_MS) + (1 << 16) + next(_ids))
    return Event(org=org, id=event_id, at=NOW_MS, kind=kind, subject=subject, data=data or {})


def posted(
    version: str = "d1",
    *,
    number: int = 1,
    kind: str = "item.posted",
    org: Org = ORG,
    sha256: str = "ab",
    author: str = "ana",
) -> Event:
    media: list[JsonValue] = [{"sha256": sha256, "size": 1}]
    data: dict[str, JsonValue] = {"number": number, "version": version, "actor": author}
    return event(kind, VIDEO, {**data, "media": media}, org)


def decided(
    *restrictions: Restriction, version: str = "d1", subject: Subject = VIDEO, org: Org = ORG
) -> Event:
    action = restrictions[0].kind if restrictions else "allow"
    judgement = Judgement(action=action, policy="", by=Voice.RULE, restrictions=restrictions)
    told: JsonValue = msgspec.to_builtins(judgement)
    return event("decision.made", subject, {"version": version, "judgement": told}, org)


def asked(
    gate: MemoryGate, *, surface: str = "feed", market: str = "DE", age: str = "18_plus"
) -> Answer:
    viewer = Viewer(surface=surface, age_band=age, market=market)
    (answer,) = gate.answers(ORG, viewer, [("video", "v1")])
    return answer


def test_what_nobody_posted_is_not_shown(gate: MemoryGate) -> None:
    assert (asked(gate).show, asked(gate).reason) == ("no", "unknown")


def test_what_is_undecided_is_not_shown_and_its_author_alone_may_see_it(gate: MemoryGate) -> None:
    gate.observe([posted()])

    assert (asked(gate).show, asked(gate).reason) == ("no", "undecided")
    assert asked(gate, surface="profile").reason == "undecided_author_alone"


def test_what_is_allowed_is_shown_up_to_the_first_threshold(gate: MemoryGate) -> None:
    made = decided()
    gate.observe([posted(), made])

    answer = asked(gate)

    assert (answer.show, answer.version, answer.decision_id) == ("yes", 1, made.id)
    assert (answer.media_sha256, answer.max_views) == (("ab",), 100)


def test_a_decision_on_an_older_version_says_nothing_of_the_newer(gate: MemoryGate) -> None:
    gate.observe([posted(), posted("d2", number=2, kind="item.changed"), decided(version="d1")])

    assert asked(gate).reason == "undecided"


def test_a_change_is_undecided_again_and_keeps_the_stage_its_views_opened(gate: MemoryGate) -> None:
    gate.observe([posted(), decided()])
    gate.reached(ORG, VIDEO, 5_000)
    gate.observe([posted("d2", number=2, kind="item.changed")])
    undecided = asked(gate).reason
    gate.observe([decided(version="d2")])

    assert undecided == "undecided"
    assert asked(gate).max_views == 10_000


def test_a_deleted_item_is_not_shown(gate: MemoryGate) -> None:
    gate.observe([posted(), decided(), event("item.deleted")])

    assert (asked(gate).show, asked(gate).reason) == ("no", "deleted")


def test_what_a_deleted_account_made_is_not_shown_until_it_comes_back(gate: MemoryGate) -> None:
    gate.observe([posted(), decided(), event("account.deleted", ANA)])
    gone = asked(gate)
    gate.observe([event("account.created", ANA)])

    assert (gone.show, gone.reason) == ("no", "account_deleted")
    assert asked(gate).show == "yes"


def test_a_restriction_on_the_author_holds_for_what_they_made(gate: MemoryGate) -> None:
    ban = Restriction(kind="ban", policy="IN.SPAM")
    gate.observe([posted(), decided(), decided(ban, subject=ANA, version="")])

    assert (asked(gate).show, asked(gate).reason) == ("no", "account_ban")


def test_an_erased_person_s_items_are_unknown(gate: MemoryGate) -> None:
    gate.observe([posted(), decided()])

    gate.forget(ORG, "ana")

    assert asked(gate).reason == "unknown"


def test_an_organisation_sees_nothing_of_another(gate: MemoryGate) -> None:
    gate.observe([posted(org=OTHER), decided(org=OTHER)])
    assert asked(gate).reason == "unknown"

    gate.observe([posted(), decided()])
    gate.observe([event("item.deleted", org=OTHER), event("account.deleted", ANA, org=OTHER)])
    gate.forget(OTHER, "ana")

    assert asked(gate).show == "yes"


def test_an_old_view_of_the_log_shows_nothing_where_it_would_spread(gate: MemoryGate) -> None:
    clock = SimulatedClock(NOW_MS)
    gate = MemoryGate(clock, kinds=lambda _org: RESTRICTION_KINDS)
    gate.whole_up_to(NOW_MS)
    gate.observe([posted(), decided()])
    clock.advance(STALE_MS)
    fresh = asked(gate).show
    clock.advance(1)

    assert fresh == "yes"
    assert [asked(gate, surface=name).reason for name in ("feed", "search")] == ["stale", "stale"]
    assert asked(gate, surface="direct").show == "yes"


def test_an_id_asked_twice_is_answered_once(gate: MemoryGate) -> None:
    gate.observe([posted(), decided()])
    viewer = Viewer(surface="feed", age_band="18_plus", market="DE")

    answers = gate.answers(ORG, viewer, [("video", "v1"), ("video", "v1")])

    assert [answer.reason for answer in answers] == ["allow", "duplicate"]


@pytest.mark.parametrize(
    ("market", "show"), [("DE", "no"), ("de", "no"), ("ZZ", "no"), ("zz", "no"), ("FR", "yes")]
)
def test_a_market_counts_however_it_is_written_and_an_unknown_one_as_the_stricter(
    gate: MemoryGate, market: str, show: str
) -> None:
    blocked = Restriction(kind="geo_block", policy="HS.SLUR", markets=frozenset({"DE"}))
    gate.observe([posted(), decided(blocked)])

    assert asked(gate, market=market).show == show


def test_media_fetched_after_the_post_are_named_once_they_are_scanned(gate: MemoryGate) -> None:
    by_url = posted()
    gate.observe([event("item.posted", VIDEO, {**(by_url.data or {}), "media": []})])
    stale: JsonValue = [{"sha256": "old"}]
    fresh: JsonValue = [{"sha256": "cd"}]

    gate.observe([event("item.scanned", VIDEO, {"version": "d0", "media": stale})])
    gate.observe([event("item.scanned", VIDEO, {"version": "d1", "media": fresh}), decided()])

    assert asked(gate).media_sha256 == ("cd",)


def test_events_of_history_say_nothing(gate: MemoryGate) -> None:
    past = posted()
    gate.observe([event("item.posted", VIDEO, past.data)])
    made = decided()
    history = Event(
        org=ORG,
        id=make_id(NOW_MS, lane=HISTORY_LANE),
        at=NOW_MS,
        kind=made.kind,
        subject=VIDEO,
        data=made.data,
    )

    gate.observe([history])

    assert asked(gate).reason == "undecided"


meanwhile: list[Callable[[], None]] = []


@dataclass(frozen=True, slots=True)
class Interrupted(GateItem):
    """An item during whose change something else arrives on another thread."""

    def __post_init__(self) -> None:
        if meanwhile:
            arriving = threading.Thread(target=meanwhile.pop())
            arriving.start()
            # It may have to wait for its turn, and then it comes after this change.
            arriving.join(0.2)


def test_a_stage_opened_while_a_hold_arrives_never_loses_the_hold(gate: MemoryGate) -> None:
    # The writer feeds decisions, the evaluator opens stages: both change the same item.
    gate.put(ORG, VIDEO, Interrupted(number=1, version="d1", author="ana", media=()))
    gate.observe([decided()])
    came = threading.Event()

    def hold_arrives() -> None:
        gate.observe([decided(HOLD)])
        came.set()

    meanwhile.append(hold_arrives)
    gate.reached(ORG, VIDEO, 5_000)

    assert came.wait(10)
    assert (asked(gate).show, asked(gate).reason) == ("no", "hold")


def test_an_edit_keeps_what_is_against_it_only_where_every_policy_says_so(gate: MemoryGate) -> None:
    mild = Restriction(kind="limit", policy="HB.LOW")
    lenient = MemoryGate(
        SimulatedClock(NOW_MS),
        kinds=lambda _org: RESTRICTION_KINDS,
        keeps=lambda _org, policy: policy == "HB.LOW",
    )
    lenient.whole_up_to(NOW_MS)
    edited = posted("d2", number=2, kind="item.changed")

    lenient.observe([posted(), decided(mild), edited])
    assert (asked(lenient).reason, asked(lenient, surface="profile").show) == ("limit", "yes")
    assert asked(lenient).decision_id is None

    lenient.observe(
        [decided(mild, HOLD, version="d2"), posted("d3", number=3, kind="item.changed")]
    )
    assert asked(lenient).reason == "undecided"

    gate.observe([posted(), decided(mild), edited])
    assert asked(gate).reason == "undecided"


def test_an_edit_of_what_was_allowed_is_shown_to_nobody_until_it_is_decided() -> None:
    lenient = MemoryGate(
        SimulatedClock(NOW_MS), kinds=lambda _org: RESTRICTION_KINDS, keeps=lambda _o, _p: True
    )
    lenient.whole_up_to(NOW_MS)

    lenient.observe([posted(), decided(), posted("d2", number=2, kind="item.changed")])

    assert asked(lenient).reason == "undecided"


@pytest.mark.parametrize(("sha256", "author"), [("cd", "ana"), ("ab", "ben")])
def test_nothing_is_kept_over_an_edit_that_brings_other_media_or_another_author(
    sha256: str, author: str
) -> None:
    lenient = MemoryGate(
        SimulatedClock(NOW_MS), kinds=lambda _org: RESTRICTION_KINDS, keeps=lambda _o, _p: True
    )
    lenient.whole_up_to(NOW_MS)
    mild = Restriction(kind="limit", policy="HB.LOW")

    edited = posted("d2", number=2, kind="item.changed", sha256=sha256, author=author)
    lenient.observe([posted(), decided(mild), edited])

    assert asked(lenient, surface="profile").show == "no"


def test_an_event_the_gate_cannot_read_hides_its_subject_and_no_event_behind_it(
    gate: MemoryGate,
) -> None:
    other = Subject("video", "v2")
    gate.put(ORG, other, GateItem(number=1, version="d1", author="ben", media=()))
    gate.observe([posted(), decided()])
    unreadable = event("decision.made", VIDEO, {"version": "d1"})

    gate.observe([unreadable, decided(subject=other)])

    assert asked(gate).reason == "unknown"
    (seen,) = gate.answers(
        ORG, Viewer(surface="feed", age_band="18_plus", market="DE"), [("video", "v2")]
    )
    assert seen.show == "yes"
    assert gate.failures == 1


def test_an_account_the_gate_lost_track_of_is_not_shown(gate: MemoryGate) -> None:
    gate.observe([posted(), decided()])

    gate.observe([event("decision.made", ANA, {"version": ""})])

    assert asked(gate).reason == "account_deleted"
