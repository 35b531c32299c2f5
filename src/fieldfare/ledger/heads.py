"""Heads: the newest link of each organisation, kept outside the database.

A tail that is cut off rows and seals alike leaves a chain that is whole in itself; only a memory
elsewhere shows that it was longer. One small JSON file, replaced in one step.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from fieldfare.kernel import BadInput, Org

_decode: Final = msgspec.json.Decoder(dict[str, tuple[int, str]]).decode


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal that is remembered: its number and its link."""

    number: int
    link: str


class Heads:
    """The file of heads. One process writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, org: Org) -> Head | None:
        """Give what is remembered of an organisation. Raises BadInput if the file is damaged."""
        return self.all().get(org)

    def all(self) -> dict[Org, Head]:
        """Give what is remembered of each. Raises BadInput if the file is damaged."""
        return {Org(org): Head(*found) for org, found in self._read().items()}

    def put(self, org: Org, head: Head) -> None:
        """Remember a newer head; durable when it returns."""
        heads = self._read() | {str(org): (head.number, head.link)}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(heads))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def _read(self) -> dict[str, tuple[int, str]]:
        try:
            return _decode(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            raise BadInput(
                f"{self._path} is damaged: {error}", hint="Restore it from a backup."
            ) from None
