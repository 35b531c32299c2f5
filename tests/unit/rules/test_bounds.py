"""How much a rule set may be: what is too much is refused with a reason, and nothing explodes."""

from collections.abc import Callable

import pytest

from fieldfare.rules import RuleSetDoesNotCompile, load_rule_set, program
from fieldfare.rules.queries import compile_query
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary

HEAD = "N: int = JsonData(path='$.n')\nT: str = JsonData(path='$.t')\n"
DEEP = 40
"""Steps of names that use the one before twice: 2 ** 40 if each use were followed."""


def doubled(first: str, step: str, last: str) -> str:
    steps = [f"V{n} = " + step.replace("#", f"V{n - 1}") for n in range(1, DEEP)]
    return "\n".join([f"{HEAD}V0 = {first}", *steps, last.replace("#", f"V{DEEP - 1}")])


@pytest.mark.parametrize("semantics", ["safe", "osprey"])
@pytest.mark.parametrize(
    "source",
    [
        doubled("N + 1", "# + #", "R = Rule(when_all=[# > 3], description=f'{#}')"),
        doubled("N > 1", "# and #", "R = Rule(when_all=[#], description='')"),
        doubled("N > 1", "not # or not #", "R = Rule(when_all=[not #], description='')"),
        doubled(
            "Rule(when_all=[N > 1], description='')",
            "Rule(when_all=[# == #, # or not #], description='')",
            "",
        ),
    ],
)
def test_names_that_use_others_twice_compile_at_once(source: str, semantics: str) -> None:
    sources = {"main.sml": source, "ruleset.yaml": f"semantics: {semantics}\n"}

    rules = load_rule_set(sources, vocabulary=a_vocabulary())

    assert rules.rules


@pytest.mark.parametrize(
    "last",
    [
        "R = Rule(when_all=[Count(key=[T], window='5m', where=#) > 2], description='')",
        "Require(rule='other.sml', require_if=#)",
    ],
)
def test_a_counter_or_a_gate_that_cannot_be_spelled_out_is_refused(last: str) -> None:
    sources = {
        "main.sml": doubled("N > 1", "# and #", last),
        "other.sml": "S = Rule(when_all=[True], description='')",
    }

    with pytest.raises(RuleSetDoesNotCompile, match="more than 10,000 parts"):
        load_rule_set(sources, vocabulary=a_vocabulary())


def chained(depth: int) -> str:
    steps = [f"V{n} = V{n - 1} + 1\n" for n in range(1, depth)]
    rule = f"R = Rule(when_all=[V{depth - 1} > 3], description='')\n"
    return HEAD + "V0 = N + 1\n" + "".join(steps) + rule


def queried(depth: int) -> None:
    sources = {"main.sml": HEAD}
    steps = "\n".join(f"V{n} = V{n - 1} + 1" for n in range(1, depth))
    text = f"V0 = N + 1\n{steps}\nV{depth - 1} > 3"
    compile_query(text, sources=sources, vocabulary=a_vocabulary(), kinds=("like",))


@pytest.mark.parametrize("compiles", [lambda depth: a_rule_set(chained(depth)), queried])
@pytest.mark.parametrize("depth", [100, 250, 500])
def test_names_that_build_on_each_other_too_deeply_are_refused(
    compiles: Callable[[int], object], depth: int
) -> None:
    with pytest.raises(RuleSetDoesNotCompile, match="build on each other more deeply"):
        compiles(depth)


def test_a_rule_set_of_more_statements_than_compile_in_time_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "MAX_STATEMENTS", 3)
    assert a_rule_set(f"{HEAD}A = N + 1\n").rules == ()

    with pytest.raises(RuleSetDoesNotCompile, match="more than 3 statements"):
        a_rule_set(f"{HEAD}A = N + 1\nB = N + 2\n")
