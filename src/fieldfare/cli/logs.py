"""Logging of our own processes: one line of JSON an event, on standard error."""

import logging
import sys

import structlog
from structlog.typing import EventDict

from fieldfare.kernel import trace_of


def log_plainly() -> None:
    """Log warnings and worse. An error is named by its kind and its place, never by its words."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_where,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        # Standard error as it is when something is logged: one that was closed must stop nobody.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def only_where(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Put where an error arose in its place: its message may hold what a person wrote."""
    told = event.pop("exc_info", None)
    error = told if isinstance(told, BaseException) else sys.exc_info()[1] if told else None
    return event if error is None else {**event, **trace_of(error)}
