"""The life of versions: single steps, and any sequence of them."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fieldfare.kernel import (
    EPOCH_MS,
    BadInput,
    Conflict,
    EventId,
    FieldfareError,
    NotFound,
    NotPermitted,
    make_id,
)
from fieldfare.rules.lifecycle import (
    FOLLOWS,
    MOST_SHADOWS,
    SHARES,
    Move,
    MovedMeanwhile,
    Step,
    VersionState,
    Wanted,
    going_live,
    in_state,
    lived,
    ran_ms,
    standings,
    steps,
    taking_back,
)

S = VersionState
PATH = (S.DRAFT, S.REVIEW, S.SHADOW, S.ROLLOUT, S.LIVE)
VERSIONS = tuple(f"version-{n}" for n in range(6))
PEOPLE = ("ira", "ola", "uwe")


def moves_to(state: VersionState, version: str = "a", *, start: int = 1) -> list[Move]:
    """Walk a version of ira's to a state, approved by ola."""
    path = PATH[: PATH.index(state) + 1]
    return [
        Move(
            event_id=EventId(start + n),
            hash=version,
            before=path[n - 1] if n else None,
            to=to,
            share=10 if to is S.ROLLOUT else 0,
            by="ola" if to in {S.SHADOW, S.ROLLOUT, S.LIVE} else "ira",
        )
        for n, to in enumerate(path)
    ]


def asked(
    moves: Sequence[Move],
    to: VersionState,
    *,
    by: str = "ola",
    version: str = "a",
    share: int = 0,
    etag: str | None = None,
) -> tuple[Step, ...]:
    wanted = Wanted(hash=version, to=to, by=by, author="ira", share=share, etag=etag)
    return steps(standings(moves), wanted)


@pytest.mark.parametrize(("before", "to"), list(pairwise(PATH)), ids=str)
def test_a_version_goes_step_by_step_to_live(before: VersionState, to: VersionState) -> None:
    (step,) = asked(moves_to(before), to, share=1 if to is S.ROLLOUT else 0)

    assert (step.before, step.to) == (before, to)


def test_the_author_cannot_approve_their_own_version() -> None:
    with pytest.raises(NotPermitted, match="Somebody else"):
        asked(moves_to(S.REVIEW), S.SHADOW, by="ira")


def test_who_asked_for_the_review_cannot_approve_it_either() -> None:
    moves = [
        *moves_to(S.DRAFT),
        Move(event_id=EventId(9), hash="a", before=S.DRAFT, to=S.REVIEW, by="ola"),
    ]

    with pytest.raises(NotPermitted):
        asked(moves, S.SHADOW, by="ola")
    assert asked(moves, S.SHADOW, by="uwe")


def test_all_of_the_traffic_is_live() -> None:
    (step,) = asked(moves_to(S.ROLLOUT), S.ROLLOUT, share=100)

    assert (step.to, step.share) == (S.LIVE, 0)


@pytest.mark.parametrize("share", [0, 2, -1, 101])
def test_a_share_that_no_rollout_has_is_refused(share: int) -> None:
    with pytest.raises(BadInput, match="1, 10 or 50 %"):
        asked(moves_to(S.SHADOW), S.ROLLOUT, share=share)


def test_a_share_of_anything_but_a_rollout_is_refused() -> None:
    with pytest.raises(BadInput, match="only a rollout"):
        asked(moves_to(S.REVIEW), S.SHADOW, share=10)


def test_the_same_share_again_is_no_move() -> None:
    with pytest.raises(Conflict, match="already"):
        asked(moves_to(S.ROLLOUT), S.ROLLOUT, share=10)


def test_review_cannot_be_skipped() -> None:
    with pytest.raises(Conflict, match="draft, shadow, withdrawn"):
        asked(moves_to(S.REVIEW), S.LIVE)


def test_a_second_rollout_waits_for_the_first() -> None:
    moves = [*moves_to(S.ROLLOUT, "a"), *moves_to(S.SHADOW, "b", start=20)]

    with pytest.raises(Conflict, match="rolled out to 10 %"):
        asked(moves, S.ROLLOUT, version="b", share=1)


