"""Seals: a signed chain over the rows of the log, so that a change afterwards shows.

Pure: rows flow in, a Seal flows out. Leaves and inner nodes are hashed as in RFC 6962, section 2.1
(0x00 and 0x01 in front), a link is the SHA-256 of the canonical JSON of [org, number, previous,
root, first_id, last_id, rows, at], and the signature is Ed25519 (RFC 8032) over the link's bytes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fieldfare.kernel import EventId, Org, canonical_json
from fieldfare.ledger.keys import load_key
from fieldfare.ledger.repositories import LedgerRow, Seal

SEAL_KEY_VARIABLE: Final = "FIELDFARE_SEAL_KEY"
NOTHING_BEFORE: Final = "0" * 64
"""What the first seal of an organisation names as its previous link."""


def load_seal_key(home: Path, /) -> Ed25519PrivateKey:
    """Read the signing key from FIELDFARE_SEAL_KEY, else from keys/seal.key of the home."""
    secret = load_key(home / "keys" / "seal.key", SEAL_KEY_VARIABLE)
    return Ed25519PrivateKey.from_private_bytes(secret)


def leaf(row: LedgerRow, /) -> bytes:
    """Hash one row (32 bytes)."""
    content = canonical_json(
        [row.id, row.kind, row.subject, row.person, row.occurred_at, row.causes, row.payload]
    )
    return hashlib.sha256(b"\x00" + content).digest()


def merkle_root(leaves: Sequence[bytes], /) -> str:
    """Hash leaves into one root (64 hex digits), as RFC 6962 does. Raises ValueError for none."""
    if not leaves:
        raise ValueError("an empty range has no root")
    level = list(leaves)
    while len(level) > 1:
        # Pairing from the left and carrying an odd one up gives the tree of RFC 6962.
        paired = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        level = paired + level[len(paired) * 2 :]
    return level[0].hex()


def link_of(org: Org, seal: Seal, /) -> str:
    """Give the link a seal must carry (64 hex digits)."""
    told = [
        org,
        seal.number,
        seal.previous,
        seal.root,
        seal.first_id,
        seal.last_id,
        seal.rows,
        seal.at,
    ]
    return hashlib.sha256(canonical_json(told)).hexdigest()


def seal_rows(
    org: Org,
    rows: Sequence[LedgerRow],
    /,
    *,
    after: EventId,
    previous: Seal | None,
    key: Ed25519PrivateKey,
    at: int,
) -> Seal:
    """Seal rows in id order. after: the id up to which their kind was sealed before.

    previous: the newest seal of the organisation, of either kind. Raises ValueError for no rows.
    """
    unsigned = Seal(
        number=1 if previous is None else previous.number + 1,
        first_id=after,
        last_id=rows[-1].id if rows else after,
        rows=len(rows),
        root=merkle_root([leaf(row) for row in rows]),
        previous=NOTHING_BEFORE if previous is None else previous.link,
        link="",
        signature="",
        at=at,
    )
    link = link_of(org, unsigned)
    return replace(unsigned, link=link, signature=key.sign(bytes.fromhex(link)).hex())


def is_signed(seal: Seal, key: Ed25519PublicKey, /) -> bool:
    """Tell whether the signature belongs to the link and the key."""
    try:
        key.verify(bytes.fromhex(seal.signature), bytes.fromhex(seal.link))
    except (InvalidSignature, ValueError):
        return False
    return True
