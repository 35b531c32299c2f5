"""Fences around functions of other packages: whatever they do stays one Unknown, and is noted."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from fieldfare.rules.code_writer import note
from fieldfare.rules.signatures import AnyFunction
from fieldfare.rules.sml_types import SmlType
from fieldfare.rules.strings import bounded, number

_PYTHON: Final[Mapping[str, type]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "list": list,
    "dict": dict,
    "timedelta": int,
}


@lru_cache(maxsize=1_024)
def guarded(function: AnyFunction) -> Callable[..., Any]:
    """Wrap a function: the wrapper takes the list of errors first, then the arguments.

    It gives None where the function raises, gives something of another type than it says, a number
    that is not finite, or a text longer than a rule may make; the first two and the last are noted.
    """
    label = f"{function.origin} {function.name}".strip()  # errors are counted by the last word
    run, of = function.run, function.returns

    def call(errors: list[str], *args: object) -> object:
        try:
            return taken(run(*args), of)
        except Exception as e:  # noqa: BLE001 -- other people's code; it is noted on the event
            note(errors, label, e)
            return None

    call.__name__ = label
    return call


def taken(value: object, of: SmlType) -> object:
    """Take an answer of the type a function says it gives. Raises TypeError, ValueError."""
    wanted = _PYTHON.get(of.base)
    if value is None or wanted is None:
        return value
    if of.base == "float" and type(value) in {int, float}:
        return number(value)  # type: ignore[arg-type]  # the line above says so
    if type(value) is not wanted:
        raise TypeError(f"it gave {type(value).__name__}, not {of}")
    if isinstance(value, str):
        return bounded(value)
    inner = _PYTHON.get(of.item.base) if of.item else None
    if inner and isinstance(value, list) and any(type(item) is not inner for item in value):
        raise TypeError(f"it gave a list of other things, not {of}")
    return value
