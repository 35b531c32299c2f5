"""Secrets: read beside the rest, part of conditions, never shown."""

from typing import Final

import pytest

from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.testing.rule_sets import a_rule_set, evaluated

SECRETS: Final = (
    "Ip: Secret[str] = JsonData(path='$.ip')\n"
    "Age: Secret[Optional[int]] = JsonData(path='$.age')\n"
    "Shown: str = JsonData(path='$.ip')\n"
)


def test_a_secret_is_read_beside_the_rest_and_stays_out_of_what_is_told() -> None:
    rules = a_rule_set(
        f"{SECRETS}Years = ResolveOptional(optional_value=Age, default_value=0) + 1\n"
        "R = Rule(when_all=[Ip == '10.0.0.7', Years > 3, StringLength(s=Ip) > 2,\n"
        "  Shown == 'open'],\n"
        "  description=f'from {Years}')\n"
        "WhenRules(rules_any=[R], then=[Limit(policy='IN.SPAM'),\n"
        "  Review(policy='IN.SPAM', reason=f'{Years} years')])"
    )
    data = {"ip": "open", "secret_data": {"ip": "10.0.0.7", "age": 41}}

    outcome = evaluated(rules, data)

    (reason,) = outcome.verdicts[0].reasons
    assert outcome.fired == ("R",)
    assert [(seen.name, seen.value) for seen in reason.seen] == [("Shown", "open")]
    assert reason.description == "from (secret)"
    assert [request.reason for request in outcome.verdicts[0].review] == ["(secret)"]
    assert "10.0.0.7" not in repr(outcome)
    assert evaluated(rules, {"ip": "10.0.0.7"}).fired == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("R = Rule(when_all=[True], description=f'{Ip}')", "never shown"),
        ("Lower = StringToLower(s=Ip)", "made of a secret"),
        ("Lower: str = StringToLower(s=Ip)", "made of a secret"),
        ("Both = [Ip, 'a']", "made of a secret"),
        ("Sure = ResolveOptional(optional_value=Ip, default_value='')", "made of a secret"),
        ("Place: Entity[str] = Entity(type='Ip', id=Ip)", "made of a secret"),
        ("Other: str = JsonData(path='$.secret_data.ip')", "is secret"),
        (
            (
                "R = Rule(when_all=[True], description=''); "
                "WhenRules(rules_any=[R], then=[Ban(account=Ip, policy='IN.SPAM')])"
            ),
            "is a secret",
        ),
    ],
)
def test_what_would_tell_a_secret_is_refused(line: str, message: str) -> None:
    with pytest.raises(RuleSetDoesNotCompile, match=message):
        a_rule_set(SECRETS + line)


def test_what_is_made_of_a_secret_may_say_so() -> None:
    rules = a_rule_set(
        f"{SECRETS}Lower: Secret[str] = StringToLower(s=Ip)\n"
        "R = Rule(when_all=[Lower == 'ab'], description='')\n"
    )

    assert evaluated(rules, {"secret_data": {"ip": "AB"}}).fired == ("R",)


def test_extract_literal_marks_a_literal_and_nothing_else() -> None:
    rules = a_rule_set(
        "Stage: ExtractLiteral[str] = 'trial'\n"
        "R = Rule(when_all=[Stage == 'trial'], description=f'{Stage}')"
    )

    assert evaluated(rules).fired == ("R",)
    for line in (
        "A: ExtractLiteral[str] = JsonData(path='$.a')",
        "A: ExtractLiteral[int] = StringLength(s='abc')",
    ):
        with pytest.raises(RuleSetDoesNotCompile, match="ExtractLiteral is for literals"):
            a_rule_set(line)
