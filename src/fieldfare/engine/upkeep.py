"""Upkeep: what has to happen by time alone, each a small step that a thread repeats.

Sealing the ledger each second, telling the gate how whole its view is, sweeping what has outlived
its time, turning holds past their deadline into cases. A step that fails is logged and tried again;
it never ends its thread.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

SEAL_EVERY_S: Final = 1.0
SWEEP_EVERY_S: Final = 3600.0
WATERMARK_EVERY_S: Final = 0.5
DEADLINES_EVERY_S: Final = 30.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done again and again. name: for the log and for /health."""

    name: str
    every_s: float
    step: Callable[[], object]


class Keeper:
    """Runs one chore on a thread of its own until stopped."""

    def __init__(self, chore: Chore) -> None:
        self.chore = chore
        self.failures = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"fieldfare-{chore.name}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        self._stop.set()
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.chore.step()
            except Exception:  # noqa: BLE001  # worker boundary: the next round tries again
                self.failures += 1
                _log.exception("chore failed", chore=self.chore.name)
            self._stop.wait(self.chore.every_s)
