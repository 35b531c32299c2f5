"""The answer of a child: JSON of known shape and plain numbers, so that nothing in it can act.

A child writes into a memory file whose size is sealed; the parent reads it only after the child has
ended. No pickle, no file formats, no pointers: every length is checked against the file, every
number against its kind. Two heads: the probe, written before decoding starts so that it survives a
crash, and the answer.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Literal, TypeVar

import msgspec
import numpy as np

from fieldfare.media.findings import Array, Probe, Sampling, SandboxReport, Seconds

PROBE_AT: Final = 0
ANSWER_AT: Final = 4096
ARRAYS_AT: Final = 65_536
_LENGTH: Final = 4
_MAX_ARRAYS: Final = 32

DType = Literal["u1", "i4", "f4", "f8"]
_Head = TypeVar("_Head")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayHead:
    dtype: DType
    shape: Annotated[
        list[Annotated[int, msgspec.Meta(ge=0, le=1 << 28)]], msgspec.Meta(max_length=4)
    ]
    at: Annotated[int, msgspec.Meta(ge=ARRAYS_AT, le=1 << 30)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The second head: what an Examination says, with the whereabouts of its arrays."""

    probe: Probe | None = None
    problem: Annotated[str, msgspec.Meta(max_length=300)] = ""
    complete: bool = False
    decoded_s: Seconds = 0.0
    sampling: Sampling = ""
    decode_cpu_s: Seconds = 0.0
    report: SandboxReport | None = None
    arrays: Annotated[dict[str, ArrayHead], msgspec.Meta(max_length=_MAX_ARRAYS)] = field(
        default_factory=dict
    )


class NonsenseAnswer(ValueError):
    """A child answered with what cannot be an answer: it may have been taken over."""


def answer_file(size: int) -> int:
    """Make a memory file of `size` bytes that can neither grow nor shrink. Returns its descriptor.

    The size is sealed so that a child cannot fill the machine's memory through it.
    """
    import fcntl  # here, because only Linux has the seals

    file = os.memfd_create("fieldfare-answer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(file, size)
    seals = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
    return file


def write_probe(file: int, probe: Probe) -> None:
    """Put the probe where it survives the child."""
    _write_head(file, PROBE_AT, msgspec.json.encode(probe), room=ANSWER_AT - PROBE_AT)


def write_answer(file: int, answer: Answer, arrays: Mapping[str, Array]) -> None:
    """Put the arrays and then the head that names them.

    Raises OSError if they do not fit the sealed size of the file.
    """
    heads: dict[str, ArrayHead] = {}
    at = ARRAYS_AT
    for name, array in arrays.items():
        spec = {"dtype": array.dtype.str[1:], "shape": list(array.shape), "at": at}
        heads[name] = msgspec.convert(spec, ArrayHead)
        _write_all(file, array.tobytes(), at)
        at += array.nbytes
    head = msgspec.json.encode(replace(answer, arrays=heads))
    _write_head(file, ANSWER_AT, head, room=ARRAYS_AT - ANSWER_AT)


def read_probe(file: int) -> Probe | None:
    """Read the probe, if the child got as far. Raises NonsenseAnswer."""
    return _read_head(file, PROBE_AT, Probe, room=ANSWER_AT - PROBE_AT)


def read_answer(file: int) -> tuple[Answer, dict[str, Array]] | None:
    """Read the answer and its arrays, or None if the child did not get as far.

    Raises NonsenseAnswer for anything out of shape: lengths beyond the file, numbers that are not
    finite.
    """
    answer = _read_head(file, ANSWER_AT, Answer, room=ARRAYS_AT - ANSWER_AT)
    if answer is None:
        return None
    size = os.fstat(file).st_size
    return answer, {name: _read_array(file, head, size) for name, head in answer.arrays.items()}


def _read_array(file: int, head: ArrayHead, size: int) -> Array:
    dtype = np.dtype(f"<{head.dtype}")
    length = math.prod(head.shape) * dtype.itemsize
    if head.at + length > size:
        raise NonsenseAnswer("an array reaches beyond the answer")
    data = os.pread(file, length, head.at)
    array: Array = np.frombuffer(data, dtype).reshape(head.shape)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise NonsenseAnswer("an array holds what is not a number")
    return array


def _write_head(file: int, at: int, head: bytes, *, room: int) -> None:
    if len(head) + _LENGTH > room:
        raise OSError(f"a head of {len(head)} bytes does not fit {room}")
    _write_all(file, head, at + _LENGTH)
    _write_all(file, len(head).to_bytes(_LENGTH, "little"), at)


def _write_all(file: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, at)
        view, at = view[written:], at + written


def _read_head(file: int, at: int, kind: type[_Head], *, room: int) -> _Head | None:
    length = int.from_bytes(os.pread(file, _LENGTH, at), "little")
    if length == 0:
        return None
    if length > room - _LENGTH:
        raise NonsenseAnswer("a head is longer than its room")
    try:
        return msgspec.json.decode(os.pread(file, length, at + _LENGTH), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NonsenseAnswer(f"a head is out of shape: {error}") from None
