"""What a bank holds already: the same file, text or URL is one entry, however often it is added.

In flow pieces for a bank; the new ones are added, and of each it is said which entry has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldfare.engine.banks import BATCH, KnownPiece, add_to_bank, change_entry, the_bank
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.repositories import (
    NO_HASHES,
    BankEntryRecord,
    EntryHashes,
    EntryKeys,
    EntryKind,
)

_Key = tuple[EntryKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The entry that holds a piece. entry: its id. is_new: it was not there before.

    label, frames: of the entry as it is.
    """

    entry: EventId
    is_new: bool
    label: str
    sha256: str
    frames: int


def add_once(
    uow: UnitOfWork, org: Org, bank: str, pieces: Sequence[KnownPiece], *, by: str
) -> list[Placed]:
    """Add those pieces that a bank does not hold, and tell of each where it is, in order.

    Raises NotFound if there is no such bank.
    """
    the_bank(uow, org, bank)
    known = _known(uow, org, bank, pieces)
    fresh: list[KnownPiece] = []
    places: dict[_Key | None, int] = {}
    placed: list[Placed | int] = []
    for piece in pieces:
        key = _key(piece)
        held = next((e for e in known.get(key, ()) if _has_all(uow, e, piece)), None)
        if held is not None:
            if piece.stills and not held.stills:  # the bank keeps them since
                change_entry(uow, org, held.id, {"stills": piece.stills}, by=by)
            placed.append(_placed(held))
        elif key in places and _covers(fresh[places[key]].hashes, piece.hashes):
            placed.append(places[key])
        else:
            placed.append(len(fresh))
            if key is not None:
                places[key] = len(fresh)
            fresh.append(piece)
    added = add_to_bank(uow, org, bank, fresh, by=by)
    told: set[int] = set()
    return [
        each if isinstance(each, Placed) else _added(fresh[each], added[each], each, told)
        for each in placed
    ]


def _known(
    uow: UnitOfWork, org: Org, bank: str, pieces: Sequence[KnownPiece]
) -> dict[_Key | None, list[BankEntryRecord]]:
    """Find what a bank has under the digests of pieces."""
    found: dict[_Key | None, list[BankEntryRecord]] = {}
    for start in range(0, len(pieces), BATCH):
        some = pieces[start : start + BATCH]
        keys = EntryKeys(
            sha256=[piece.sha256 for piece in some if piece.sha256],
            md5=[piece.md5 for piece in some if piece.md5 and not piece.sha256],
        )
        for entry in uow.entry_pages.of_keys(org, bank, keys):
            for digest in filter(None, (entry.sha256, entry.md5)):
                found.setdefault((entry.kind, digest), []).append(entry)
    return found


def _key(piece: KnownPiece) -> _Key | None:
    """Say what a piece is told from others by; nothing where only likeness could tell."""
    digest = piece.sha256 or piece.md5
    return (piece.kind, digest) if digest else None


def _has_all(uow: UnitOfWork, entry: BankEntryRecord, piece: KnownPiece) -> bool:
    """Tell whether all that a piece brings is found by an entry of the same digest.

    If not, the piece is an entry of its own: what an entry is found by never changes.
    """
    if not piece.hashes.size:
        return True
    return _covers(uow.entries.hashes(entry.org, entry.id) or NO_HASHES, piece.hashes)


def _covers(held: EntryHashes, brought: EntryHashes) -> bool:
    """Tell whether there is something of each kind that is brought."""
    pairs = (
        (held.frames, brought.frames),
        (held.sound, brought.sound),
        (held.features, brought.features),
    )
    return all(has or not brings for has, brings in pairs)


def _placed(entry: BankEntryRecord) -> Placed:
    return Placed(
        entry=entry.id,
        is_new=False,
        label=entry.label,
        sha256=entry.sha256,
        frames=entry.frames,
    )


def _added(piece: KnownPiece, entry: EventId, place: int, told: set[int]) -> Placed:
    """Tell of what was added; the second time the same piece came it was there already."""
    is_new = place not in told
    told.add(place)
    return Placed(
        entry=entry,
        is_new=is_new,
        label=piece.label,
        sha256=piece.sha256,
        frames=piece.frames,
    )
