"""A backtest laid out: matrices from mild to grave, days without holes, honest shares."""

from typing import Any

from fieldfare.engine.backtest.results import (
    BacktestResult,
    Change,
    Example,
    Known,
    Part,
    Prevented,
    QueueLoad,
    RuleHits,
)
from fieldfare.kernel import make_id, unix_ms
from fieldfare.metrics import DAY_MS, Share
from fieldfare.web.console.backtest_findings import MOST_DAYS, days_of, findings, matrix

ORDER = {"allow": 0, "limit": 20, "hold": 60, "remove": 80}
START_MS = unix_ms("2026-10-30T12:00:00Z")
EXAMPLE = Example(event_id="1", kind="video", host_id="v1")


def a_result(days: int = 3, **more: Any) -> BacktestResult:  # noqa: ANN401
    told: dict[str, Any] = {
        "rule_set": "h",
        "pack": "p",
        "first_id": str(make_id(START_MS)),
        "last_id": str(make_id(START_MS + (days - 1) * DAY_MS)),
        "judged": {"item.posted": 7, "item.scanned": 2},
        "hits": (),
        "changes": (),
        "accounts": (),
        "prevented": Prevented(views=9, by_action={"remove": 9}, by_rule={"R": 9}),
        "known": Known(good_restricted=1, bad_restricted=2, bad_missed=3),
        "markets": (),
        "languages": (),
        "review": (),
        "facts": (),
        "absent": (),
        "errors": {},
    }
    return BacktestResult(**{**told, **more})


def test_a_matrix_goes_from_mild_to_grave_and_says_which_way_things_turn() -> None:
    laid = matrix(
        [
            Change(old="hold", new="allow", count=2, examples=(EXAMPLE,)),
            Change(old="allow", new="remove", count=3),
            Change(old="allow", new="allow", count=90),
            Change(old="none", new="limit", count=1),
            Change(old="hold", new="hold", count=4),
        ],
        ORDER,
    )

    assert laid.new == ("allow", "limit", "hold", "remove")
    assert [row.old for row in laid.rows] == ["none", "allow", "hold"]
    assert [row.total for row in laid.rows] == [1, 93, 6]
    assert (laid.stricter, laid.milder, laid.same) == (4, 2, 94)
    held = laid.rows[2]
    assert [cell.turn for cell in held.cells] == ["milder", "", "same", ""]
    assert held.cells[0].examples == (EXAMPLE,)


def test_every_day_of_the_span_is_there_also_those_without_hits() -> None:
    rule = RuleHits(
        rule="R",
        hits=3,
        days={"2026-10-30": 1, "2026-11-01": 2},
        items=3,
        known_good=1,
        known_bad=3,
    )
    silent = RuleHits(rule="S", hits=0, days={}, items=0, known_good=0, known_bad=0)

    laid = findings(a_result(hits=(silent, rule)), ORDER)

    assert laid.labels == ("30 Oct", "31 Oct", "1 Nov")
    assert laid.by_day == (1, 0, 2)
    (row,) = laid.rules
    assert (row.days, row.judged, row.views) == ((1, 0, 2), Share(3, 4), 9)
    assert laid.silent == ("S",)
    assert laid.events == 9


def test_a_span_of_years_shows_its_last_days() -> None:
    days = days_of(a_result(days=1_000))

    assert len(days) == MOST_DAYS
    assert days[-1] == "2029-07-25"


def test_queues_are_told_as_they_were_and_as_they_would_be() -> None:
    laid = findings(
        a_result(
            review=(
                QueueLoad(queue="adult", day="2026-10-30", old=4, new=1),
                QueueLoad(queue="adult", day="2026-11-01", old=0, new=2),
                QueueLoad(queue="hate", day="2026-10-31", old=9, new=8),
            ),
            markets=(
                Part(name="DE", items=1, restricted=1, changed=0),
                Part(name="FR", items=5, restricted=2, changed=2),
            ),
        ),
        ORDER,
    )

    assert [(row.queue, row.old, row.new) for row in laid.review] == [
        ("hate", 9, 8),
        ("adult", 4, 3),
    ]
    assert laid.review[1].new_days == (1, 0, 2)
    assert [part.name for part in laid.markets] == ["FR", "DE"]


def test_a_backtest_that_found_nothing_is_laid_out_all_the_same() -> None:
    laid = findings(a_result(), ORDER)

    assert laid.rules == ()
    assert laid.by_day == (0, 0, 0)
    assert laid.matrix.rows == ()
    assert laid.accounts is None
