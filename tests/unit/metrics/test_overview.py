"""The measures of the overview, on removals made up by hand and at random."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import EventId
from fieldfare.metrics import DAY_MS, RemovedItem, Share, by_policy, is_proactive, measure, rates


def a_removal(
    *,
    policies: tuple[str, ...] = ("AD.NUDE",),
    posted_at: int = 0,
    removed_at: int = 1_000,
    views: int = 0,
    reported_at: int | None = None,
    automated: bool = True,
    restored: bool = False,
) -> RemovedItem:
    return RemovedItem(
        kind="video",
        host_id="v1",
        policy=policies[0],
        policies=policies,
        decision_id=EventId(1),
        posted_at=posted_at,
        removed_at=removed_at,
        views_at_removal=views,
        reported_at=reported_at,
        automated=automated,
        restored=restored,
    )


removals = st.builds(
    a_removal,
    policies=st.sets(st.sampled_from(["AD.NUDE", "IN.SPAM", "VG.GORE"]), min_size=1).map(tuple),
    removed_at=st.integers(0, 3 * DAY_MS),
    views=st.integers(0, 3),
    reported_at=st.none() | st.integers(0, 3 * DAY_MS),
    automated=st.booleans(),
    restored=st.booleans(),
)


def test_a_share_of_nothing_is_no_number() -> None:
    assert rates([]).proactive == Share(0, 0)
    assert Share(0, 0).value is None


def test_more_hits_than_there_are_is_no_share() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        Share(3, 2)


def test_removal_at_the_moment_of_the_report_is_not_proactive() -> None:
    assert not is_proactive(a_removal(removed_at=5, reported_at=5))
    assert is_proactive(a_removal(removed_at=4, reported_at=5))
    assert is_proactive(a_removal(reported_at=None))


def test_a_whole_day_after_posting_still_counts_as_within_it() -> None:
    on_time = a_removal(posted_at=7, removed_at=7 + DAY_MS)

    late = replace(on_time, removed_at=on_time.removed_at + 1)

    assert rates([on_time, late]).within_24h == Share(1, 2)
    assert rates([on_time, late]).viewed_within_24h == Share(0, 2)
    assert rates([replace(on_time, views_at_removal=1)]).viewed_within_24h == Share(1, 1)


def test_each_measure_counts_what_its_name_says() -> None:
    measured = rates(
        [
            a_removal(views=0, automated=True),
            a_removal(views=1, automated=False, restored=True),
            a_removal(views=9, automated=False, reported_at=0),
        ]
    )

    assert measured.removed == 3
    assert measured.before_any_view == Share(1, 3)
    assert measured.automated == Share(1, 3)
    assert measured.restored == Share(1, 3)
    assert measured.proactive == Share(2, 3)


def test_an_item_under_two_policies_counts_under_both_and_first_under_one() -> None:
    rows = by_policy([a_removal(policies=("AD.NUDE", "IN.SPAM")), a_removal(policies=("IN.SPAM",))])

    assert [(row.policy, row.every.removed, row.primary.removed) for row in rows] == [
        ("IN.SPAM", 2, 1),
        ("AD.NUDE", 1, 1),
    ]


@given(st.lists(removals))
def test_the_primary_counts_of_all_policies_make_up_the_whole(items: list[RemovedItem]) -> None:
    rows = by_policy(items)

    assert sum(row.primary.removed for row in rows) == len(items)
    assert all(row.primary.removed <= row.every.removed for row in rows)


def test_open_cases_are_summed_and_the_oldest_queue_stands_first() -> None:
    found = measure(
        [],
        from_ms=0,
        to_ms=1,
        posted={},
        actions={},
        depths={"a": (2, 5), "b": (1, 9), "empty": (0, 0)},
    )

    assert found.open_cases == 3
    assert found.oldest_case_ms == 9
    assert [queue.queue for queue in found.queues] == ["b", "a", "empty"]
    assert found.removal_share is None


def test_the_removal_share_stands_on_what_was_posted() -> None:
    found = measure(
        [a_removal()], from_ms=0, to_ms=1, posted={"video": 3, "comment": 1}, actions={}, depths={}
    )

    assert found.removal_share == 0.25
    assert found.oldest_case_ms is None
