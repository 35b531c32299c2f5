"""The lake: what happened, as Parquet by organisation, kind and day.

In flow events with what rules were told of them, from one writer behind the evaluator; out flow the
same events, exactly, to backtests, measures and investigations. A manifest names the files that
count and is swapped atomically, so that a reader sees all of a flush or nothing of it.
"""

from fieldfare.storage.lake.keeping import LakeKeeping
from fieldfare.storage.lake.opening import LakeFolder
from fieldfare.storage.lake.reading import ParquetLake
from fieldfare.storage.lake.writing import LakeWriter

__all__ = ["LakeFolder", "LakeKeeping", "LakeWriter", "ParquetLake"]
