"""Charts as geometry: numbers flow in, coordinates of an SVG flow out; pages need no script.

Everything is in the units of the drawing's viewBox, which a page stretches to the room it has;
labels are texts of the page beside it, so that they keep their size. Colours come from the style
sheet. A chart of nothing is None: its page says so in words.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SPARK_WIDTH: Final = 100
SPARK_HEIGHT: Final = 24
WIDTH: Final = 1000
HEIGHT: Final = 100
MOST_LABELS: Final = 8
_GAP: Final = 0.22
_WIDEST: Final = 60
_LEAST: Final = 0.75
"""What is there is seen, however little it is beside the most."""
_STEPS: Final = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """A line and the area under it, 100 by 24; `d` attributes of paths."""

    line: str
    area: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A column of a chart. label: what it stands for; value: how much; series: from 0."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: float
    series: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns over time, 1000 by 100, standing on the lower edge.

    rows: labels of the upper edge, the middle ("" where half of the most is no whole number) and
    the lower edge. labels: one below each column, "" where there is no room for all.
    """

    bars: tuple[Bar, ...]
    rows: tuple[str, str, str]
    labels: tuple[str, ...]


def spark(values: Sequence[float]) -> Spark | None:
    """Draw a small line of values, the first at the left; None for less than two of them."""
    if len(values) < 2:  # noqa: PLR2004  # one point is no line
        return None
    most = max(*values, 0) or 1
    step = SPARK_WIDTH / (len(values) - 1)
    room = SPARK_HEIGHT - 3
    points = [
        f"{_short(index * step)} {_short(SPARK_HEIGHT - 1.5 - value / most * room)}"
        for index, value in enumerate(values)
    ]
    line = f"M{'L'.join(points)}"
    return Spark(line=line, area=f"{line}L{SPARK_WIDTH} {SPARK_HEIGHT}L0 {SPARK_HEIGHT}Z")


def columns(series: Sequence[Sequence[float]], labels: Sequence[str]) -> Columns | None:
    """Stack series of values into columns, one for each label; None where there is nothing."""
    if not labels or not any(any(values) for values in series):
        return None
    top = nice(max(sum(values[at] for values in series) for at in range(len(labels))))
    step = WIDTH / len(labels)
    wide = min(step * (1 - _GAP), _WIDEST)
    bars = []
    for at, label in enumerate(labels):
        foot = float(HEIGHT)
        for number, values in enumerate(series):
            tall = values[at] / top * HEIGHT
            foot -= tall
            if values[at]:
                bars.append(
                    Bar(
                        x=_round(step * (at + 0.5) - wide / 2),
                        y=_round(min(foot, HEIGHT - _LEAST)),
                        width=_round(wide),
                        height=_round(max(tall, _LEAST)),
                        label=label,
                        value=values[at],
                        series=number,
                    )
                )
    every = math.ceil(len(labels) / MOST_LABELS)
    return Columns(
        bars=tuple(bars),
        rows=(_plain(top), "" if top % 2 else _plain(top / 2), "0"),
        labels=tuple(label if at % every == 0 else "" for at, label in enumerate(labels)),
    )


def nice(most: float) -> float:
    """Give the smallest of 1, 2, 5, 10, 20, ... that holds a value; for the top of an axis."""
    if most <= 1:
        return 1
    size = math.pow(10, math.floor(math.log10(most)))
    return next(step * size for step in _STEPS if step * size >= most)


def _plain(value: float) -> str:
    if value % 1:
        return f"{value:g}"
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _round(value: float) -> float:
    return round(value, 2)


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
