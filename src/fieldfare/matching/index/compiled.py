"""Numba behind a typed door: functions compiled to machine code, and two instructions.

The one module that names Numba and LLVM. It is imported only by the kernels, and those only when
rows are sought or written: a command that needs no index does not pay for it.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Kernel = TypeVar("Kernel", bound=Callable[..., object])

WORDS = types.Array(types.uint64, 2, "C", readonly=True)
ENTRIES = types.Array(types.uint64, 1, "C", readonly=True)
OFFSETS = types.Array(types.uint32, 2, "C", readonly=True)
PLACES = types.Array(types.uint32, 1, "C")
HITS = types.Array(types.uint32, 2, "C")
REACHES = types.Array(types.int64, 1, "C", readonly=True)
WORDS_OUT = types.Array(types.uint64, 2, "C")
COUNT = types.int64
NOTHING = types.void
_BYTES = ir.IntType(8).as_pointer()
_FLAG = ir.IntType(32)
_READ, _KEEP, _DATA = (ir.Constant(_FLAG, value) for value in (0, 3, 1))


def compiled(result: Any, *arguments: Any) -> Callable[[Kernel], Kernel]:  # noqa: ANN401  # types
    """Compile a function for one signature, to run without the interpreter's lock.

    The result is kept on disk (see `warm`), by processor and by the text of the module; where no
    folder can be written to, it is compiled anew in each process.
    """

    def decorate(function: Kernel) -> Kernel:
        signature = result(*arguments)
        made: Any
        try:
            made = njit(signature, cache=True, nogil=True)(function)
        except RuntimeError:  # "cannot cache function ...: no locator available"
            made = njit(signature, nogil=True)(function)
        return cast("Kernel", made)

    return decorate


def inlined(function: Kernel) -> Kernel:
    """Compile a function as part of each kernel that calls it."""
    made: Any = njit(nogil=True)(function)
    return cast("Kernel", made)


def _write_prefetch(context: Any, builder: Any, signature: Any, given: Any) -> object:  # noqa: ANN401
    """Write the call of LLVM's prefetch for the address of one place of an array."""
    array = context.make_array(signature.args[0])(context, builder, given[0])
    address = builder.bitcast(builder.gep(array.data, [given[1]]), _BYTES)
    kind = ir.FunctionType(ir.VoidType(), [_BYTES, _FLAG, _FLAG, _FLAG])
    declared: Any = cgutils
    instruction = declared.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    builder.call(instruction, [address, _READ, _KEEP, _DATA])
    return context.get_dummy_value()


def _write_ones(_context: Any, builder: Any, _signature: Any, given: Any) -> object:  # noqa: ANN401
    return builder.ctpop(given[0])


def _type_prefetch(_typing: Any, array: Any, place: Any) -> object:  # noqa: ANN401  # Numba's types
    return NOTHING(array, place), _write_prefetch


def _write_row_prefetch(context: Any, builder: Any, signature: Any, given: Any) -> object:  # noqa: ANN401
    """Write the same for the first place of a row of four words."""
    place = builder.mul(given[1], ir.Constant(ir.IntType(64), 4))
    return _write_prefetch(context, builder, signature, (given[0], place))


def _type_row_prefetch(_typing: Any, array: Any, row: Any) -> object:  # noqa: ANN401  # as above
    return NOTHING(array, row), _write_row_prefetch


def _type_ones(_typing: Any, word: Any) -> object:  # noqa: ANN401  # Numba's types
    return types.uint64(word), _write_ones


_instruction: Callable[[object], Any] = intrinsic

prefetch: Callable[[NDArray[np.uint64], np.uint64], None] = _instruction(_type_prefetch)
"""Ask for the cache line of a place of an array, (n,), ahead of its use. Never faults."""

prefetch_row: Callable[[NDArray[np.uint64], np.uint64], None] = _instruction(_type_row_prefetch)
"""Ask for the cache line where a row of an array, (n, 4), begins. Any row; never faults."""

ones: Callable[[np.uint64], np.uint64] = _instruction(_type_ones)
"""Count the bits that are set in a word."""
