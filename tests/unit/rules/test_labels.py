"""Labels: what changes a state, what expires, and that it makes no difference when one looks."""

from typing import Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fieldfare.rules.label_book import NO_LABELS, EntityLabels, LabelBook
from fieldfare.rules.labels import (
    MAX_REASONS,
    Entity,
    LabelChange,
    LabelState,
    LabelStatus,
    settled,
)
from fieldfare.testing.rule_sets import START_MS, an_id

MARLA: Final = Entity("Account", "marla")
HOUR: Final = 3_600_000


def a_change(
    status: LabelStatus = LabelStatus.ADDED,
    *,
    reason: str = "Burst",
    hours: int | None = None,
    at: int = 0,
    label: str = "hasty",
) -> LabelChange:
    """Build a change at an hour after the start; `hours` is how long it holds."""
    ends = None if hours is None else START_MS + (at + hours) * HOUR
    return LabelChange(entity=MARLA, label=label, status=status, reason=reason, expires_at=ends)


def after(*changes: tuple[int, LabelChange]) -> EntityLabels:
    """Apply changes, each at an hour."""
    labels = NO_LABELS
    for hour, change in changes:
        labels = labels.after([change], event_id=an_id(hour * HOUR))
    return labels


def hasty(labels: EntityLabels) -> LabelState:
    return labels.labels["hasty"]


def test_a_label_is_added_and_removed_again_by_rules() -> None:
    labels = after((0, a_change()), (1, a_change(LabelStatus.REMOVED, reason="Calm")))

    state = hasty(labels)
    assert state.status is LabelStatus.REMOVED
    assert [past.status for past in state.previous] == [LabelStatus.ADDED]
    assert state.previous[0].ended_at == START_MS + HOUR


def test_a_label_expires_only_when_all_its_reasons_have() -> None:
    labels = after((0, a_change(hours=1)), (0, a_change(reason="Copies", hours=5)))

    assert hasty(labels).holds(START_MS + 4 * HOUR)
    assert not hasty(labels).holds(START_MS + 5 * HOUR)
    assert hasty(labels).expires_at == START_MS + 5 * HOUR


def test_the_same_reason_again_is_renewed_and_keeps_its_beginning() -> None:
    labels = after((0, a_change(hours=2)), (1, a_change(hours=2, at=1)))

    (reason,) = hasty(labels).reasons
    assert reason.created_at == START_MS
    assert reason.expires_at == START_MS + 3 * HOUR


def test_a_person_counts_for_more_than_rules_until_it_expires() -> None:
    manual = a_change(LabelStatus.MANUALLY_REMOVED, reason="reviewer", hours=2)
    held = after((0, manual), (1, a_change()))
    over = held.after([a_change()], event_id=an_id(3 * HOUR))

    assert hasty(held).status is LabelStatus.MANUALLY_REMOVED
    assert held.dropped[0].change.dropped.startswith("it was manually removed by a person")
    assert hasty(over).status is LabelStatus.ADDED


def test_one_person_can_overrule_another() -> None:
    labels = after(
        (0, a_change(LabelStatus.MANUALLY_ADDED, reason="one")),
        (1, a_change(LabelStatus.MANUALLY_REMOVED, reason="two")),
    )

    assert hasty(labels).status is LabelStatus.MANUALLY_REMOVED


def test_of_contradicting_changes_in_one_event_the_higher_wins_and_the_loser_is_told() -> None:
    add, remove = a_change(), a_change(LabelStatus.REMOVED, reason="Calm")

    kept = {change.reason: change.dropped for change in settled([add, remove])}

    assert kept["Burst"] == ""
    assert kept["Calm"] == "the same event says added, which counts more"


def test_a_change_that_starts_later_waits_for_its_moment() -> None:
    later = msgspec.structs.replace(a_change(), starts_at=START_MS + HOUR)
    labels = NO_LABELS.after([later], event_id=an_id())

    assert labels.as_of(START_MS + HOUR - 1).labels == {}
    assert hasty(labels.as_of(START_MS + HOUR)).reasons[0].created_at == START_MS + HOUR


