"""The calls that count: their parameters, what each keeps, and what it gives."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldfare.rules.counters import Kind
from fieldfare.rules.signatures import Param
from fieldfare.rules.sml_types import ANY, BOOL, FLOAT, INT, STR, TIMEDELTA, SmlType


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that counts. keyed_only: it has this meaning only where a key is given."""

    params: tuple[Param, ...]
    kind: Kind = "count"
    returns: SmlType = INT
    keyed_only: bool = False


LOOKS_BACK: Final = "30d"

_KEY: Final = Param(name="key", type=ANY)
_WINDOW: Final = Param(name="window", type=STR, const=True)
_WHERE: Final = Param(name="where", type=BOOL, default=None, required=False)
_OF: Final = Param(name="of", type=ANY)
_BACK: Final = Param(name="window", type=STR, default=LOOKS_BACK, required=False, const=True)

CALLS: Final[Mapping[str, Call]] = {
    "Count": Call(params=(_KEY, _WINDOW, _WHERE)),
    "CountDistinct": Call(params=(_OF, _KEY, _WINDOW, _WHERE), kind="distinct"),
    "Sum": Call(params=(_OF, _KEY, _WINDOW, _WHERE), kind="sum", returns=FLOAT),
    "Rate": Call(params=(_KEY, _WINDOW, _WHERE), returns=FLOAT),
    "TimeSince": Call(
        params=(_KEY, _WHERE, _BACK), kind="since", returns=TIMEDELTA, keyed_only=True
    ),
}


def call_of(written: ast.Call, name: str) -> Call | None:
    """Find what a call counts; None if it counts nothing."""
    call = CALLS.get(name)
    if call and call.keyed_only and all(keyword.arg != "key" for keyword in written.keywords):
        return None
    return call
