"""What was read or compiled once is not read or compiled again: neither by a look nor a refresh."""

from dataclasses import replace

import pytest

from fieldfare.engine.administration import put_list
from fieldfare.engine.banks import put_bank
from fieldfare.engine.compiling import Compiler
from fieldfare.matching.repositories import BankRecord
from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.testing.platforms import Community
from fieldfare.testing.rule_sets import a_vocabulary

RULES = {
    "main.sml": """
Fakes = 'fakes'
Known = Rule(when_all=[HashMatch(bank=Fakes)], description='known')
WhenRules(rules_any=[Known], then=[Limit(policy='IN.SPAM')])
"""
}


def a_bank(community: Community, name: str) -> None:
    platform, org = community.platform, community.org
    bank = BankRecord(org=org, name=name, policy="IN.SPAM", vetted=True)
    platform.store.write(lambda uow: put_bank(uow, bank, platform.pack(org), by="t"))
    community.settle()


def test_a_version_that_was_checked_is_the_one_that_decides_and_is_looked_at(
    community: Community,
) -> None:
    platform, org = community.platform, community.org
    a_bank(community, "fakes")

    _, checked = platform.versioning.override(org, RULES, by="t")
    community.settle()

    assert platform.rule_set(org) is checked
    a_bank(community, "more")
    assert platform.rule_set(org) is checked
    assert platform.versioning.override(org, RULES, by="t")[1] is checked


def test_a_bank_that_is_not_there_is_found_however_often_the_rules_were_compiled() -> None:
    compiler, words = Compiler(), a_vocabulary()
    unchecked = compiler.rules(RULES, replace(words, banks=None))

    for _ in range(2):
        with pytest.raises(RuleSetDoesNotCompile, match="unknown bank 'fakes'"):
            compiler.rules(RULES, replace(words, banks=frozenset({"fake"})))

    assert compiler.rules(RULES, replace(words, banks=frozenset({"fakes"}))) is unchecked


def test_a_list_that_did_not_change_is_not_read_again(community: Community) -> None:
    platform, org = community.platform, community.org

    def put(name: str, text: str) -> frozenset[str]:
        platform.store.write(lambda uow: put_list(uow, org, name, text, lexicon=False, by="t"))
        community.settle()
        return platform.books.of(org).lists["odd"]

    first = put("odd", "sarno\n")

    assert put("more", "wivel\n") is first
    assert put("odd", "quim\n") == {"quim"}
