"""Reference stills: a few small grey pictures of a banked file, to be looked at beside a match.

Kept only where a bank wants them, as encrypted blobs under a key of the bank's own that goes with
it, and never of content whose policy lets nobody picture it (`PolicyPack.may_picture`).
"""

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image

from fieldfare.ingest.blobs import Blobs
from fieldfare.kernel import NotFound
from fieldfare.matching.fingerprints import Stills
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, KeptStill
from fieldfare.policies import PolicyPack
from fieldfare.records import Subject

MOST: Final = 16
SIDE_PX: Final = 240
QUALITY: Final = 70


def keeps_pictures(bank: BankRecord, pack: PolicyPack) -> bool:
    """Tell whether pictures of what is added to a bank are to be kept."""
    return bank.keeps_stills and pack.may_picture(bank.policy)


def keep_stills(
    blobs: Blobs, bank: BankRecord, stills: Stills | None, *, file: str
) -> tuple[KeptStill, ...]:
    """Keep some stills of a file, spread over its time, each picture once.

    file: its SHA-256. It is written into each picture, so that no two files share one and each
    may go without the other.
    """
    if stills is None or not len(stills):
        return ()
    places = np.unique(np.linspace(0, len(stills) - 1, MOST).round().astype(int))
    kept: dict[str, KeptStill] = {}
    for place in places:
        blob = blobs.put(bank.org, owner_of(bank.name), _jpeg(stills, place, file)).sha256
        kept.setdefault(blob, KeptStill(sha256=blob, t=float(stills.t[place])))
    return tuple(kept.values())


def read_still(
    blobs: Blobs, bank: BankRecord, entry: BankEntryRecord, pack: PolicyPack, number: int
) -> bytes:
    """Give one still of an entry as JPEG. Raises NotFound if there is none to be shown."""
    if not pack.may_picture(bank.policy) or not 0 <= number < len(entry.stills):
        hint = "Only banks with keeps_stills have any, and none for the safety of children."
        raise NotFound(f"entry {entry.id} has no picture {number} to show", hint=hint)
    return blobs.read(bank.org, owner_of(bank.name), entry.stills[number].sha256)


def owner_of(bank: str) -> Subject:
    """Name whose the stills of a bank are, so that they go with it."""
    return Subject("bank", bank)


def _jpeg(stills: Stills, place: int, file: str) -> BytesIO:
    picture = Image.fromarray(stills.pixels[place])
    picture.thumbnail((SIDE_PX, SIDE_PX))
    written = BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, comment=file)
    written.seek(0)
    return written
