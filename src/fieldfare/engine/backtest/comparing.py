"""Two backtests side by side: the same rows, a number of each, and by how much they differ."""

from collections.abc import Iterable, Mapping

import msgspec

from fieldfare.engine.backtest.aftermath import ALLOW
from fieldfare.engine.backtest.results import BacktestResult, Change
from fieldfare.engine.backtest.weighing import NONE


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a comparison: `a` and `b` of the two, None where one has no such row."""

    name: str
    a: int | None
    b: int | None

    @property
    def more(self) -> int:
        """By how much `b` is more than `a`."""
        return (self.b or 0) - (self.a or 0)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What two backtests say of the same things.

    same_span: whether both looked at the same events; if not, numbers are of unlike things.
    """

    same_span: bool
    rules: tuple[Pair, ...]
    changes: tuple[Pair, ...]
    queues: tuple[Pair, ...]
    totals: tuple[Pair, ...]


def compared(a: BacktestResult, b: BacktestResult) -> Comparison:
    """Lay two results side by side."""
    return Comparison(
        same_span=_is_same(a, b),
        rules=_pairs({h.rule: h.hits for h in a.hits}, {h.rule: h.hits for h in b.hits}),
        changes=_pairs(_cells(a), _cells(b)),
        queues=_pairs(_queues(a), _queues(b)),
        totals=_pairs(_totals(a), _totals(b)),
    )


def _is_same(a: BacktestResult, b: BacktestResult) -> bool:
    """Tell whether both judged the same events: as many of each kind, one span inside the other.

    The ends alone would not do: they move with whatever the log has meanwhile, and with the moment
    at which somebody asked for the last seven days.
    """
    (a_first, a_last), (b_first, b_last) = (
        (int(each.first_id), int(each.last_id)) for each in (a, b)
    )
    inside = (a_first >= b_first and a_last <= b_last) or (b_first >= a_first and b_last <= a_last)
    return inside and a.judged == b.judged


def _pairs(a: Mapping[str, int], b: Mapping[str, int]) -> tuple[Pair, ...]:
    names: Iterable[str] = dict.fromkeys([*a, *b])
    return tuple(Pair(name=name, a=a.get(name), b=b.get(name)) for name in names)


def _cells(result: BacktestResult) -> dict[str, int]:
    return {f"{cell.old} -> {cell.new}": cell.count for cell in result.changes}


def _queues(result: BacktestResult) -> dict[str, int]:
    found: dict[str, int] = {}
    for load in result.review:
        found[load.queue] = found.get(load.queue, 0) + load.new
    return found


def _totals(result: BacktestResult) -> dict[str, int]:
    return {
        "events judged": result.events,
        "decisions that change": sum(c.count for c in result.changes if _is_change(c)),
        "views prevented": result.prevented.views,
        "known good, restricted": result.known.good_restricted,
        "known bad, restricted": result.known.bad_restricted,
        "known bad, missed": result.known.bad_missed,
        "questions to people": sum(load.new for load in result.review),
    }


def _is_change(cell: Change) -> bool:
    """Tell whether a decision changes: an item never decided on that would be let be has none."""
    return cell.old != cell.new and {cell.old, cell.new} != {NONE, ALLOW}
