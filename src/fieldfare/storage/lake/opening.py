"""Opening the lake's files elsewhere: in a worker process that has no store."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldfare.engine.lake import LakeEvent
from fieldfare.kernel import EventId, Org
from fieldfare.storage.lake.reading import ParquetLake


class NoTail:
    """`engine.lake.LakeTail` of those who read only what is in the lake."""

    def events(
        self, _org: Org, /, *, after: EventId, up_to: EventId, kinds: Collection[str] | None
    ) -> Iterator[Sequence[LakeEvent]]:
        """Give nothing, whatever is asked for."""
        del after, up_to, kinds
        return iter(())


@dataclass(frozen=True, slots=True)
class LakeFolder:
    """Opens a lake by its folder; a value that pickles. threads: of DuckDB."""

    folder: Path
    threads: int = 1

    def __call__(self) -> ParquetLake:
        return ParquetLake(self.folder, NoTail(), threads=self.threads)
