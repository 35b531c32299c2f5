"""The compiler against an interpreter of each null semantics, over random rules and any data."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.rules import RuleSet, Semantics, load_rule_set
from fieldfare.testing.rule_interpreter import (
    MISSING,
    Interpreter,
    OspreyInterpreter,
    SafeInterpreter,
    TooLarge,
    Tree,
)
from fieldfare.testing.rule_sets import a_vocabulary, evaluated

KINDS: Final = {
    "i": "int",
    "j": "?int",
    "f": "float",
    "g": "?float",
    "s": "str",
    "t": "?str",
    "b": "bool",
    "c": "bool",
    "m": "list",
}
WRITTEN: Final = {"list": "List[str]"}
INTERPRETERS: Final[dict[Semantics, Callable[..., Interpreter]]] = {
    "safe": SafeInterpreter,
    "osprey": OspreyInterpreter,
}
BROKEN: Final = "the rule has broken"


def declared(name: str) -> str:
    kind = KINDS[name]
    of = WRITTEN.get(kind, kind.removeprefix("?"))
    annotation = f"Optional[{of}]" if kind.startswith("?") else of
    return f"{name.upper()}: {annotation} = JsonData(path='$.{name}')\n"


def literal(value: object) -> Tree:
    return Tree("literal", repr(value), value=value)


def feature(name: str) -> Tree:
    return Tree("feature", name.upper(), name=name)


def two(op: str, left: Tree, right: Tree) -> Tree:
    return Tree(op, f"({left.written} {op} {right.written})", (left, right))


def resolved(name: str, otherwise: Tree) -> Tree:
    of = feature(name)
    written = f"ResolveOptional(optional_value={of.written}, default_value={otherwise.written})"
    return Tree("default", written, (of, otherwise))


def narrowed(op: str, name: str, bound: Tree) -> Tree:
    """Build `X != None and X < bound` or `X == None or X < bound`."""
    of = feature(name)
    word, asks = ("and", "there") if op == "and" else ("or", "missing")
    told = Tree(asks, f"{of.written} {'!=' if op == 'and' else '=='} None", (of,))
    last = two("<", of, bound)
    return Tree(word, f"({told.written} {word} {last.written})", (told, last))


NUMBERS = st.recursive(
    st.one_of(
        st.sampled_from([feature("i"), feature("f")]),
        st.integers(-9, 9).map(literal),
        st.sampled_from([0, 1, -1, 2.5, 1e200]).map(literal),
        st.builds(resolved, st.sampled_from(["i", "j"]), st.integers(-3, 3).map(literal)),
        st.sampled_from(["s"]).map(
            lambda n: Tree("length", f"StringLength(s={n.upper()})", (feature(n),))
        ),
    ),
    lambda below: st.one_of(
        st.builds(two, st.sampled_from(["+", "-", "*", "/", "//", "%"]), below, below),
        below.map(lambda of: Tree("-1", f"(-{of.written})", (of,))),
    ),
    max_leaves=4,
)
TEXTS = st.one_of(
    st.sampled_from([feature("s")]),
    st.sampled_from(["", "a", "é", "1"]).map(literal),
    st.builds(resolved, st.just("t"), st.sampled_from(["", "a"]).map(literal)),
)
EQUALITY = st.sampled_from(["==", "!="])
MEMBERSHIP = st.sampled_from(["in", "not in"])
ORDER = st.sampled_from(["<", "<=", ">", ">="])
MAYBE = st.sampled_from([feature(name) for name in "ijfgst"])


def listed(items: list[Tree]) -> Tree:
    return Tree("list", f"[{', '.join(item.written for item in items)}]", tuple(items))


LISTS = st.one_of(
    st.just(feature("m")),
    st.lists(TEXTS, min_size=1, max_size=4).map(listed),
    st.lists(st.sampled_from(["a", "b", "é", "1"]).map(literal), min_size=1, max_size=4).map(
        listed
    ),
)
CONDITIONS = st.recursive(
    st.one_of(
        st.sampled_from([feature("b"), feature("c")]),
        st.builds(two, ORDER, NUMBERS, NUMBERS),
        st.builds(two, EQUALITY, NUMBERS, NUMBERS),
        st.builds(two, EQUALITY, TEXTS, st.sampled_from([feature("s"), feature("t")])),
        st.builds(two, EQUALITY, st.just(feature("j")), NUMBERS),
        st.builds(two, MEMBERSHIP, st.sampled_from([feature("s"), feature("t")]), LISTS),
        st.builds(two, MEMBERSHIP, TEXTS, TEXTS),
        MAYBE.map(lambda of: Tree("missing", f"({of.written} == None)", (of,))),
        MAYBE.map(lambda of: Tree("there", f"({of.written} != None)", (of,))),
        st.builds(narrowed, st.sampled_from(["and", "or"]), st.sampled_from(["j", "g"]), NUMBERS),
    ),
    lambda below: st.one_of(
        st.builds(two, st.sampled_from(["and", "or"]), below, below),
        st.builds(two, EQUALITY, below, below),
        below.map(lambda of: Tree("not", f"(not {of.written})", (of,))),
    ),
    max_leaves=6,
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from(
        ["", "a", "é", "1", "-2", " 3 ", "2.5", "nan", "inf", "\u0661", "\ud800", "1_0"]
    ),
    st.lists(st.sampled_from(["a", "b", 1, None]), max_size=3),
    st.dictionaries(st.just("a"), st.integers(), max_size=1),
)
EVENTS = st.dictionaries(st.sampled_from(sorted(KINDS)), VALUES)


TYPED: Final = {
    "i": st.integers(-4, 4),
    "j": st.integers(-4, 4),
    "f": st.sampled_from([0.0, -1.5, 2.5]),
    "g": st.sampled_from([0.0, -1.5, 2.5]),
    "s": st.sampled_from(["", "a", "b", "1"]),
    "t": st.sampled_from(["", "a", "b", "1"]),
    "b": st.booleans(),
    "c": st.booleans(),
    "m": st.lists(st.sampled_from(["a", "b"]), max_size=2),
}
WELL_TYPED = st.fixed_dictionaries(
    {}, optional={name: st.one_of(st.none(), values) for name, values in TYPED.items()}
)


def worth_of(interpreter: Interpreter, tree: Tree) -> object:
    try:
        return interpreter.worth(tree)
    except TooLarge:
        return BROKEN


def compiled(trees: list[Tree], semantics: Semantics) -> RuleSet:
    text = "".join(declared(name) for name in KINDS)
    for at, tree in enumerate(trees):
        text += (
            f"D{at} = {tree.written}\n"
            f"Yes{at} = Rule(when_all=[{tree.written}], description='')\n"
            f"No{at} = Rule(when_all=[not {tree.written}], description='')\n"
            f"Named{at} = Rule(when_all=[D{at}], description='')\n"
            f"Failed{at} = Rule(when_all=[Yes{at} == None], description='')\n"
            f"FailedName{at} = Rule(when_all=[D{at} == None], description='')\n"
        )
    words = replace(a_vocabulary(), event_kinds=frozenset({"item.posted"}))
    return load_rule_set({"main.sml": text}, vocabulary=words, semantics=semantics)


@pytest.mark.parametrize("semantics", ["safe", "osprey"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_compiled_rules_agree_with_an_interpreter(
    semantics: Semantics, data: st.DataObject
) -> None:
    trees = data.draw(st.lists(CONDITIONS, min_size=1, max_size=4))
    events = data.draw(st.lists(EVENTS, min_size=1, max_size=12))
    rules = compiled(trees, semantics)

    for event in events:
        outcome = evaluated(rules, event)
        interpreter = INTERPRETERS[semantics](KINDS, event)
        worths = [worth_of(interpreter, tree) for tree in trees]
        assert outcome.errors == () or BROKEN in worths
        for at, (tree, worth) in enumerate(zip(trees, worths, strict=True)):
            if worth is BROKEN:
                continue  # part of it may not have been asked for
            told = {
                "Yes": worth is True,
                "Named": worth is True,
                "No": worth is False,
                "Failed": worth is MISSING,
                "FailedName": worth is MISSING,
            }
            for name, is_fired in told.items():
                assert (f"{name}{at}" in outcome.fired) == is_fired, (name, tree.written, event)


@pytest.mark.parametrize("semantics", ["safe", "osprey"])
def test_a_number_too_large_breaks_its_own_rule_only(semantics: Semantics) -> None:
    square = two("*", feature("i"), feature("i"))
    rules = compiled([two(">", square, literal(0)), feature("b")], semantics)

    outcome = evaluated(rules, {"i": 1.5e154, "b": True})

    assert {"Failed0", "FailedName0", "Yes1", "Named1"} == set(outcome.fired)
    assert "more than a rule may compute" in outcome.errors[0]


@settings(max_examples=80, deadline=None)
@given(tree=CONDITIONS, events=st.lists(WELL_TYPED, min_size=1, max_size=20))
def test_where_nothing_is_warned_of_the_two_semantics_agree(
    tree: Tree, events: list[dict[str, object]]
) -> None:
    text = "".join(declared(name) for name in KINDS)
    text += f"R = Rule(when_all=[{tree.written}], description='')"
    words = replace(a_vocabulary(), event_kinds=frozenset({"item.posted"}))
    safe = load_rule_set({"main.sml": text}, vocabulary=words)
    osprey = load_rule_set({"main.sml": text}, vocabulary=words, semantics="osprey")

    assert safe.warnings == osprey.warnings
    if not safe.warnings:
        for event in events:
            assert evaluated(safe, event).fired == evaluated(osprey, event).fired, tree.written
