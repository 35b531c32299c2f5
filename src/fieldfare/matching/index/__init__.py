"""The exact index of frame hashes: ten million rows, mapped from files that processes share."""

from fieldfare.matching.index.disk import IndexDamaged, IndexInUse, IndexUnsure
from fieldfare.matching.index.hash_index import HashIndex
from fieldfare.matching.index.rows import HashRows, IndexHits
from fieldfare.matching.index.warming import keep_compiled_in, warm

__all__ = [
    "HashIndex",
    "HashRows",
    "IndexDamaged",
    "IndexHits",
    "IndexInUse",
    "IndexUnsure",
    "keep_compiled_in",
    "warm",
]
