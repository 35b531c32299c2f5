"""One way to write a value as bytes, so that equal values have equal digests."""

import hashlib
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    JsonValue: TypeAlias = (
        "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
    )
else:
    # msgspec reads annotations at run time and cannot follow an alias that names itself.
    JsonValue = Any

_ENCODER = msgspec.json.Encoder(order="deterministic")


def canonical_json(value: object) -> bytes:
    """Write a value as JSON with sorted keys and no spaces. Dataclasses and msgspec structs are
    taken.
    """
    return _ENCODER.encode(value)


def digest(value: object) -> str:
    """Name a value by the SHA-256 of its canonical JSON (64 lower-case hex digits)."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
