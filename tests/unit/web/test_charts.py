"""Charts as geometry: everything stays inside the drawing and in proportion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.web.console.charts import HEIGHT, WIDTH, columns, nice, spark

VALUES = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)


def test_a_line_begins_at_the_left_and_its_highest_point_is_the_most() -> None:
    drawn = spark([0, 5, 10])

    assert drawn is not None
    assert drawn.line == "M0 22.5L50 12L100 1.5"
    assert drawn.area.endswith("L100 24L0 24Z")


def test_one_value_makes_no_line() -> None:
    assert spark([3]) is None
    assert spark([]) is None


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_columns_stay_inside_and_their_heights_are_in_proportion(series: list[list[int]]) -> None:
    length = min(map(len, series))
    series = [values[:length] for values in series]
    chart = columns(series, [str(at) for at in range(length)])

    if not any(map(any, series)):
        assert chart is None
        return
    assert chart is not None
    for bar in chart.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH
        assert -1 <= bar.y <= bar.y + bar.height <= HEIGHT + 0.01
    tallest = max(chart.bars, key=lambda bar: bar.value)
    assert tallest.height == max(bar.height for bar in chart.bars)
    assert sum(label != "" for label in chart.labels) <= 8
    assert len(chart.labels) == length
    assert sum(bar.value for bar in chart.bars) == sum(map(sum, series))


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (1.2, 2), (3, 5), (7, 10), (10, 10), (11, 20), (4_100, 5_000)]
)
def test_an_axis_ends_on_a_round_number(most: float, top: float) -> None:
    assert nice(most) == top


def test_half_an_event_is_no_mark_on_an_axis() -> None:
    chart = columns([[1]], ["1 Mar"])

    assert chart is not None
    assert chart.rows == ("1", "", "0")
