"""Files that are whole or not there: written, synced, renamed, and their folder synced."""

import os
from pathlib import Path

from fieldfare.kernel import Conflict, Unavailable


class IndexDamaged(Unavailable):
    """Raised when what lies on disk is not what was written: it is not served."""

    slug = "index-damaged"

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"the hash index {path} is damaged: {what}",
            hint="It is derived: remove its folder, and it is built anew from the database.",
        )


class IndexUnsure(IndexDamaged):
    """Raised when what is in memory and what a restart would find may differ: nothing is taken."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "a change may not last, and nothing is taken until reopened")
        self.hint = "Look at the disk, and restart what writes to the index; nothing is lost."


class IndexInUse(Conflict):
    """Raised when another process, or another object of this one, writes to the index."""

    slug = "index-in-use"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the hash index {folder} is being written by another process",
            hint="One process writes; others open it with writable=False.",
        )


def sync_folder(folder: Path) -> None:
    """Make names that came or went in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(path: Path, content: bytes) -> None:
    """Write a new file; its content is durable, its name once the folder is synced."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, content: bytes) -> None:
    """Put content in the place of a file at once, durably: readers see the old or the new.

    Raises OSError with the old in place, and IndexUnsure where either may be found after a crash.
    """
    fresh = path.with_name(f"{path.name}.new")
    write_synced(fresh, content)
    fresh.replace(path)
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise IndexUnsure(path) from error
