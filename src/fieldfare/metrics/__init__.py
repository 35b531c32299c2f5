"""Measures of what the platform does: honest shares with their denominators."""

from fieldfare.metrics.overview import (
    DAY_MS,
    MeasuredUnit,
    Overview,
    PolicyRates,
    QueueState,
    Rates,
    by_policy,
    is_proactive,
    measure,
    overview,
    rates,
)
from fieldfare.metrics.repositories import Measures, RemovedItem
from fieldfare.metrics.shares import Share, share_of

__all__ = [
    "DAY_MS",
    "MeasuredUnit",
    "Measures",
    "Overview",
    "PolicyRates",
    "QueueState",
    "Rates",
    "RemovedItem",
    "Share",
    "by_policy",
    "is_proactive",
    "measure",
    "overview",
    "rates",
    "share_of",
]
