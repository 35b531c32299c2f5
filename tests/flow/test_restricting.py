"""What rules ask for beyond taking down: capped views, strikes, and kinds an operator declared."""

from fieldfare.engine.administration import activate_pack, activate_rules
from fieldfare.engine.unit import UnitOfWork
from fieldfare.installation import pack_files
from fieldfare.records import Webhook
from fieldfare.testing.platforms import Community, a_comment

KINDS = """kinds:
  quiet:
    order: 22
    scope: account
    gate: pass
    params:
      where: {choices: [live, direct], many: true, required: true}
      minutes: {number: true}
"""
HEAD = """
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
Always = Rule(when_all=[True], description='always')
"""


def given_rules(community: Community, *effects: str) -> None:
    platform, org = community.platform, community.org
    policies = pack_files("default").policies["policies.yaml"]
    then = ", ".join(effects)
    files = {"main.sml": f"{HEAD}WhenRules(rules_any=[Always], then=[{then}])"}

    def write(uow: UnitOfWork) -> None:
        pack = activate_pack(
            uow, org, {"policies.yaml": policies.replace("kinds:\n", KINDS, 1)}, by="test"
        )
        activate_rules(uow, org, files, pack, by="test")

    platform.store.write(write)
    community.settle()


def test_an_item_with_capped_exposure_is_shown_up_to_its_views(community: Community) -> None:
    given_rules(community, "Expose(up_to=50, policy='IN.SPAM')")

    decision = community.posted(a_comment())

    seen = community.may_see("comment", "c1")
    assert decision.judgement.action == "expose"
    assert (seen.show, seen.max_views) == ("yes", 50)


def test_a_strike_reaches_the_host_once_for_each_item(community: Community) -> None:
    given_rules(community, "Strike(account=Author, policy='HS.SLUR')")
    community.subscribe(
        Webhook(org=community.org, id="w", url="https://host.example/h", secrets=())
    )

    community.posted(a_comment())
    community.posted(a_comment(host_id="c2"))

    made = community.platform.store.read(
        lambda uow: uow.outbox.page(community.org, states=None, before=None, limit=50)
    )
    bodies = [row.body.decode() for row in made if row.subject.kind == "account"]
    assert sorted('"item":"comment:c1"' in body for body in bodies) == [False, True]
    assert all("effect.strike" in body for body in bodies)


def test_a_kind_the_pack_declares_is_carried_with_its_parameters(community: Community) -> None:
    given_rules(
        community,
        "Restrict(kind='quiet', account=Author, policy='IN.SPAM', where=['live'], minutes=9)",
    )

    community.posted(a_comment())

    decision = community.decision("account", "ana")
    assert decision is not None
    (restriction,) = decision.judgement.restrictions
    assert (restriction.kind, dict(restriction.params)) == (
        "quiet",
        {"where": "live", "minutes": "9"},
    )
    assert community.may_see("comment", "c1").show == "yes"
