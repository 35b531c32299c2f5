"""The disk under the lake: the few things done to files that must be durable, in one place.

A test makes one that fails or dies at any of these steps.
"""

import os
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o700
"""Of the lake's folders: captions stand in them in clear, for the owner of the installation."""


class Disk:
    """Files that are there after a power cut, or not at all."""

    def folder(self, path: Path, /) -> None:
        """Make a folder nobody else can look into, with those above it."""
        path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)

    def publish(self, written: Path, path: Path, /) -> None:
        """Give a written file its name, once its bytes are on the disk."""
        self.sync(written)
        written.replace(path)
        self.sync(path.parent)

    def remove(self, path: Path, /) -> None:
        """Take a file away; one that is gone already is no error."""
        path.unlink(missing_ok=True)

    def sync(self, path: Path, /) -> None:
        """Wait until a file or folder is on the disk."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
