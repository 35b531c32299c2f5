"""Which format a file of entries is in, where nobody says: by its name, else by how it begins."""

from pathlib import PurePath
from typing import Final

from fieldfare.engine.bank_files import COLUMNS, BankFormat
from fieldfare.kernel import BadInput
from fieldfare.matching.exchanges.signals import SignalKind, kind_named

_ENDS: Final = {
    ".csv": BankFormat.CSV,
    ".ndjson": BankFormat.NDJSON,
    ".jsonl": BankFormat.NDJSON,
}
_HEADERS: Final = frozenset(
    {*COLUMNS, *(kind.value for kind in SignalKind), "pdq", "text", "tags", "hash", "signal"}
)


def format_of(name: str, beginning: str) -> BankFormat:
    """Tell the format of a file. name: its own, or "" of a pipe; beginning: its first full line,
    "" of an empty file.

    Raises BadInput where neither tells it.
    """
    ending = _ENDS.get(PurePath(name).suffix.lower())
    found = ending or _begun(beginning.strip("\ufeff \t\r\n"))
    if found is None:
        raise BadInput(
            f"neither its name nor its first line tells the format of {name or 'standard input'}",
            hint=f"Say --format {', '.join(BankFormat)}.",
        )
    return found


def _begun(line: str) -> BankFormat | None:
    if not line or line.startswith(("{", "[")):
        return BankFormat.NDJSON
    words = line.split()
    if len(words) > 1 and _is_kind(words[0]):
        return BankFormat.THREATEXCHANGE
    cells = [cell.strip(' "').lower() for cell in line.split(",")]
    return BankFormat.CSV if _HEADERS & {*cells} else None


def _is_kind(word: str) -> bool:
    try:
        kind_named(word)
    except BadInput:
        return False
    return True
