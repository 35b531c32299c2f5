"""Compiled kernels before anybody waits for them: kept in a folder, loaded at start."""

import os
from pathlib import Path
from typing import Final

CACHE_VARIABLE: Final = "NUMBA_CACHE_DIR"


def keep_compiled_in(folder: Path) -> None:
    """Keep compiled kernels in a folder, unless the operator named one.

    Takes effect if Numba is not imported yet.
    """
    os.environ.setdefault(CACHE_VARIABLE, str(folder))


def warm(folder: Path | None = None) -> None:
    """Compile the kernels, or load what was compiled before: 15 s once, then half a second."""
    if folder is not None:
        keep_compiled_in(folder)
    import fieldfare.matching.features.comparing
    import fieldfare.matching.index.kernels
    import fieldfare.matching.index.spreading  # noqa: F401
