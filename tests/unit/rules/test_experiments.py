"""Experiments: who is in which bucket, that growing moves nobody, and what is refused."""

import mmh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.rules.experiments import OUTSIDE, PLACES, bucket_of, place_of
from fieldfare.testing.rule_sets import a_rule_set, evaluated

TRIAL = """
Author: Entity[str] = EntityJson(type='Account', path='$.author')
Score: int = JsonData(path='$.score')
Trial = Experiment(
    entity=Author, buckets=['control', 'strict'], bucket_sizes={sizes}, version=1, revision=0
)
Stopped = Rule(
    when_all=ExperimentWhen(experiment=Trial, control=[Score > 10], strict=[Score > 5, Score != 7]),
    description='too much',
)
WhenRules(rules_any=[Stopped], then=[Hold(policy='IN.SPAM')])
"""


def an_author_in(bucket: str, sizes: tuple[int, int] = (5_000, 5_000)) -> str:
    names = (f"account{n}" for n in range(10_000))
    return next(n for n in names if bucket_of("Trial", n, ("control", "strict"), sizes) == bucket)


def test_the_conditions_of_the_entitys_bucket_count() -> None:
    rules = a_rule_set(TRIAL.format(sizes="[50.0, 50.0]"))

    def fires(bucket: str, score: int) -> bool:
        return bool(evaluated(rules, {"author": an_author_in(bucket), "score": score}).fired)

    assert not fires("control", 6)
    assert fires("control", 11)
    assert fires("strict", 6)
    assert not fires("strict", 7)


def test_who_is_outside_is_treated_as_the_control() -> None:
    rules = a_rule_set(TRIAL.format(sizes="[1.0, 1.0]"))
    author = an_author_in(OUTSIDE, (100, 100))

    assert evaluated(rules, {"author": author, "score": 11}).fired == ("Stopped",)
    assert evaluated(rules, {"author": author, "score": 6}).fired == ()


def test_the_exposure_stands_among_the_reasons_once() -> None:
    rules = a_rule_set(TRIAL.format(sizes="[50.0, 50.0]"))
    outcome = evaluated(rules, {"author": an_author_in("strict"), "score": 11})

    (reason,) = outcome.verdicts[0].reasons
    exposures = [(seen.name, seen.value) for seen in reason.seen if seen.name == "Trial"]
    assert exposures == [("Trial", "strict")]


def test_an_unknown_entity_is_in_no_bucket_and_nothing_fires() -> None:
    rules = a_rule_set(TRIAL.format(sizes="[50.0, 50.0]"))

    assert evaluated(rules, {"score": 11}).fired == ()


def test_places_are_those_of_the_hash_osprey_uses() -> None:
    assert place_of("Trial", "ada") == mmh3.hash("Trial/ada", 42, signed=False) % 10_000


_SIZES = st.integers(1, 10).flatmap(
    lambda n: st.lists(
        st.tuples(st.integers(0, PLACES // n), st.integers(0, PLACES // n)), min_size=n, max_size=n
    )
)


@given(name=st.text(max_size=8), entity=st.text(max_size=12), sizes=_SIZES)
def test_growing_takes_members_in_and_never_moves_one(
    name: str, entity: str, sizes: list[tuple[int, int]]
) -> None:
    buckets = [f"b{n}" for n in range(len(sizes))]
    before = bucket_of(name, entity, buckets, [min(pair) for pair in sizes])
    after = bucket_of(name, entity, buckets, [max(pair) for pair in sizes])

    assert before in {after, OUTSIDE}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("buckets=['a', 'b'], bucket_sizes=[1.0, 1.0]", "one bucket is called 'control'"),
        ("buckets=['control', 'b'], bucket_sizes=[1.0]", "one size for each bucket"),
        ("buckets=['control', 'b'], bucket_sizes=[60.0, 1.0]", "grow into another"),
        ("buckets=['control', 'b'], bucket_sizes=[1.0, 0.125]", "two decimals"),
        ("buckets=['control', 'control'], bucket_sizes=[1.0, 1.0]", "names of their own"),
        ("buckets=[], bucket_sizes=[]", "1 to 10 buckets"),
    ],
)
def test_an_experiment_that_could_not_be_fair_is_refused(arguments: str, said: str) -> None:
    text = f"""
Author: Entity[str] = EntityJson(type='Account', path='$.author')
Trial = Experiment(entity=Author, {arguments}, version=1, revision=0)
"""
    with pytest.raises(RuleSetDoesNotCompile, match=said):
        a_rule_set(text)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("experiment=Trial, control=[Score > 1]", "'strict' of Trial is missing"),
        ("experiment=Trial, control=[Score > 1], strict=[], srict=[]", "no bucket 'srict'"),
        ("experiment=Score, control=[Score > 1]", "this is no experiment"),
        ("experiment=Trial, control=Score > 1, strict=[Score > 1]", "list of conditions"),
        ("control=[Score > 1]", "this is no experiment"),
    ],
)
def test_conditions_that_do_not_fit_the_experiment_are_refused(when: str, said: str) -> None:
    text = TRIAL.format(sizes="[50.0, 50.0]").replace(
        "experiment=Trial, control=[Score > 10], strict=[Score > 5, Score != 7]", when
    )

    with pytest.raises(RuleSetDoesNotCompile, match=said):
        a_rule_set(text)


def test_an_experiment_without_a_name_is_refused() -> None:
    text = TRIAL.format(sizes="[50.0, 50.0]").replace(
        "Trial = Experiment(", "Trial = is_missing(x=Experiment("
    )

    with pytest.raises(RuleSetDoesNotCompile, match="an experiment needs a name"):
        a_rule_set(text.replace("revision=0\n)", "revision=0\n))"))
