"""Two results side by side: what they count, and when that is of the same events."""

import msgspec
import pytest

from fieldfare.engine.backtest.comparing import compared
from fieldfare.engine.backtest.results import BacktestResult, Change, Known, Prevented


def a_result(first: int, last: int, posted: int) -> BacktestResult:
    return BacktestResult(
        rule_set="h",
        pack="p",
        first_id=str(first),
        last_id=str(last),
        judged={"item.posted": posted},
        hits=(),
        changes=(),
        accounts=(),
        prevented=Prevented(views=0, by_action={}, by_rule={}),
        known=Known(good_restricted=0, bad_restricted=0, bad_missed=0),
        markets=(),
        languages=(),
        review=(),
        facts=(),
        absent=(),
        errors={},
    )


@pytest.mark.parametrize("other", [a_result(10, 90, 5), a_result(20, 80, 5), a_result(5, 99, 5)])
def test_as_many_events_in_one_span_inside_the_other_are_the_same(other: BacktestResult) -> None:
    one = a_result(10, 90, 5)

    assert compared(one, other).same_span
    assert compared(other, one).same_span


@pytest.mark.parametrize("other", [a_result(10, 90, 4), a_result(20, 95, 5), a_result(100, 190, 5)])
def test_fewer_events_or_as_many_by_chance_are_others(other: BacktestResult) -> None:
    one = a_result(10, 90, 5)

    assert not compared(one, other).same_span
    assert not compared(other, one).same_span


def test_what_was_never_decided_and_would_be_let_be_is_no_decision_that_changes() -> None:
    cells = {
        ("none", "allow"): 100,
        ("none", "hold"): 4,
        ("allow", "allow"): 50,
        ("hold", "allow"): 3,
    }
    changes = tuple(Change(old=old, new=new, count=count) for (old, new), count in cells.items())
    one = msgspec.structs.replace(a_result(10, 90, 5), changes=changes)

    totals = {pair.name: pair.a for pair in compared(one, one).totals}

    assert totals["decisions that change"] == 7
