"""Counters over the life of an installation: new rules, restarts, kills, imported history."""

from typing import Final

from fieldfare.engine.administration import activate_rules
from fieldfare.testing.platforms import Community, a_comment

COUNTING: Final = """
Author: str = JsonData(path='$.item.author')
Text: str = JsonData(path='$.item.text')
Posts = Count(key=Author, window='{window}')
Many = Rule(when_all=[Posts >= {most}], description=f'{{Posts}} posts')
WhenRules(rules_any=[Many], then=[Limit(policy='IN.SPAM')])
"""


def put_rules(community: Community, *, window: str = "1h", most: int = 3) -> None:
    """Put rules in force that limit the comment of an author who posted so much."""
    platform, org = community.platform, community.org
    files = {"main.sml": COUNTING.format(window=window, most=most)}
    platform.store.write(lambda uow: activate_rules(uow, org, files, platform.pack(org), by="test"))
    community.settle()


def posts(community: Community, *numbers: int) -> list[str]:
    """Post a comment each, and give what was decided."""
    made = [community.posted(a_comment(f"wivel {n}", host_id=f"c{n}")) for n in numbers]
    return [decision.judgement.action for decision in made]


def test_a_new_counter_knows_what_came_before_its_rules(community: Community) -> None:
    assert posts(community, 1, 2) == ["allow", "allow"]

    put_rules(community)

    assert posts(community, 3) == ["limit"]


def test_a_counter_that_stays_as_it_is_goes_on_under_new_rules(community: Community) -> None:
    put_rules(community, most=9)
    running = community.platform.grounds._running[community.org]
    posts(community, 1, 2)

    put_rules(community, most=3)

    assert running.cold == frozenset()
    assert posts(community, 3) == ["limit"]


def test_a_counter_of_another_window_counts_its_own_past(community: Community) -> None:
    put_rules(community, most=9, window="1h")
    posts(community, 1)
    community.clock.advance(7_200_000)
    posts(community, 2)

    put_rules(community, most=3, window="1d")

    assert posts(community, 3) == ["limit"]
