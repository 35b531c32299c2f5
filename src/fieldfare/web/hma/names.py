"""Names of banks as HMA's clients may write them: capitals, digits and underscores.

Our names flow in, and out flow names that are HMA's, one for each bank and the same as long as the
banks are the same: a name that is one already is kept, any other is written in capitals, and where
two would be one, the one that is not it by itself is told apart by a digest of its own name.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from fieldfare.matching.repositories import BankRecord

RULE: Final = re.compile(r"[A-Z_][A-Z0-9_]*", re.ASCII)
_HIDDEN: Final = "_decided"
"""Banks of what this organisation removed itself are no banks of a curator."""


def is_hma_name(name: str) -> bool:
    return RULE.fullmatch(name) is not None


def hma_names(banks: Iterable[BankRecord]) -> Mapping[str, str]:
    """Give the name at HMA's of each bank that is shown there, by its own name."""
    shown = sorted(bank.name for bank in banks if not bank.name.startswith(_HIDDEN))
    names = {name: name for name in shown if is_hma_name(name)}
    taken = set(names)
    for name in shown:
        if name in names:
            continue
        written = _written(name)
        if written in taken:
            written = f"{written}_{sha256(name.encode()).hexdigest()[:8].upper()}"
        names[name] = written
        taken.add(written)
    return names


def _written(name: str) -> str:
    plain = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    return plain if is_hma_name(plain) else f"_{plain}"
