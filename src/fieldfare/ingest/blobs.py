"""Blobs: media bytes outside the database, found by who owns them and what they are."""

from typing import BinaryIO, Protocol

from fieldfare.kernel import Org
from fieldfare.records import MediaRef, Subject


class Blobs(Protocol):
    """Media by (organisation, person, SHA-256), unreadable once the person's key is destroyed.

    person: the account they belong to; None: the organisation itself.
    """

    def put(
        self,
        org: Org,
        person: Subject | None,
        stream: BinaryIO,
        /,
        *,
        name: str = "",
        content_type: str = "",
    ) -> MediaRef:
        """Store what `stream` gives, to its end; durable when it returns. Repeating it is free."""
        ...

    def open(self, org: Org, person: Subject | None, sha256: str, /) -> int:
        """Give a descriptor of a sealed memory file with the clear bytes, at its start.

        The caller closes it. Raises NotFound if there is no such blob, or its key is destroyed.
        """
        ...

    def read(self, org: Org, person: Subject | None, sha256: str, /) -> bytes:
        """Give the clear bytes at once; raises as `open` does."""
        ...

    def exists(self, org: Org, person: Subject | None, sha256: str, /) -> bool: ...

    def delete(self, org: Org, person: Subject | None, sha256: str, /) -> bool:
        """Delete one blob; tells whether it was there."""
        ...

    def delete_person(self, org: Org, person: Subject, /) -> int:
        """Delete all blobs of a person; returns how many."""
        ...
