"""Another policy pack: which versions of the rules cannot go on with it is told."""

from fieldfare.access import RoleName
from fieldfare.engine.administration import activate_pack
from fieldfare.engine.rule_moves import Proposal
from fieldfare.installation import pack_files
from fieldfare.rules.lifecycle import VersionState
from fieldfare.testing.platforms import Community
from fieldfare.testing.sites import Site
from fieldfare.web.app import create_app

RULES = """
Text: str = JsonData(path='$.item.text')
Said = Rule(when_all=[Text == 'wivel'], description='said it')
WhenRules(rules_any=[Said], then=[Limit(policy='{policy}')])
"""
JSON = {"accept": "application/json"}


def without_spam(community: Community) -> None:
    """Put a pack in force that has no IN.SPAM."""
    policies = pack_files("default").policies["policies.yaml"].replace("IN.SPAM", "IN.OTHER")
    community.platform.store.write(
        lambda uow: activate_pack(uow, community.org, {"policies.yaml": policies}, by="test")
    )
    community.settle()


def rules_of(policy: str) -> dict[str, str]:
    return {"main.sml": RULES.replace("{policy}", policy)}


def test_a_shadow_that_a_pack_leaves_behind_is_on_health_and_among_the_versions(
    community: Community,
) -> None:
    platform, org = community.platform, community.org
    platform.versioning.override(org, rules_of("HS.SLUR"), by="admin")
    shadow = platform.versioning.propose(org, rules_of("IN.SPAM"), Proposal(by="ira")).hash
    platform.versioning.move(org, shadow, VersionState.REVIEW, by="ira")
    platform.versioning.move(org, shadow, VersionState.SHADOW, by="ola")
    community.settle()
    site = Site(community, create_app(platform))
    admin = site.signed_in("admin-of-all", RoleName.ADMIN).headers

    without_spam(community)
    health = site.client().get("/health", headers=admin)
    listed = site.client().get("/v1/rule-versions", headers=admin).json()["versions"]
    page = site.client().get("/rules/versions", headers=admin).text

    assert health.status_code == 200
    assert health.json()["parts"]["rules"]["not_compiling"] == [f"{org}/{shadow[:12]}"]
    problems = {row["hash"]: row["problem"] for row in listed}
    assert "unknown policy 'IN.SPAM'" in problems.pop(shadow)
    assert set(problems.values()) == {""}
    assert "does not compile under the policies and lists in force" in page
