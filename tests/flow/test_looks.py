"""Looking at items: who looked is recorded, and nothing begins anew for who was erased."""

from fieldfare.engine.looks import looked_at
from fieldfare.records import ACCOUNT, Subject
from fieldfare.testing.platforms import Community, a_comment

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
