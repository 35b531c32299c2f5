"""Verifying: whether anything on the log was changed, taken out, put in or cut off since its seal.

Pure: rows, seals and digests flow in, a Verification flows out. It says what it found in words for
a person, and what it cannot vouch for: the rows no seal covers yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fieldfare.kernel import EventId, Org, at_of, is_history
from fieldfare.ledger.heads import Head
from fieldfare.ledger.repositories import Agreement, LedgerRow, Seal
from fieldfare.ledger.sealer import LedgerUnit
from fieldfare.ledger.seals import NOTHING_BEFORE, is_signed, leaf, link_of, merkle_root

ACCOUNT_ERASED: Final = "account.erased"
PAGE_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found. problems: empty when everything sealed is as it was.

    rows, seals: how many were checked. erased: payloads destroyed on request, each borne out by an
    erasure on the log. unsealed, oldest_unsealed_ms: rows no seal covers yet, and the age of the
    oldest (None without any). decisions, items, unreadable: how many rows of the tables beside the
    log agree with it, and how many decisions cannot be compared because they were erased.
    """

    org: Org
    rows: int
    seals: int
    erased: int
    unsealed: int
    oldest_unsealed_ms: int | None
    problems: tuple[str, ...] = ()
    decisions: int = 0
    items: int = 0
    unreadable: int = 0

    @property
    def is_whole(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class _Findings:
    problems: list[str] = field(default_factory=list)
    missing: dict[EventId, str] = field(default_factory=dict)
    erasures: dict[str, EventId] = field(default_factory=dict)
    rows: int = 0
    unsealed: int = 0
    oldest: EventId | None = None


def verify(
    org: Org,
    rows: Iterable[LedgerRow],
    seals: Sequence[Seal],
    digests: Mapping[EventId, str | None],
    public_key: Ed25519PublicKey,
    /,
    *,
    head: Head | None = None,
    now_ms: int,
) -> Verification:
    """Check all rows of an organisation (in id order) against its seals (by number).

    digests: of the ciphertexts as they are stored now, None where there is none; looked up once a
    row, in order, so that they may be paged. head: the newest seal remembered elsewhere; without
    it a tail cut off both rows and seals could not be seen, which is a problem once there are
    seals. So is a log without a row: every organisation begins with its policy pack.
    """
    found = _Findings()
    found.problems += _chain_problems(org, seals, public_key, head)
    checked = (_checked(row, digests, found) for row in rows)
    # History lies below the live rows, whenever it was sealed.
    in_row_order = sorted(seals, key=lambda seal: (seal.last_id, seal.number))
    left = _check_ranges(checked, in_row_order, found)
    for row in left:
        found.unsealed += 1
        found.oldest = found.oldest or row.id
    if not found.rows:
        found.problems.append("nothing to verify: the log holds not one row of it")
    erased = sum(_is_erased(event_id, person, found) for event_id, person in found.missing.items())
    return Verification(
        org=org,
        rows=found.rows,
        seals=len(seals),
        erased=erased,
        unsealed=found.unsealed,
        oldest_unsealed_ms=None if found.oldest is None else now_ms - at_of(found.oldest),
        problems=tuple(found.problems),
    )


def audit(
    unit: LedgerUnit,
    org: Org,
    public_key: Ed25519PublicKey,
    /,
    *,
    head: Head | None,
    now_ms: int,
) -> Verification:
    """Verify an organisation over a read of the store, holding one page of it at a time."""
    page: dict[EventId, str | None] = {}

    def pages() -> Iterator[LedgerRow]:
        after, up_to = EventId(0), unit.ledger_rows.low_watermark()
        while rows := unit.ledger_rows.rows(org, after, up_to=up_to, limit=PAGE_ROWS):
            page.clear()
            page.update(unit.ledger_rows.payload_digests(org, after, up_to=rows[-1].id))
            yield from rows
            after = rows[-1].id

    seals = unit.seals.all(org)
    return verify(org, pages(), seals, page, public_key, head=head, now_ms=now_ms)


def compared(found: Verification, agreement: Agreement) -> Verification:
    """Add to what was found on the log whether the tables beside it say what it says."""
    return replace(
        found,
        decisions=agreement.decisions,
        items=agreement.items,
        unreadable=agreement.erased,
        problems=(*found.problems, *agreement.problems),
    )


def _chain_problems(
    org: Org, seals: Sequence[Seal], public_key: Ed25519PublicKey, head: Head | None
) -> Iterator[str]:
    previous = NOTHING_BEFORE
    for number, seal in enumerate(seals, start=1):
        if seal.number != number:
            yield f"seal {number} is missing: the chain goes on with {seal.number}"
            return
        if seal.previous != previous:
            yield f"seal {number} does not follow from the seal before it"
        if link_of(org, seal) != seal.link:
            yield f"seal {number} was changed: its link is not that of its content"
        elif not is_signed(seal, public_key):
            yield f"seal {number} is not signed with this organisation's key"
        previous = seal.link
    if head is None:
        if seals:
            yield "no head is remembered outside the database: a tail cut off could not be seen"
    elif len(seals) < head.number:
        yield f"the tail was cut off: seal {head.number} is remembered, {len(seals)} are left"
    elif seals[head.number - 1].link != head.link:
        yield f"seal {head.number} is not the one that is remembered outside the database"


def _checked(row: LedgerRow, digests: Mapping[EventId, str | None], found: _Findings) -> LedgerRow:
    found.rows += 1
    if row.kind == ACCOUNT_ERASED:
        found.erasures[row.subject] = row.id
    stored = digests.get(row.id)
    if stored is None:
        found.missing[row.id] = row.person
    elif stored != row.payload:
        found.problems.append(f"the payload of event {row.id} was changed")
    return row


def _check_ranges(
    rows: Iterator[LedgerRow], seals: Sequence[Seal], found: _Findings
) -> Iterator[LedgerRow]:
    """Check each seal's range; gives the rows that no seal covers."""
    sealed_up_to = {True: EventId(0), False: EventId(0)}
    loose: list[LedgerRow] = []
    row = next(rows, None)
    for seal in seals:
        kind = is_history(seal.last_id)
        while not kind and row is not None and is_history(row.id):
            # History lies below everything live; what no seal has taken by now is not sealed yet.
            loose.append(row)
            row = next(rows, None)
        if sealed_up_to[kind] and seal.first_id != sealed_up_to[kind]:
            found.problems.append(f"seal {seal.number} does not begin where the one before ended")
        leaves: list[bytes] = []
        while row is not None and row.id <= seal.last_id:
            leaves.append(leaf(row))
            row = next(rows, None)
        found.problems += _range_problems(seal, leaves)
        sealed_up_to[kind] = seal.last_id
    return chain(loose, () if row is None else (row,), rows)


def _range_problems(seal: Seal, leaves: Sequence[bytes]) -> Iterator[str]:
    where = f"between events {seal.first_id} and {seal.last_id} (seal {seal.number})"
    if len(leaves) < seal.rows:
        yield f"{seal.rows - len(leaves)} rows were taken out {where}"
    elif len(leaves) > seal.rows:
        yield f"{len(leaves) - seal.rows} rows were put in {where}"
    elif merkle_root(leaves) != seal.root:
        yield f"a row was changed {where}"


def _is_erased(event_id: EventId, person: str, found: _Findings) -> bool:
    erasure = found.erasures.get(person) if person else None
    if erasure is not None and erasure > event_id:
        return True
    found.problems.append(f"the payload of event {event_id} is gone without an erasure on the log")
    return False
