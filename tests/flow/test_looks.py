"""Looking at items: who looked is recorded, and nothing begins anew for who was erased."""

from fieldfare.access import RoleName, Scope
from fieldfare.engine.looks import LOOKED_AT, looked_at
from fieldfare.records import ACCOUNT, Subject
from fieldfare.testing.platforms import Community, a_comment
from fieldfare.testing.sites import Site
from fieldfare.web.app import create_app

COMMENT = Subject("comment", "c1")


def test_a_look_at_an_item_of_an_erased_person_gives_them_no_new_key(community: Community) -> None:
    platform, org, author = community.platform, community.org, Subject(ACCOUNT, "ana")
    community.posted(a_comment())
    platform.erase(org, author, "test")

    platform.store.write(lambda uow: looked_at(uow, org, COMMENT, by="reviewer"))

    pseudonym = platform.vault.pseudonym(org, author)
    assert platform.store.read(lambda uow: uow.data_keys.get(org, pseudonym)) is None
    events = platform.store.read(lambda uow: uow.log.of_subject(org, COMMENT, limit=50))
    assert events[-1].kind == "item.looked_at"


def test_a_look_at_what_is_not_there_leaves_nothing(community: Community) -> None:
    platform, org = community.platform, community.org

    platform.store.write(lambda uow: looked_at(uow, org, COMMENT, by="reviewer"))

    assert not platform.store.read(lambda uow: uow.log.of_subject(org, COMMENT, limit=50))


def test_a_person_who_reads_an_item_through_the_api_is_recorded_and_a_program_is_not(
    community: Community,
) -> None:
    community.posted(a_comment())
    site = Site(community, create_app(community.platform))
    client, path = site.client(), "/v1/items/comment/c1"

    by_key = client.get(path, headers=site.keyed(Scope.ADMIN).headers)
    after_key = looks(community)
    in_person = client.get(path, headers=site.signed_in("ben", RoleName.REVIEWER).headers)

    assert (by_key.status_code, in_person.status_code) == (200, 200)
    assert (after_key, looks(community)) == (0, 1)


def looks(community: Community) -> int:
    """Count the looks at the comment."""
    org = community.org
    events = community.platform.store.read(lambda uow: uow.log.of_subject(org, COMMENT, limit=50))
    return sum(event.kind == LOOKED_AT for event in events)
