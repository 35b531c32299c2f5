"""Hashes as they are pasted, one a line: text flows in, what is looked up flows out."""

import re
from typing import Final

import numpy as np

from fieldfare.kernel import BadInput
from fieldfare.matching.exchanges.signals import LONGEST_S
from fieldfare.matching.fingerprints import Fingerprint, FrameTable, probes_of
from fieldfare.matching.pdq import row_of

MOST_LINES: Final = 2_000
_MD5: Final = 32
_VPDQ_PARTS: Final = 4
_HEX: Final = re.compile(r"[0-9a-f]+", re.ASCII)


def fingerprint_of_hashes(text: str) -> Fingerprint:
    """Read hashes, one a line: digests, PDQ hashes, or vPDQ's lines of frames.

    64 digits are taken for a SHA-256 and for a PDQ hash alike: which it is shows in what it finds.
    Raises BadInput naming the line that is wrong.
    """
    lines = [(n, line.strip().lower()) for n, line in enumerate(text.splitlines(), 1)]
    lines = [(n, line) for n, line in lines if line]
    if not lines:
        raise BadInput("Paste a hash.", pointer="/hash")
    if len(lines) > MOST_LINES:
        raise BadInput(f"At most {MOST_LINES} lines.", pointer="/hash")
    if len(lines) == 1 and _HEX.fullmatch(lines[0][1]) and len(lines[0][1]) == _MD5:
        return Fingerprint(md5=lines[0][1], frames=FrameTable.empty())
    rows = [_row_of_line(n, line, at) for at, (n, line) in enumerate(lines)]
    table = FrameTable.of(
        np.array([row[0] for row in rows], np.float64),
        np.array([row_of(row[1]) for row in rows], np.uint8),
        np.array([row[2] for row in rows], np.uint8),
    )
    seconds = float(table.t[-1]) + 1.0 if len(rows) > 1 else 0.0
    sha256 = rows[0][1] if len(rows) == 1 else ""
    return Fingerprint(sha256=sha256, seconds=seconds, frames=probes_of(table))


def _row_of_line(number: int, line: str, at: int) -> tuple[float, str, int]:
    """Read (seconds, hash, quality) of a line; hashes alone are a second apart."""
    parts = line.split(",")
    try:
        if len(parts) == _VPDQ_PARTS:
            row_of(parts[2])
            return _moment(parts[3]), parts[2], max(0, min(100, int(parts[1])))
        row_of(line)
    except (BadInput, ValueError):
        hint = "A line is 64 or 32 digits 0-9 and a-f, or frame,quality,hash,seconds."
        raise BadInput(
            f"Line {number} is no hash: {line[:40]}", hint=hint, pointer="/hash"
        ) from None
    return float(at), line, 100


def _moment(text: str) -> float:
    """Read seconds. Raises ValueError for what no moment of a file can be."""
    t = float(text)
    if not t <= LONGEST_S:  # neither is what is not a number
        raise ValueError
    return max(0.0, t)
