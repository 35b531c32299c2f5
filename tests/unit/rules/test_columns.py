"""A function's column form answers for a batch of events, and never changes what comes out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fieldfare.rules import RuleSet, function, load_rule_set
from fieldfare.rules.extensions import known_functions
from fieldfare.testing.rule_sets import a_vocabulary, an_id, evaluated

MAIN = (
    "T: str = JsonData(path='$.t')\nN: float = JsonData(path='$.n')\n"
    "Long = Rule(when_all=[Weighed(s=StringToLower(s=T), by=N) > 2.0], description='{T}')\n"
    "Rest = Rule(when_all=[Weighed(s=T, by=N) == None], description='')\n"
    "Often = Rule(when_all=[Weighed(s=T, by=Count(key=[T], window='1h')) > 0.0], description='')\n"
)
TEXTS: list[dict[str, object]] = [
    {"t": "Bramble", "n": 1},
    {"t": "bramble", "n": 1.0},
    {"t": "", "n": 3},
    {"t": "nettle", "n": 0.1},
    {"t": None, "n": 1},
    {"t": "Bramble", "n": 1},
]


class Counted:
    """A function and its column form that count how often they are called."""

    def __init__(self, columns: Callable[[Sequence[str], Sequence[float]], Any] | None) -> None:
        self.rows = 0
        self.batches = 0

        def weigh(s: str, by: float) -> float | None:
            """Weigh a text."""
            self.rows += 1
            return len(s) * by if s else None

        def counted(texts: Sequence[str], weights: Sequence[float]) -> Any:  # noqa: ANN401 -- tests give nonsense
            self.batches += 1
            assert columns is not None
            return columns(texts, weights)

        made = function(name="Weighed", columns=counted if columns else None)(weigh)
        fenced = replace(made, guarded=True, origin="other")
        words = replace(a_vocabulary(), functions={**known_functions(), "Weighed": fenced})
        self.rules: RuleSet = load_rule_set({"main.sml": MAIN}, vocabulary=words)


def weighed(texts: Sequence[str], weights: Sequence[float]) -> list[float | None]:
    return [len(s) * by if s else None for s, by in zip(texts, weights, strict=True)]


def fired(rules: RuleSet, *, ahead: bool) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    if ahead:
        nothing: dict[str, object] = {}
        rules.work_ahead(("item.posted", an_id(at), d, nothing) for at, d in enumerate(TEXTS))
    outcomes = [evaluated(rules, data, event_id=an_id(at)) for at, data in enumerate(TEXTS)]
    return [(outcome.fired, outcome.errors) for outcome in outcomes]


def test_a_batch_is_answered_by_one_call_for_each_place_and_gives_the_same() -> None:
    one, many = Counted(None), Counted(weighed)

    assert fired(many.rules, ahead=True) == fired(one.rules, ahead=False)
    assert many.batches == 2  # `Often` asks by a count, which no event tells beforehand
    assert many.rows < one.rows


def test_without_a_batch_the_function_itself_is_called() -> None:
    many = Counted(weighed)

    assert fired(many.rules, ahead=False) == fired(Counted(None).rules, ahead=False)
    assert many.batches == 0


@pytest.mark.parametrize(
    "columns",
    [
        lambda texts, weights: 1 / 0,  # noqa: ARG005 -- both forms take the same
        lambda texts, weights: [1.0],  # noqa: ARG005 -- likewise
        lambda texts, weights: ["x" for _ in texts],  # noqa: ARG005 -- likewise
        lambda texts, weights: None,  # noqa: ARG005 -- likewise
    ],
    ids=["raises", "too few", "of another type", "no list"],
)
def test_a_column_form_that_fails_leaves_it_to_the_function(
    columns: Callable[[Sequence[str], Sequence[float]], Any],
) -> None:
    many = Counted(columns)

    assert fired(many.rules, ahead=True) == fired(Counted(None).rules, ahead=False)
    assert many.batches > 0


def test_answers_are_forgotten_with_the_next_batch() -> None:
    many = Counted(weighed)
    fired(many.rules, ahead=True)
    many.rules.work_ahead([])
    rows = many.rows

    fired(many.rules, ahead=False)

    assert many.rows > rows
