"""Strike, Expose and Restrict: what they ask for, and what is refused before it loads."""

import pytest

from fieldfare.records import Restriction, Subject
from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.testing.rule_sets import START_MS, a_rule_set, an_id, evaluated

HEAD = """
Author: Entity[str] = EntityJson(type='Account', path='$.author')
Length: int = JsonData(path='$.length')
R = Rule(when_all=[True], description='always')
"""


QUIET = "Restrict(kind='quiet', account=Author, policy='IN.SPAM', where=['live'], minutes=Length)"


def asked(effect: str, **data: object) -> tuple[Subject, Restriction]:
    rules = a_rule_set(f"{HEAD}WhenRules(rules_any=[R], then=[{effect}])")
    (verdict,) = evaluated(rules, {"author": "ada", **data}).verdicts
    (restriction,) = verdict.restrictions
    return verdict.subject, restriction


def test_exposure_is_capped_on_the_item() -> None:
    subject, restriction = asked("Expose(up_to=500, policy='HB.LOW')")

    assert subject == Subject("comment", "c1")
    assert (restriction.kind, restriction.params) == ("expose", {"up_to": "500"})


def test_a_strike_counts_the_policys_points_and_says_what_for() -> None:
    subject, restriction = asked("Strike(account=Author, policy='IN.SPAM')")

    assert subject == Subject("account", "ada")
    assert restriction.params == {"points": "1", "item": "comment:c1"}


def test_a_strike_can_count_more_and_end() -> None:
    _, restriction = asked("Strike(account=Author, policy='IN.SPAM', points=3, for_='90d')")

    assert restriction.params["points"] == "3"
    assert restriction.until == START_MS + 90 * 86_400_000


def test_a_declared_kind_takes_its_own_parameters() -> None:

    subject, restriction = asked(QUIET, length=15)

    assert subject == Subject("account", "ada")
    assert (restriction.kind, restriction.policy) == ("quiet", "IN.SPAM")
    assert restriction.params == {"where": "live", "minutes": "15"}


def test_a_parameter_that_is_unknown_is_an_error_of_the_effect() -> None:
    rules = a_rule_set(f"{HEAD}WhenRules(rules_any=[R], then=[{QUIET}])")

    outcome = evaluated(rules, {"author": "ada"})

    assert outcome.verdicts == ()
    assert outcome.errors == ("rule R: Restrict: minutes is Unknown",)


def test_a_kind_for_both_is_asked_on_the_item_unless_an_account_is_named() -> None:
    item, _ = asked("Restrict(kind='limit', policy='IN.SPAM')")
    account, _ = asked("Restrict(kind='limit', policy='IN.SPAM', account=Author)")

    assert (item.kind, account.kind) == ("comment", "account")


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        ("Restrict(kind='quit', policy='IN.SPAM')", "unknown kind of restriction 'quit'"),
        ("Restrict(kind='quiet', policy='IN.SPAM', where=['live'])", "no restriction of an item"),
        ("Restrict(kind='quiet', account=Author, policy='IN.SPAM')", "lacks where="),
        (
            "Restrict(kind='quiet', account=Author, policy='IN.SPAM', where=['live'], loud=1)",
            "no argument 'loud'",
        ),
        (
            "Restrict(kind='quiet', account=Author, policy='IN.SPAM', where=['live'], minutes='x')",
            "minutes takes int",
        ),
        ("Restrict(kind=Length, policy='IN.SPAM')", "the kind of a restriction is a literal"),
        ("Strike(account=Author)", "lacks policy="),
        ("Expose(up_to=Length, policy='HB.LOW')", "must be a literal"),
        ("Strike(account=Author, policy='IN.SPAM', for_='soon')", "not a duration"),
    ],
)
def test_what_a_kind_does_not_take_is_refused(effect: str, said: str) -> None:
    with pytest.raises(RuleSetDoesNotCompile, match=said):
        a_rule_set(f"{HEAD}WhenRules(rules_any=[R], then=[{effect}])")


def test_what_ends_and_what_names_the_item_follows_each_event() -> None:
    suspends = "Suspend(account='ada', policy='IN.SPAM', for_='7d')"
    strikes = "Strike(account='bo', policy='IN.SPAM')"
    rules = a_rule_set(f"{HEAD}WhenRules(rules_any=[R], then=[{suspends}, {strikes}])")

    def happening(after_ms: int, host_id: str) -> tuple[int, str]:
        subject = Subject("comment", host_id)
        outcome = evaluated(rules, {"author": "x"}, event_id=an_id(after_ms), subject=subject)
        suspended, struck = (verdict.restrictions[0] for verdict in outcome.verdicts)
        return suspended.until or 0, struck.params["item"]

    (first, first_item), (later, later_item) = happening(0, "c1"), happening(60_000, "c2")

    assert later - first == 60_000
    assert (first_item, later_item) == ("comment:c1", "comment:c2")
