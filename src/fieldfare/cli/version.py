"""`fieldfare version`: what is running, and what it should know about its surroundings."""

import platform
import sqlite3
import sys
from typing import Final

import fieldfare

SAFE_SQLITE: Final = (3, 51, 3)


def print_version() -> None:
    """Print our version, Python's and SQLite's; warn where SQLite's needs the one-writer rule."""
    out = sys.stdout
    out.write(f"fieldfare {fieldfare.__version__}\n")
    out.write(f"python {platform.python_version()} sqlite {sqlite3.sqlite_version}\n")
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        sys.stderr.write(
            "fieldfare: this SQLite can corrupt its log if two connections write; "
            "Fieldfare keeps to one writer, and so must anything else that opens the file.\n"
        )
