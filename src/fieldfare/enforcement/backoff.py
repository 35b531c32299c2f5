"""When to try again: the delay after a failed delivery, and the circuit of a webhook that is down.

An attempt's number or outcome flows in, a moment flows out. Full jitter spreads the tries of many
rows ("Exponential Backoff and Jitter", M. Brooker, AWS Architecture Blog 2015); the circuit keeps
an outage of the receiver from using up the attempts of every waiting row.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Final

SECOND_MS: Final = 1000
HOUR_MS: Final = 3600 * SECOND_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Delays between attempts: uniform in [0, min(longest, first * 2**n)], then dead.

    With the defaults the last of 24 attempts comes 6 hours after the first on average and 12 at
    most; an outage may last longer, since the circuit holds back the rows meanwhile.
    """

    first_ms: int = SECOND_MS
    longest_ms: int = HOUR_MS
    attempts: int = 24

    def bound_ms(self, attempts: int) -> int:
        """Tell the longest delay after `attempts` (>= 1) failed attempts."""
        doublings = min(attempts - 1, self.longest_ms.bit_length())
        return min(self.longest_ms, self.first_ms << doublings)

    def delay_ms(self, attempts: int, *, random: Random, at_least_ms: int = 0) -> int:
        """Draw the delay after `attempts` failures; at_least_ms: what the receiver asked for.

        A receiver may ask for at most `longest_ms`.
        """
        drawn = random.randint(0, self.bound_ms(attempts))
        return max(drawn, min(at_least_ms, self.longest_ms))


@dataclass(slots=True, kw_only=True)
class Circuit:
    """Closed: rows flow. Open: nothing is tried until `opens_at_ms`; then one row is a probe.

    trip_at: consecutive failures that open it. The pause doubles from `pause_ms` to
    `longest_ms` with each failed probe, and one good answer closes the circuit.
    """

    trip_at: int = 5
    pause_ms: int = 5 * SECOND_MS
    longest_ms: int = 300 * SECOND_MS
    failures: int = field(default=0, init=False)
    opens_at_ms: int = field(default=0, init=False)

    def room(self, *, now_ms: int, width: int) -> int:
        """Tell how many rows may be tried at once: `width`, one as a probe, or none."""
        if self.failures < self.trip_at:
            return width
        return 1 if now_ms >= self.opens_at_ms else 0

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self, *, now_ms: int) -> None:
        self.failures += 1
        beyond = self.failures - self.trip_at
        if beyond >= 0:
            doublings = min(beyond, self.longest_ms.bit_length())
            self.opens_at_ms = now_ms + min(self.longest_ms, self.pause_ms << doublings)
