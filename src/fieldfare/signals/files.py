"""Files: opened only for reading, and their bytes read once for their digests."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from fieldfare.kernel import BadInput, NotFound

_BLOCK: Final = 1 << 20


def opened(source: Path | str | int) -> int:
    """Open a file anew and only for reading. Raises NotFound, BadInput."""
    path = f"/proc/self/fd/{source}" if isinstance(source, int) else source
    try:
        # Without O_NONBLOCK the opening of a named pipe would wait for somebody to write to it.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NotFound(f"there is no file {source}", hint="Check the path.") from None
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}", hint="Check it.") from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise BadInput(f"{source} is not a file", hint="Name a file, not a folder or a device.")
    return fd


def digests_of(fd: int) -> tuple[str, str, int]:
    """Read all bytes once: SHA-256, MD5 (which banks use, not for trust) and their number."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    at = 0
    while block := os.pread(fd, _BLOCK, at):
        sha256.update(block)
        md5.update(block)
        at += len(block)
    return sha256.hexdigest(), md5.hexdigest(), at
