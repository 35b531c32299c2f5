"""Storage: tables and repositories on SQLite and PostgreSQL, and blobs and snapshots in files.

In flow works over the protocols each room declares; out flow their records. Only the composition
root and the test builders import this room.
"""

from fieldfare.storage.blobs import FileBlobs
from fieldfare.storage.schema import migrate
from fieldfare.storage.snapshots import FileSnapshots
from fieldfare.storage.store import SqlStore

__all__ = ["FileBlobs", "FileSnapshots", "SqlStore", "migrate"]
