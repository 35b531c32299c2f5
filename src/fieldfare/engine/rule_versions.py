"""The versions of an organisation's rule set as they are stored: content, authors and moves.

In flow and out of the store alike: a version is immutable and named by its content hash; a move is
an event on the log, kept in a table of its own so that anybody can ask where versions stood as of
an event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fieldfare.kernel import EventId, Org, did_you_mean
from fieldfare.rules.lifecycle import Move, no_version

SHORTEST_NAME = 6
"""Characters of a hash that name a version at the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """A version without its files. number: counts up from 1. author: pseudonym, "" if nobody knows.

    created_at: ms since 1970. base: hash of the version it was made from, "" if none was told.
    """

    org: Org
    hash: str
    number: int
    author: str
    created_at: int
    note: str = ""
    base: str = ""


class RuleVersions(Protocol):
    """Versions and their moves."""

    def put(self, version: RuleVersion, files: Mapping[str, str], /) -> None:
        """Keep a version; the content of a hash never changes, so a second time does nothing."""
        ...

    def all(self, org: Org, /) -> Sequence[RuleVersion]:
        """Give all versions by number."""
        ...

    def files(self, org: Org, version: str, /) -> dict[str, str] | None: ...

    def move(self, org: Org, move: Move, /) -> None: ...

    def moves(self, org: Org, /, *, as_of: EventId) -> Sequence[Move]:
        """Give the moves of all versions up to an event, in the order of the log."""
        ...


def find_version(versions: Sequence[RuleVersion], name: str) -> RuleVersion:
    """Find a version by its hash, the beginning of it, or its number (`7` or `v7`).

    Raises NotFound if none or more than one begins so.
    """
    digits = name.removeprefix("v")
    numbered = digits.isascii() and digits.isdigit() and len(digits) < SHORTEST_NAME
    found = [
        version
        for version in versions
        if (numbered and version.number == int(digits))
        or (len(name) >= SHORTEST_NAME and version.hash.startswith(name))
    ]
    if len(found) == 1:
        return found[0]
    error = no_version(name)
    if close := did_you_mean(name[:12], [version.hash[:12] for version in versions]):
        error.hint = close
    raise error
