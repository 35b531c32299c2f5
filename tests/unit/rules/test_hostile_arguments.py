"""Whatever an event holds, a standard function answers, is Unknown, or raises ValueError."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.kernel import EventId
from fieldfare.rules.functions import FUNCTIONS
from fieldfare.rules.signatures import Param
from fieldfare.rules.strings import MAX_MADE
from fieldfare.testing.rule_sets import an_id

TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="@.+-:/0123456789abcT%[]|\ud800\u0130\u00df", max_size=60),
    st.sampled_from(["", "a" * 5_000, "1" * 5_000, "9999-12-31T23:59:59-23:59", "http://["]),
    st.datetimes().map(str),
    st.ip_addresses().map(str),
    st.emails(),
)
NUMBERS = st.integers(min_value=-(2**70), max_value=2**70)
ANYTHING = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none(), st.floats())
OF_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "str": TEXTS,
    "int": NUMBERS,
    "timedelta": NUMBERS,
    "float": st.floats(min_value=0.001, max_value=0.999),
    "bool": st.booleans(),
    "dict": st.dictionaries(TEXTS, ANYTHING, max_size=3),
    "any": ANYTHING,
}
LITERALS = {
    "start": st.integers(0, 5),
    "end": st.integers(6, 99),
    "granularity_seconds": st.integers(3_600, 10**9),
    "v4": st.integers(0, 32),
    "v6": st.integers(0, 128),
}
MADE: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "timedelta": int,
    "bool": bool,
    "list": list,
}


def values(param: Param) -> st.SearchStrategy[Any]:
    if param.choices:
        return st.sampled_from(param.choices)
    if param.const and param.name in LITERALS:
        return LITERALS[param.name]
    if param.const and param.type.base == "int":
        return st.integers(-1_000, 1_000)
    if param.type.base == "list":
        inside = TEXTS if param.type.item else ANYTHING
        return st.lists(inside, max_size=5)
    return OF_TYPE[param.type.base]


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_standard_function_never_throws_anything_but_a_value_error(
    name: str, data: st.DataObject
) -> None:
    function = FUNCTIONS[name]
    given_by_engine = {
        "event_id": EventId(an_id()),
        "site": "main.sml:x:0",
        "fact:domain.mx": {},
        "fact:hash.match.banks": data.draw(st.dictionaries(TEXTS, ANYTHING, max_size=3)),
    }
    args = [data.draw(values(param), label=param.name) for param in function.params]
    args += [given_by_engine[what] for what in function.given]

    try:
        made = function.run(*args)
    except ValueError:
        return

    assert made is not None or function.may_be_unknown
    assert made is None or isinstance(made, MADE[function.returns.base])
    assert not isinstance(made, str) or len(made) <= MAX_MADE
    assert repr(function.run(*args)) == repr(made)
