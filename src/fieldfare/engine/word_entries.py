"""Texts and URLs as entries of banks: checked on arrival, so that what is kept can match."""

from collections.abc import Iterable

from fieldfare.engine.banks import KnownPiece
from fieldfare.matching.known_text import checked, digest_of_words
from fieldfare.matching.repositories import EntryKind


def known_piece(
    content: str, *, is_url: bool, label: str = "", note: str = "", labels: Iterable[str] = ()
) -> KnownPiece:
    """Make an entry of a text or URL, by which its copies are known. Raises BadInput."""
    kept = checked(content, is_url=is_url)
    return KnownPiece(
        kind=EntryKind.URL if is_url else EntryKind.TEXT,
        content=kept,
        sha256=digest_of_words(kept, is_url=is_url),
        label=label,
        note=note,
        labels=tuple(labels),
    )