def test_a_fourth_shadow_is_refused() -> None:
    moves = [m for n in range(3) for m in moves_to(S.SHADOW, f"v{n}", start=10 * n + 1)]
    moves += moves_to(S.REVIEW, "b", start=90)

    with pytest.raises(Conflict, match="3 versions run in the shadow"):
        asked(moves, S.SHADOW, version="b")


def test_going_live_retires_what_was_live() -> None:
    moves = [*moves_to(S.LIVE, "a"), *moves_to(S.ROLLOUT, "b", start=20)]

    live, retired = asked(moves, S.LIVE, version="b")

    assert (live.hash, live.to) == ("b", S.LIVE)
    assert (retired.hash, retired.before, retired.to) == ("a", S.LIVE, S.RETIRED)


def test_nothing_goes_live_past_a_version_that_decides_for_some() -> None:
    moves = [*moves_to(S.ROLLOUT, "b"), *moves_to(S.SHADOW, "c", start=20)]
    with pytest.raises(Conflict, match="rolled out to 10 %"):
        asked(moves, S.LIVE, version="c")
    assert asked(moves, S.LIVE, version="b")[0].to is S.LIVE


def test_who_saw_another_standing_moves_nothing() -> None:
    moves = moves_to(S.SHADOW)
    seen = standings(moves[:-1])["a"].etag

    with pytest.raises(MovedMeanwhile, match="shadow now"):
        asked(moves, S.LIVE, etag=seen)
    assert asked(moves, S.LIVE, etag=standings(moves)["a"].etag)


def test_an_unknown_version_is_not_found() -> None:
    with pytest.raises(NotFound):
        asked(moves_to(S.DRAFT), S.REVIEW, version="zzz")


def moved_at(at_ms: int, to: VersionState, version: str = "a") -> Move:
    return Move(event_id=make_id(EPOCH_MS + at_ms), hash=version, before=None, to=to, by="ola")


RAN = (
    moved_at(100, S.DRAFT),
    moved_at(200, S.SHADOW),
    moved_at(250, S.SHADOW, "b"),
    moved_at(300, S.DRAFT),
    moved_at(500, S.SHADOW),
    moved_at(600, S.ROLLOUT),
    moved_at(700, S.LIVE),
)


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "ran"),
    [
        (0, 1_000, 600),
        (0, 150, 0),
        (250, 550, 100),
        (300, 400, 0),
        (800, 900, 100),
        (0, 650, 250),
    ],
)
def test_a_version_ran_from_its_shadow_on_until_it_was_taken_out(
    from_ms: int, to_ms: int, ran: int
) -> None:
    span = {"from_ms": EPOCH_MS + from_ms, "to_ms": EPOCH_MS + to_ms}

    assert ran_ms(RAN, "a", **span) == ran
    assert ran_ms(RAN, "nobody", **span) == 0


def live_moves(*versions: str) -> list[Move]:
    """Put versions live one after the other; `<a` goes back to a."""
    return [
        Move(
            event_id=EventId(n),
            hash=version.removeprefix("<"),
            before=None,
            to=S.LIVE,
            by="ola",
            back=version.startswith("<"),
        )
        for n, version in enumerate(versions)
    ]


@pytest.mark.parametrize(
    ("went", "past"),
    [
        ("a", "a"),
        ("a b c", "a b c"),
        ("a b c <b", "a b"),
        ("a b c <b <a", "a"),
        ("a b <a c", "a c"),
        ("a b a", "a b a"),
        ("a b a <b", "a b"),
        ("a b <a b", "a b"),
    ],
)
def test_a_second_rollback_goes_further_back_and_never_forward(went: str, past: str) -> None:
    assert lived(live_moves(*went.split())) == past.split()


def test_what_goes_live_at_once_takes_the_rollout_of_another_back() -> None:
    moves = [*moves_to(S.LIVE, "a"), *moves_to(S.ROLLOUT, "b", start=20)]

    taken = going_live(standings(moves), "c", override=True)

    assert [(step.hash, step.to) for step in taken] == [
        ("c", S.LIVE),
        ("a", S.RETIRED),
        ("b", S.SHADOW),
    ]


def test_a_rollout_that_goes_live_at_once_is_not_taken_back() -> None:
    taken = going_live(standings(moves_to(S.ROLLOUT, "b")), "b", override=True)

    assert [(step.hash, step.to) for step in taken] == [("b", S.LIVE)]


