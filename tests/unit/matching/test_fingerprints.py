import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fieldfare.kernel import BadInput
from fieldfare.matching.fingerprints import (
    FORMS,
    FrameTable,
    Stills,
    forms_of,
    joined,
    pack_frames,
    probes_of,
    unpack_each,
    unpack_frames,
)
from fieldfare.media import hash_luma, luma_of
from fieldfare.testing.clips import Clip, texture


def _table(n: int, seed: int = 1) -> FrameTable:
    draw = np.random.default_rng(seed)
    return FrameTable(
        t=np.sort(draw.random(n) * 100),
        bits=draw.integers(0, 256, (n, 32), np.uint8),
        quality=draw.integers(0, 101, n, np.uint8),
        form=draw.integers(0, 8, n, np.uint8),
        window=draw.integers(0, 4, n, np.uint8),
    )


def _turned(pixels: NDArray[np.float32], form: int) -> NDArray[np.float32]:
    turned = pixels.T if form & 4 else pixels
    turned = turned[:, ::-1] if form & 1 else turned
    return turned[::-1] if form & 2 else turned


def _apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int(np.bitwise_count(one ^ other).sum())


@given(n=st.integers(0, 40), seed=st.integers(0, 1000))
def test_a_packed_table_reads_back_as_it_was(n: int, seed: int) -> None:
    table = _table(n, seed)

    read = unpack_frames(pack_frames(table))

    for column in ("t", "bits", "quality", "form", "window"):
        assert getattr(read, column).tolist() == getattr(table, column).tolist()


@given(counts=st.lists(st.none() | st.integers(0, 3), max_size=12))
def test_many_packed_tables_read_back_in_their_order(counts: list[int | None]) -> None:
    tables = [FrameTable.empty() if n is None else _table(n, at) for at, n in enumerate(counts)]
    packed = [
        b"" if n is None else pack_frames(table) for n, table in zip(counts, tables, strict=True)
    ]

    read, lengths = unpack_each(packed)

    assert lengths.tolist() == [n or 0 for n in counts]
    for column in ("t", "bits", "quality", "form", "window"):
        assert getattr(read, column).tolist() == getattr(joined(*tables), column).tolist()


def test_among_many_tables_one_that_is_none_is_refused() -> None:
    good = pack_frames(_table(1))

    for bad in (good[:-1], b"ELSE" + good[4:], good[:4] + b"\2" + good[5:]):
        with pytest.raises(BadInput):
            unpack_each([good, bad, good])


@pytest.mark.parametrize("data", [b"", b"FFT", b"ELSE\0\0\0\0", b"FFT1\1\0\0\0", b"FFT1\0\0\0\0x"])
def test_bytes_that_are_no_table_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        unpack_frames(data)


def test_a_form_that_does_not_exist_is_refused() -> None:
    data = bytearray(pack_frames(_table(1)))
    data[-2] = 8

    with pytest.raises(BadInput):
        unpack_frames(bytes(data))


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(BadInput):
        FrameTable.of(np.zeros(2), np.zeros((1, 32), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(BadInput):
        Stills(t=np.zeros(2), pixels=np.zeros((1, 4, 4), np.uint8))


def test_tables_join_in_order() -> None:
    one, two = _table(3, 1), _table(2, 2)

    assert joined(one, two).t.tolist() == [*one.t, *two.t]
    assert len(joined()) == 0


@pytest.mark.parametrize("seed", range(6))
def test_forms_worked_out_from_bits_are_near_those_of_the_turned_picture(seed: int) -> None:
    pixels = luma_of(texture(Clip(width=512, height=512, seed=seed), 0))
    bits, _ = hash_luma(pixels)

    forms = forms_of(bits[None])[0]

    assert forms[0].tolist() == bits.tolist()
    for form in FORMS:
        seen, _ = hash_luma(np.ascontiguousarray(_turned(pixels, form)))
        assert _apart(forms[form], seen) <= 28, FORMS[form]


def test_the_forms_of_a_hash_are_told_apart() -> None:
    bits, _ = hash_luma(luma_of(texture(Clip(width=256, height=256, seed=3), 0)))

    forms = forms_of(bits[None])[0]

    assert min(_apart(forms[i], forms[j]) for i in range(8) for j in range(i)) > 62


@given(seed=st.integers(0, 1000))
def test_turning_there_and_back_gives_the_hash_again(seed: int) -> None:
    bits = _table(4, seed).bits
    back = {5: 6, 6: 5}

    for form in FORMS:
        there = forms_of(bits)[:, form]
        assert forms_of(there)[:, back.get(form, form)].tolist() == bits.tolist()


def test_probes_of_a_table_hold_each_plain_row_in_all_forms() -> None:
    table = FrameTable.of(np.array([0.0, 1.0]), _table(2).bits, np.array([90, 60], np.uint8))

    probes = probes_of(joined(table, FrameTable.of(table.t, table.bits, table.quality, form=3)))

    assert probes.form.tolist() == [*range(8), *range(8)]
    assert probes.t.tolist() == [0.0] * 8 + [1.0] * 8
    assert probes.bits[8:].tolist() == forms_of(table.bits)[1].tolist()
