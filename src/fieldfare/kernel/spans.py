"""Spans: where in an item a fact rests."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of an item: half-open [start, end), in `unit`.

    unit: "s" seconds of the media; "char" code points of the text named by `field`.
    """

    start: float
    end: float
    unit: Literal["s", "char"] = "s"
    field: str = ""

    def __post_init__(self) -> None:
        if not self.start <= self.end:
            raise ValueError(f"a span cannot end ({self.end}) before it starts ({self.start})")
