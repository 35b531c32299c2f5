"""Charts as geometry: numbers flow in, coordinates of an SVG flow out; pages need no script.

Everything is in the units of the drawing's viewBox, and colours come from the style sheet. A chart
of nothing is None: its page says so in words.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SPARK_WIDTH: Final = 100
SPARK_HEIGHT: Final = 24
WIDTH: Final = 760
HEIGHT: Final = 190
LEFT: Final = 44
TOP: Final = 10
BOTTOM: Final = 24
MOST_LABELS: Final = 8
_GAP: Final = 0.22
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
class Tick:
    """A place on an axis, with its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns over time, 760 by 190. base: where they stand."""

    bars: tuple[Bar, ...]
    rows: tuple[Tick, ...]
    days: tuple[Tick, ...]
    base: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


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


def columns(
    series: Sequence[Sequence[float]], labels: Sequence[str], *, height: int = HEIGHT
) -> Columns | None:
    """Stack series of values into columns, one for each label; None where there is nothing."""
    if not labels or not any(any(values) for values in series):
        return None
    totals = [sum(values[at] for values in series) for at in range(len(labels))]
    top = nice(max(totals))
    base, room = height - BOTTOM, height - BOTTOM - TOP
    step = (WIDTH - LEFT - 4) / len(labels)
    bars = []
    for at, label in enumerate(labels):
        foot = float(base)
        for number, values in enumerate(series):
            tall = values[at] / top * room
            foot -= tall
            if values[at]:
                bars.append(
                    Bar(
                        x=_round(LEFT + step * (at + _GAP / 2)),
                        y=_round(foot),
                        width=_round(step * (1 - _GAP)),
                        height=_round(max(tall, 0.75)),
                        label=label,
                        value=values[at],
                        series=number,
                    )
                )
    every = math.ceil(len(labels) / MOST_LABELS)
    return Columns(
        bars=tuple(bars),
        rows=tuple(
            Tick(at=_round(base - share * room), label=_plain(top * share))
            for share in (0, 0.5, 1)
            if share != 0.5 or top > 1  # noqa: PLR2004  # half of one event is none
        ),
        days=tuple(
            Tick(at=_round(LEFT + step * (at + 0.5)), label=label)
            for at, label in enumerate(labels)
            if at % every == 0
        ),
        base=base,
        height=height,
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