def test_a_state_keeps_a_bounded_number_of_reasons() -> None:
    changes = [(0, a_change(reason=f"R{n}", hours=n + 1)) for n in range(MAX_REASONS + 5)]

    reasons = hasty(after(*changes)).reasons

    assert len(reasons) == MAX_REASONS
    assert reasons[-1].name == f"R{MAX_REASONS + 4}"


def test_what_would_change_nothing_is_left_out() -> None:
    book = LabelBook()
    book.apply([a_change()], event_id=an_id())

    again, another = a_change(), a_change(reason="Copies")
    assert book.needed([again, another], as_of=an_id(HOUR)) == (another,)


def test_a_dropped_change_is_worth_telling_once() -> None:
    book = LabelBook()
    book.apply([a_change(LabelStatus.MANUALLY_REMOVED)], event_id=an_id())
    assert book.needed([a_change()], as_of=an_id(1))

    book.apply([a_change()], event_id=an_id(2))

    assert book.needed([a_change()], as_of=an_id(3)) == ()


def test_an_event_sees_nothing_of_a_forgotten_entity() -> None:
    book = LabelBook()
    book.apply([a_change()], event_id=an_id())

    book.forget(MARLA)

    assert book.get(MARLA, as_of=an_id(1)) == NO_LABELS


_STATUSES = st.sampled_from(LabelStatus)


@given(st.lists(_STATUSES, min_size=1, max_size=6))
def test_exactly_the_highest_status_of_an_event_is_kept(statuses: list[LabelStatus]) -> None:
    changes = [a_change(status, reason=f"R{n}") for n, status in enumerate(statuses)]

    kept = [change.status for change in settled(changes) if not change.dropped]

    assert set(kept) == {max(statuses)}
    assert len(kept) == statuses.count(max(statuses))


class LookedAtAndNot(RuleBasedStateMachine):
    """Two books hear the same changes; one is brought up to date at every step, one only read."""

    def __init__(self) -> None:
        super().__init__()
        self.hour = 0
        self.book = LabelBook()
        self.eager = NO_LABELS

    @rule(
        status=_STATUSES,
        reason=st.sampled_from("abc"),
        label=st.sampled_from(["hasty", "odd"]),
        hours=st.none() | st.integers(1, 6),
        delay=st.integers(0, 3),
    )
    def change(
        self, *, status: LabelStatus, reason: str, label: str, hours: int | None, delay: int
    ) -> None:
        wanted = a_change(status, reason=reason, hours=hours, at=self.hour, label=label)
        if delay:
            starts_at = START_MS + (self.hour + delay) * HOUR
            wanted = msgspec.structs.replace(wanted, starts_at=starts_at)
        event_id = an_id(self.hour * HOUR)
        before = self.eager.labels.get(label)
        self.book.apply([wanted], event_id=event_id)
        self.eager = self.eager.after([wanted], event_id=event_id)
        state = self.eager.labels.get(label)
        if before and before.status.is_manual and before.holds(START_MS + self.hour * HOUR):
            assert state is not None
            assert state.status.is_manual

    @rule(hours=st.integers(1, 4))
    def time_passes(self, *, hours: int) -> None:
        for _ in range(hours):
            self.hour += 1
            self.eager = self.eager.as_of(START_MS + self.hour * HOUR)

    @invariant()
    def looking_makes_no_difference(self) -> None:
        assert self.book.get(MARLA, as_of=an_id(self.hour * HOUR)) == self.eager

    @invariant()
    def nothing_that_waits_should_have_started(self) -> None:
        now = START_MS + self.hour * HOUR
        assert all(waiting.change.starts_at > now for waiting in self.eager.waiting)


TestLookedAtAndNot = LookedAtAndNot.TestCase
