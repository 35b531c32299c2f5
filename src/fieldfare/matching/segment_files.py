"""Segments on disk: folders of columns that are whole or not there, under a manifest.

In: columns of numbers, and what a manifest says. Out: files that outlive a crash: a segment gets
its name when all of it is durable, and the manifest is put in the place of the old one at once.
What no manifest names is of a merge, or of a process that died.
"""

import json
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MANIFEST: Final = "manifest.json"


def write_columns(folder: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write columns as a new segment, whole or not at all; durable on return."""
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name, column in columns.items():
        with (unfinished / f"{name}.npy").open("wb") as file:
            np.save(file, column, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    unfinished.rename(folder)
    sync_folder(folder.parent)


def put_manifest(folder: Path, content: Mapping[str, object]) -> None:
    """Write the manifest of a folder beside the old one and put it in its place."""
    fresh = folder / f"{MANIFEST}.fresh"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps(content))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / MANIFEST)
    sync_folder(folder)


def sweep(folder: Path, named: Collection[str]) -> None:
    """Delete the segments that are not named."""
    for segment in folder.glob("segment-*"):
        if segment.name not in named:
            shutil.rmtree(segment, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
