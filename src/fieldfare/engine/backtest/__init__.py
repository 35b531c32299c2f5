"""Backtests: a candidate rule set over the lake's history, as it would have run live.

In flow the candidate's files and a span of the log; out flows what it would have done: hits,
decisions that change, views prevented, load, and where people already know better. The function and
the state are those of live (`rules.Running`); slices of time run on all cores, each after counting
what its windows still hold, so that a cut changes nothing.
"""

from fieldfare.engine.backtest.judging import backtest
from fieldfare.engine.backtest.plan import ListsSince, Plan
from fieldfare.engine.backtest.results import BacktestResult

__all__ = ["BacktestResult", "ListsSince", "Plan", "backtest"]
