"""The exact Hamming index of one folder: what is added is durable and found at once.

In: rows of hashes with their owners. Out: every row within a radius of the hashes asked about. On
disk: segments (buckets, mapped), a log of the fresh tail, and the manifest that names them. One
process writes; any number read the same pages. A crash at any point loses nothing acknowledged.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import Conflict
from fieldfare.matching.index.reading import IndexReader
from fieldfare.matching.index.rows import HashRows, IndexHits, kept_form
from fieldfare.matching.index.writing import IndexWriter
from fieldfare.matching.pdq import RADIUS

EVERY: Final = 2**32 - 1


class HashIndex:
    """An open index. Searches may run in any number of threads, whatever is written meanwhile.

    owner: an id of 63 bits; all rows of an owner are removed together, and it may come again.
    applied_to: how far the caller's source has been put in, given with each change and durable with
    it, so that a derived index knows from where to go on.
    """

    def __init__(self, folder: Path, opened: IndexWriter | IndexReader) -> None:
        self.folder: Final = folder
        self._opened = opened

    @classmethod
    def open(cls, folder: Path, *, writable: bool = True) -> Self:
        """Open the index of a folder, or begin one.

        Raises IndexInUse if somebody else writes to it, IndexDamaged if it is not what was written.
        """
        return cls(folder, IndexWriter(folder) if writable else IndexReader(folder))

    def __len__(self) -> int:
        """Count the rows that can be found."""
        return len(self._opened.view)

    @property
    def applied_to(self) -> int:
        return self._opened.applied_to

    def search(
        self, bits: NDArray[np.uint8], radius: int = RADIUS, *, most: int = EVERY
    ) -> IndexHits:
        """Find every row within `radius` bits (0..256) of each query. `bits`: (m, 32). Exact.

        most: how many rows of one query are told; any that many if there are more. A picture that
        half a bank begins or ends with would else fill the memory and tell nothing.

        By buckets up to 31 bits, by eight times as many up to 47, beyond that row by row: at 10
        million rows tens of ms a query. Give many queries at once: they share what is read. Raises
        BadInput.
        """
        return self._opened.view.search(bits, radius, most)

    def add(self, rows: HashRows, *, applied_to: int = 0) -> None:
        """Put rows in: durable and found on return.

        Several thousand at once are quickest. Owners below the last `drop_below` are left out.
        """
        self._writer().add(kept_form(rows), applied_to)

    def remove(self, owners: Iterable[int], *, applied_to: int = 0) -> None:
        """Take all rows of these owners out, durably; who is not there is no error."""
        self._writer().remove(np.unique(np.fromiter(owners, np.int64)), applied_to)

    def drop_below(self, owner: int, *, applied_to: int = 0) -> None:
        """Take out all rows of owners below an id, now and for ever: the end of a ring of ids."""
        self._writer().drop_below(owner, applied_to)

    def flush(self) -> None:
        """Make a segment of the fresh tail, as happens by itself once it is long."""
        self._writer().flush()

    def merge_once(self) -> bool:
        """Merge segments if that is due, and tell whether it was. For a thread in the background:
        it may take a minute at 10 million rows, while searches and additions go on.
        """
        return self._writer().merge_once()

    def refresh(self) -> bool:
        """See what another process wrote since; tell whether anything. A writer sees all."""
        return self._opened.refresh() if isinstance(self._opened, IndexReader) else False

    def close(self) -> None:
        """Let others write. What is being searched is searched to its end."""
        if isinstance(self._opened, IndexWriter):
            self._opened.close()

    def _writer(self) -> IndexWriter:
        if isinstance(self._opened, IndexReader):
            raise Conflict(
                f"the hash index {self.folder} was opened for reading", hint="Open it writable."
            )
        return self._opened
