"""The walls round the decoder, as an operator hears of them: in the log at start, then on /health.

In flows one question to the scanner, which takes seconds and is asked on a thread of its own so
that a start stays quick; out flows a PartHealth. A scanner that cannot work is not well, one that
works behind fewer walls is, and says which are missing.
"""

import threading
from dataclasses import dataclass
from typing import Protocol

import structlog

from fieldfare.kernel import JsonValue, Unavailable
from fieldfare.media import SandboxReport

_log = structlog.get_logger(__name__)


class Walled(Protocol):
    """What can tell of its walls, as the Scanner does."""

    def report(self) -> SandboxReport:
        """Tell which walls stand. Raises Unavailable if nothing can be scanned here."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    missing: tuple[str, ...] = ()
    problem: str = ""


class Walls:
    """Asks a scanner for its walls once, and again while it does not work."""

    def __init__(self, scanner: Walled) -> None:
        self._scanner = scanner
        self._told: _Told | None = None

    def run(self, stop: threading.Event, *, again_s: float = 30.0) -> None:
        """Ask until there is an answer; whatever is missing is a warning in the log."""
        while not stop.is_set() and not self.ask():
            stop.wait(again_s)

    def ask(self) -> bool:
        """Ask now; say whether the scanner works."""
        try:
            missing = self._scanner.report().missing
        except (Unavailable, OSError) as error:
            self._told = _Told(problem=str(error))
            _log.error("nothing can be scanned", why=str(error))
            return False
        self._told = _Told(missing=missing)
        if missing:
            _log.warning("the decoder runs behind fewer walls than it could", missing=missing)
        return True

    @property
    def ok(self) -> bool:
        """False once the scanner has said that it does not work."""
        return self._told is None or not self._told.problem

    def detail(self) -> dict[str, JsonValue]:
        """Give what /health tells: nothing before the scanner has answered."""
        if self._told is None:
            return {}
        if self._told.problem:
            return {"problem": self._told.problem}
        return {"missing": [*self._told.missing]}
