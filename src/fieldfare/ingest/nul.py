"""U+0000 in what is sent: refused in names, keys and words of ours; taken in what people posted.

PostgreSQL has no place for that character in a text, and nothing good bears it. What people wrote
is another matter: an item must not be lost for a character, nor changed by us, so that its digest
is that of what the host shows. It stands in the log as JSON, where the character is escaped. The
shapes with such fields name them in `POSTED`; a field of the same name elsewhere is not meant.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from fieldfare.kernel import BadInput

NUL: Final = "\0"
_ESCAPED: Final = b"\\u0000"


def refuse_nul(found: object, raw: bytes | msgspec.Raw) -> None:
    """Refuse U+0000 but in what people posted. raw: the JSON that `found` was read from.

    Raises BadInput with a pointer to the field.
    """
    if _ESCAPED in bytes(raw):
        for pointer in _places(found, ""):
            raise nul_in(pointer)


def nul_in(pointer: str) -> BadInput:
    """Say that a field has the character."""
    return BadInput(
        "U+0000 is no character of a name or a text", hint="Leave it out.", pointer=pointer
    )


def _places(found: object, at: str) -> Iterator[str]:
    """Point to every text with the character; parts that are read later are not looked into."""
    if isinstance(found, str):
        if NUL in found:
            yield at
    elif isinstance(found, Mapping):
        for name, value in found.items():
            yield from _places(name, at)
            yield from _places(value, f"{at}/{name}")
    elif isinstance(found, list | tuple | set | frozenset):
        yield from _in_order(found, at)
    elif isinstance(found, msgspec.Struct):
        posted: frozenset[str] = getattr(found, "POSTED", frozenset())
        for field in msgspec.structs.fields(found):
            if field.name not in posted:
                yield from _places(getattr(found, field.name), f"{at}/{field.encode_name}")


def _in_order(found: Iterable[object], at: str) -> Iterator[str]:
    for number, value in enumerate(found):
        yield from _places(value, f"{at}/{number}")
