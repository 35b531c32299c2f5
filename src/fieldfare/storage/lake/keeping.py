"""The lake of an open installation: its writer, its reader, what fills it, and how it is.

The one place where they are wired; the platform sets the chores going and closes it.
"""

from collections.abc import Mapping

from fieldfare.engine.filling import (
    COMPACT_EVERY_S,
    FILL_EVERY_S,
    Filled,
    LakeFilling,
    LogTail,
)
from fieldfare.engine.gathering import Judged
from fieldfare.engine.grounds import Grounds
from fieldfare.engine.health import PartHealth
from fieldfare.engine.settings import Settings
from fieldfare.engine.unit import Store
from fieldfare.engine.upkeep import Chore, Keeper
from fieldfare.kernel import Clock, JsonValue
from fieldfare.ledger import Vault
from fieldfare.storage.lake.reading import ParquetLake
from fieldfare.storage.lake.writing import LakeWriter


class LakeKeeping:
    """Keeps the lake in the home's folder `lake`."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, vault: Vault, grounds: Grounds
    ) -> None:
        folder = settings.home / "lake"
        judged = Judged()
        grounds.hand_over = judged.hand_over
        limits = Filled(
            every_s=settings.lake_flush_s, rows=settings.lake_rows, keep_days=settings.lake_days
        )
        self._writer = LakeWriter(folder, vault.pseudonym)
        self.filling = LakeFilling(store, self._writer, clock, judged, limits)
        self.lake = ParquetLake(folder, LogTail(store, judged))

    def chores(self) -> tuple[Chore, ...]:
        """Name what has to be done again and again."""
        return (
            Chore("lake", FILL_EVERY_S, self.filling.step),
            Chore("lake-compaction", COMPACT_EVERY_S, self.filling.compact),
        )

    def health(self, keepers: Mapping[str, Keeper]) -> PartHealth:
        """Say whether the lake follows the log."""
        own = [keepers[chore.name] for chore in self.chores() if chore.name in keepers]
        detail: dict[str, JsonValue] = {
            "events_waiting": self.filling.waiting(),
            "failures": sum(keeper.failures for keeper in own),
        }
        if self.filling.broken:
            detail["broken"] = self.filling.broken
        ok = not self.filling.broken and all(keeper.is_alive for keeper in own)
        return PartHealth(name="lake", ok=ok, detail=detail)

    def close(self) -> None:
        """Give back files and memory; what is not in the lake yet is on the log."""
        self.lake.close()
        self._writer.close()
