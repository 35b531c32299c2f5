"""Unknown: a value that could not be had, with the reason why. It is never 0.0 and never False."""

from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands where a value would, when it could not be had.

    why: a short reason for a person, e.g. "decoder ran out of memory".
    Its truth is not defined: `if fact.value` on an Unknown raises TypeError instead of passing for
    no.
    """

    why: str

    def __bool__(self) -> NoReturn:
        raise TypeError(f"an Unknown is neither true nor false ({self.why})")
