import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import HISTORY_LANE, EventId, Org, make_id
from fieldfare.ledger import LedgerRow, Seal, Verification, merkle_root, seal_rows, verify
from fieldfare.ledger.heads import Head
from fieldfare.ledger.seals import leaf

MAIN = Org("main")
NOW_MS = 1_795_000_000_000
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def a_row(number: int, *, kind: str = "item.posted", person: str = "p", lane: int = 0) -> LedgerRow:
    return LedgerRow(
        id=make_id(NOW_MS + number, lane=lane),
        kind=kind,
        subject=f"s{number}",
        person=person,
        occurred_at=None,
        causes=(EventId(number),),
        payload=f"{number:064}",
    )


def tree_of_rfc_6962(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1, written as it stands there."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = tree_of_rfc_6962(leaves[:k]), tree_of_rfc_6962(leaves[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def chain(*ranges: list[LedgerRow]) -> list[Seal]:
    seals: list[Seal] = []
    after = EventId(0)
    for rows in ranges:
        previous = seals[-1] if seals else None
        seals.append(seal_rows(MAIN, rows, after=after, previous=previous, key=KEY, at=NOW_MS))
        after = rows[-1].id
    return seals


def check(rows: list[LedgerRow], seals: list[Seal], head: Head | None = None) -> Verification:
    digests: dict[EventId, str | None] = {row.id: row.payload for row in rows}
    head = head or (Head(seals[-1].number, seals[-1].link) if seals else None)
    return verify(MAIN, rows, seals, digests, KEY.public_key(), head=head, now_ms=NOW_MS + 1_000)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70))
def test_the_root_is_that_of_rfc_6962(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == tree_of_rfc_6962(leaves).hex()


def test_nothing_has_no_root() -> None:
    with pytest.raises(ValueError, match="no root"):
        merkle_root([])


@pytest.mark.parametrize(
    "changes",
    [
        {"id": EventId(1)},
        {"kind": "x"},
        {"subject": "x"},
        {"person": "x"},
        {"occurred_at": 0},
        {"causes": ()},
        {"payload": "x"},
    ],
)
def test_a_leaf_covers_every_field(changes: dict[str, object]) -> None:
    row = a_row(1)

    assert leaf(replace(row, **changes)) != leaf(row)  # type: ignore[arg-type]  # names are those of the fields


def test_a_chain_that_is_whole_is_found_whole() -> None:
    rows = [a_row(n) for n in range(10)]

    found = check(rows, chain(rows[:3], rows[3:4], rows[4:8]))

    assert found == Verification(
        org=MAIN, rows=10, seals=3, erased=0, unsealed=2, oldest_unsealed_ms=992, problems=()
    )
    assert found.is_whole


@given(data=st.data())
def test_any_one_change_is_found(data: st.DataObject) -> None:
    rows = [a_row(n) for n in range(12)]
    cut = data.draw(st.integers(1, 11))
    seals = chain(rows[:cut], rows[cut:])
    head = Head(2, seals[-1].link)
    kind = data.draw(st.sampled_from(("row", "removed", "inserted", "seal", "tail", "swapped")))
    place = data.draw(st.integers(0, 11))

    match kind:
        case "row":
            rows[place] = replace(rows[place], subject="other")
        case "removed":
            del rows[place]
        case "inserted":
            just_before = EventId(make_id(NOW_MS + place - 1) + 1)
            rows.insert(place, replace(rows[place], id=just_before))
        case "seal":
            field = data.draw(st.sampled_from(("first_id", "last_id", "rows", "at")))
            number = data.draw(st.integers(0, 1))
            seals[number] = replace(seals[number], **{field: getattr(seals[number], field) + 1})
        case "tail":
            del rows[cut:], seals[1:]
        case _:
            seals.reverse()

    assert not check(rows, seals, head).is_whole


def test_a_seal_of_another_organisation_does_not_fit() -> None:
    rows = [a_row(1)]
    (seal,) = chain(rows)
    digests: dict[EventId, str | None] = {rows[0].id: rows[0].payload}

    found = verify(Org("other"), rows, [seal], digests, KEY.public_key(), now_ms=NOW_MS)

    assert "seal 1 was changed" in found.problems[0]


def test_a_remembered_head_must_stand_in_the_chain() -> None:
    rows = [a_row(n) for n in range(4)]
    seals = chain(rows[:2], rows[2:])

    assert check(rows, seals, Head(1, seals[0].link)).is_whole
    assert not check(rows, seals, Head(1, seals[1].link)).is_whole
    assert not check(rows, [], Head(2, seals[1].link)).is_whole


def test_a_chain_without_a_remembered_head_is_not_called_whole() -> None:
    rows = [a_row(1)]
    digests: dict[EventId, str | None] = {rows[0].id: rows[0].payload}

    found = verify(MAIN, rows, chain(rows), digests, KEY.public_key(), now_ms=NOW_MS)

    (problem,) = found.problems
    assert "no head is remembered" in problem


def test_a_log_that_holds_nothing_is_not_called_whole() -> None:
    (problem,) = check([], []).problems

    assert "nothing to verify" in problem


def test_a_gap_between_two_seals_is_found() -> None:
    rows = [a_row(n) for n in range(4)]
    first = chain(rows[:2])[0]
    second = seal_rows(MAIN, rows[3:], after=rows[2].id, previous=first, key=KEY, at=NOW_MS)

    problems = check(rows, [first, second]).problems

    assert any("does not begin where" in problem for problem in problems)


def test_an_erased_payload_needs_a_later_erasure_of_that_person() -> None:
    erasure = replace(a_row(5, kind="account.erased", person=""), subject="p")
    rows = [a_row(1), a_row(2, person="q"), a_row(3, person=""), erasure, a_row(6)]
    digests: dict[EventId, str | None] = dict.fromkeys((row.id for row in rows), None)
    digests[erasure.id] = erasure.payload

    seals = chain(rows)
    head = Head(1, seals[0].link)

    found = verify(MAIN, rows, seals, digests, KEY.public_key(), head=head, now_ms=NOW_MS)

    assert found.erased == 1
    assert [p.split()[4] for p in found.problems] == [str(rows[n].id) for n in (1, 2, 4)]


def test_history_may_be_sealed_after_what_is_live() -> None:
    old = [a_row(n, lane=HISTORY_LANE) for n in range(3)]
    live = [a_row(n) for n in range(10, 13)]
    first = seal_rows(MAIN, live, after=EventId(0), previous=None, key=KEY, at=NOW_MS)
    second = seal_rows(MAIN, old[:2], after=EventId(0), previous=first, key=KEY, at=NOW_MS)

    found = check([*old, *live], [first, second])

    assert (found.problems, found.unsealed) == ((), 1)
