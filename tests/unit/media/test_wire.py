import os
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldfare.media.findings import Array, Probe
from fieldfare.media.wire import (
    ANSWER_AT,
    Answer,
    NonsenseAnswer,
    answer_file,
    read_answer,
    read_probe,
    write_answer,
    write_probe,
)

PROBE = Probe(container="mp4", kind="video", width=3, height=4, video_codec="h264")


@pytest.fixture
def file() -> Iterator[int]:
    opened = answer_file(1 << 20)
    yield opened
    os.close(opened)


def test_what_is_written_is_read(file: int) -> None:
    arrays: dict[str, Array] = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array([7], np.uint8),
    }
    write_probe(file, PROBE)
    write_answer(file, Answer(probe=PROBE, complete=True, decoded_s=1.5), arrays)

    said = read_answer(file)

    assert said is not None
    answer, read = said
    assert read_probe(file) == answer.probe == PROBE
    assert answer.decoded_s == 1.5
    assert {name: array.tolist() for name, array in read.items()} == {
        "a": [[0, 1, 2], [3, 4, 5]],
        "b": [7],
    }


def test_a_child_that_wrote_nothing_leaves_nothing(file: int) -> None:
    assert read_probe(file) is None
    assert read_answer(file) is None


def test_the_file_cannot_grow(file: int) -> None:
    with pytest.raises(OSError, match="not permitted"):
        write_answer(file, Answer(), {"a": np.zeros(1 << 21, np.uint8)})


@pytest.mark.parametrize(
    "head",
    [
        b"no json",
        b"[]",
        b'{"probe": {"container": "../x/", "kind": "video"}}',
        b'{"probe": {"container": "mp4", "kind": "weapon"}}',
        b'{"decoded_s": -1}',
        b'{"decoded_s": 1e300}',
        b'{"arrays": {"a": {"dtype": "O", "shape": [1], "at": 65536}}}',
        b'{"arrays": {"a": {"dtype": "u1", "shape": [-1], "at": 65536}}}',
        b'{"arrays": {"a": {"dtype": "u1", "shape": [4], "at": 0}}}',
        b'{"arrays": {"a": {"dtype": "f8", "shape": [200000000], "at": 65536}}}',
        b'{"problem": "' + b"x" * 301 + b'"}',
    ],
)
def test_a_head_out_of_shape_is_not_believed(file: int, head: bytes) -> None:
    os.pwrite(file, len(head).to_bytes(4, "little") + head, ANSWER_AT)

    with pytest.raises(NonsenseAnswer):
        read_answer(file)


def test_what_is_not_a_number_is_not_believed(file: int) -> None:
    write_answer(file, Answer(), {"a": np.array([np.nan])})

    with pytest.raises(NonsenseAnswer, match="not a number"):
        read_answer(file)


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rubbish=st.binary(max_size=300))
def test_rubbish_is_nonsense_or_nothing(file: int, rubbish: bytes) -> None:
    os.pwrite(file, rubbish.ljust(300, b"\0"), ANSWER_AT)

    try:
        said = read_answer(file)
    except NonsenseAnswer:
        return
    assert said is None or msgspec.json.encode(said[0])
