"""Shares: how many of how many. A share of nothing is no number, and never 0."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`; both are shown wherever the value is."""

    hits: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.n:
            raise ValueError(f"{self.hits} of {self.n} is no share")

    @property
    def value(self) -> float | None:
        """In [0, 1]; None of nothing."""
        return self.hits / self.n if self.n else None


def share_of(rows: Iterable[T], holds: Callable[[T], bool]) -> Share:
    """Count the rows of which something holds, among all of them."""
    judged = [holds(row) for row in rows]
    return Share(sum(judged), len(judged))
