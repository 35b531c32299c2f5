"""Reference stills: a few small grey pictures of a banked file, to be looked at beside a match.

Kept only where a bank wants them, as encrypted blobs under a key of the bank's own that goes with
it, and never of content whose policy says that nobody is to see pictures of it.
"""

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image

from fieldfare.ingest.blobs import Blobs
from fieldfare.kernel import NotFound
from fieldfare.matching.fingerprints import Stills
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.policies import PolicyPack
from fieldfare.records import Subject

MOST: Final = 4
SIDE_PX: Final = 240
QUALITY: Final = 70
UNSEEN: Final = "NO_THUMB"
CHILD_SAFETY: Final = "CS."


def may_show_pictures(bank: BankRecord, pack: PolicyPack) -> bool:
    """Tell whether pictures of a bank's content may be kept and shown at all."""
    policy = pack.policies.get(bank.policy)
    return (
        policy is not None
        and UNSEEN not in policy.flags
        and not bank.policy.startswith(CHILD_SAFETY)
    )


def keep_stills(blobs: Blobs, bank: BankRecord, stills: Stills | None) -> tuple[str, ...]:
    """Keep some stills of a file, spread over its time; returns their blobs (sha256)."""
    if stills is None or not len(stills):
        return ()
    places = np.unique(np.linspace(0, len(stills) - 1, MOST).round().astype(int))
    kept = (blobs.put(bank.org, owner_of(bank.name), _jpeg(stills, i)) for i in places)
    return tuple(dict.fromkeys(each.sha256 for each in kept))


def read_still(
    blobs: Blobs, bank: BankRecord, entry: BankEntryRecord, pack: PolicyPack, number: int
) -> bytes:
    """Give one still of an entry as JPEG. Raises NotFound if there is none to be shown."""
    if not may_show_pictures(bank, pack) or not 0 <= number < len(entry.stills):
        hint = "Only banks with keeps_stills have any, and none for the safety of children."
        raise NotFound(f"entry {entry.id} has no picture {number} to show", hint=hint)
    return blobs.read(bank.org, owner_of(bank.name), entry.stills[number])


def owner_of(bank: str) -> Subject:
    """Name whose the stills of a bank are, so that they go with it."""
    return Subject("bank", bank)


def _jpeg(stills: Stills, place: int) -> BytesIO:
    picture = Image.fromarray(stills.pixels[place])
    picture.thumbnail((SIDE_PX, SIDE_PX))
    written = BytesIO()
    picture.save(written, "JPEG", quality=QUALITY)
    written.seek(0)
    return written
