"""Traces for the log: an error flows in, and where it arose flows out, without a word of it."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FRAMES_AT_MOST: Final = 12


def trace_of(error: BaseException) -> dict[str, str | list[str]]:
    """Say where an error arose, the errors behind it included, the innermost first.

    Its message and locals stay out: they may hold what a person wrote, or a key.
    """
    behind = list(_chain(error))[::-1]
    return {
        "error": " > ".join(type(each).__name__ for each in behind),
        "trace": [place for each in behind for place in _places(each)],
    }


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    last: BaseException | None = error
    while last is not None and id(last) not in seen:
        seen.add(id(last))
        yield last
        last = last.__cause__ or (None if last.__suppress_context__ else last.__context__)


def _places(error: BaseException) -> list[str]:
    frames = list(traceback.walk_tb(error.__traceback__))[-FRAMES_AT_MOST:]
    return [
        f"{Path(frame.f_code.co_filename).stem}:{line} {frame.f_code.co_name}"
        for frame, line in frames
    ]