@pytest.mark.parametrize(
    ("live_again", "to"), [("shadow-0", S.SHADOW), ("c", S.WITHDRAWN)], ids=str
)
def test_a_rollout_that_is_taken_back_finds_no_seat_but_what_goes_live_leaves_one(
    live_again: str, to: VersionState
) -> None:
    moves = [m for n in range(3) for m in moves_to(S.SHADOW, f"shadow-{n}", start=10 * n + 1)]
    moves += moves_to(S.ROLLOUT, "b", start=90)

    taken = going_live(standings(moves), live_again, back=True)

    assert [(step.hash, step.to) for step in taken[1:]] == [("b", to)]


class Life(RuleBasedStateMachine):
    """Anybody asks for anything; what is granted leaves the house in order."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[Move] = []
        self.authors: dict[str, str] = {}
        self.granted: list[tuple[Step, str]] = []

    def write(self, taken: Sequence[Step], by: str) -> None:
        for step in taken:
            self.moves.append(
                Move(
                    event_id=EventId(len(self.moves) + 1),
                    hash=step.hash,
                    before=step.before,
                    to=step.to,
                    share=step.share,
                    by=by,
                    back=step.back,
                )
            )
            self.granted.append((step, by))

    @rule(version=st.sampled_from(VERSIONS), by=st.sampled_from(PEOPLE))
    def propose(self, version: str, by: str) -> None:
        if version not in self.authors:
            self.authors[version] = by
            self.write([Step(hash=version, before=None, to=S.DRAFT)], by)

    @rule(
        version=st.sampled_from(VERSIONS),
        to=st.sampled_from(sorted(S)),
        by=st.sampled_from(PEOPLE),
        share=st.sampled_from([0, 0, 1, 10, 50, 100]),
    )
    def ask(self, version: str, to: VersionState, by: str, share: int) -> None:
        known = standings(self.moves)
        author = self.authors.get(version, "")
        wanted = Wanted(hash=version, to=to, by=by, author=author, share=share)
        try:
            taken = steps(known, wanted)
        except FieldfareError:
            return
        assert taken[0].to in FOLLOWS[known[version].state]
        self.write(taken, by)

    @rule(version=st.sampled_from(VERSIONS), by=st.sampled_from(PEOPLE))
    def override(self, version: str, by: str) -> None:
        known = standings(self.moves)
        if version in known and known[version].state is not S.LIVE:
            self.write(going_live(known, version, override=True), by)
            self.only_what_is_live_decides(version)

    @rule(by=st.sampled_from(PEOPLE))
    def roll_back(self, by: str) -> None:
        past = lived(self.moves)
        before = [version for version in past if version != past[-1]]
        known = standings(self.moves)
        if before:
            self.write(going_live(known, before[-1], back=True), by)
            self.only_what_is_live_decides(before[-1])
        elif past:
            self.write(taking_back(known), by)
            self.only_what_is_live_decides(past[-1])

    def only_what_is_live_decides(self, version: str) -> None:
        known = standings(self.moves)
        assert [s.hash for s in in_state(known, S.LIVE)] == [version]
        assert in_state(known, S.ROLLOUT) == []

    @invariant()
    def at_most_one_is_live_one_is_rolled_out_and_three_are_shadows(self) -> None:
        known = standings(self.moves)

        assert len(in_state(known, S.LIVE)) <= 1
        assert len(in_state(known, S.ROLLOUT)) <= 1
        assert len(in_state(known, S.SHADOW)) <= MOST_SHADOWS
        assert all(s.share in SHARES for s in in_state(known, S.ROLLOUT))
        assert all(s.share == 0 for s in known.values() if s.state is not S.ROLLOUT)

    @invariant()
    def nobody_approves_what_they_wrote(self) -> None:
        approvals = [
            (step.hash, by)
            for step, by in self.granted
            if (step.before, step.to) == (S.REVIEW, S.SHADOW)
        ]

        assert all(self.authors[version] != by for version, by in approvals)

    @invariant()
    def each_move_starts_where_the_one_before_it_ended(self) -> None:
        state: dict[str, VersionState] = {}
        for move in self.moves:
            assert move.before == state.get(move.hash)
            state[move.hash] = move.to


TestLife = Life.TestCase
