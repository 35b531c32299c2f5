"""Rules that quote what a person wrote, and where their words are when the person is erased."""

import pytest

from fieldfare.engine.administration import activate_rules
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ledger import ERASED
from fieldfare.records import ACCOUNT, Case, Event, Subject
from fieldfare.review import Hold
from fieldfare.testing.platforms import Community, a_comment

ANA = Subject(ACCOUNT, "ana")
RULES = """
Text: str = JsonData(path='$.item.text')
Quoted = Rule(when_all=['tobrek' in Text], description='')
WhenRules(rules_any=[Quoted], then=[Review(policy='HS.SLUR', reason=f'said {Text}')])
"""


@pytest.fixture
def quoted(community: Community) -> Case:
    """Have a rule open a case whose reason quotes a comment."""
    platform, org = community.platform, community.org
    platform.store.write(
        lambda uow: activate_rules(uow, org, {"main.sml": RULES}, platform.pack(org), by="test")
    )
    community.settle()
    community.posted(a_comment("tobrek glimbwort"))
    (case,) = cases_of(community)
    return case


def cases_of(community: Community) -> tuple[Case, ...]:
    comment = Subject("comment", "c1")
    return tuple(
        community.platform.store.read(lambda uow: uow.cases.of_subject(community.org, comment))
    )


def follow_up(community: Community, case: Case) -> None:
    """Look at the case's media, and let it become overdue."""
    platform = community.platform

    def reveal(uow: UnitOfWork) -> None:
        held = platform.reviewing.claim(uow, community.org, "ann")
        assert held is not None
        hold = Hold(org=community.org, case_id=case.id, reviewer="ann", token=held.token)
        platform.reviewing.reveal(uow, hold, what="stills")

    platform.store.write(reveal)
    community.clock.advance(case.due_at - case.opened_at + 1)
    platform.deadlines.step()


def events_of(community: Community, case: Case) -> list[Event]:
    """Read the opening of a case and what came of it."""

    def read(uow: UnitOfWork) -> list[Event]:
        ids = (case.id, *uow.log.caused_by(community.org, case.id))
        return [found for each in ids if (found := uow.log.get(community.org, each))]

    return community.platform.store.read(read)


def test_what_becomes_of_a_case_belongs_to_the_author(community: Community, quoted: Case) -> None:
    follow_up(community, quoted)

    told = events_of(community, quoted)

    assert quoted.reason == "said tobrek glimbwort"
    assert {event.kind for event in told} >= {"case.opened", "case.overdue", "media.revealed"}
    assert {event.person for event in told} == {ANA}


def test_the_words_of_a_case_go_with_the_person_it_quotes(
    community: Community, quoted: Case
) -> None:
    follow_up(community, quoted)

    community.platform.erase(community.org, ANA, "me")

    (case,) = cases_of(community)
    assert case.reason == ""
    for event in events_of(community, quoted):
        assert event.data is None
        assert event.person is not None
        assert event.person.kind == ERASED
