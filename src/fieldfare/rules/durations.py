"""Durations as people write them in rules: `30s`, `5m`, `24h`, `7d`, `2w`."""

import re
from typing import Final

_UNIT_MS: Final = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_WRITTEN: Final = re.compile(r"([1-9][0-9]{0,8})(ms|[smhdw])")
MAX_MS: Final = 400 * 86_400_000


def duration_ms(text: str) -> int | None:
    """Read a duration in ms; None unless it is `<number><unit>` and at most 400 days."""
    found = _WRITTEN.fullmatch(text)
    if not found:
        return None
    ms = int(found[1]) * _UNIT_MS[found[2]]
    return ms if ms <= MAX_MS else None
