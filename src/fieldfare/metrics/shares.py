"""Shares: how many of how many. A share of nothing is no number, and never 0."""

import math
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

    @property
    def interval(self) -> tuple[float, float]:
        """Where the share of all such cases lies with 95 %: Wilson's score interval.

        (0, 1) of nothing. Source: Wilson 1927, JASA 22(158).
        """
        return wilson(self.hits, self.n)


def wilson(hits: int, n: int, *, z: float = 1.959964) -> tuple[float, float]:
    """Give the score interval of a proportion; z: of the normal distribution, 1.96 for 95 %."""
    if not n:
        return 0.0, 1.0
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def share_of(rows: Iterable[T], holds: Callable[[T], bool]) -> Share:
    """Count the rows of which something holds, among all of them."""
    judged = [holds(row) for row in rows]
    return Share(sum(judged), len(judged))
