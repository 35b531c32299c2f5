"""A live version that does not compile any more: everything is held, and our own tools mend it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from fieldfare.access import RoleName
from fieldfare.cli.rule_footing import footing
from fieldfare.decisions.unknowns import UNJUDGED_QUEUE
from fieldfare.engine.administration import activate_pack, put_list
from fieldfare.installation import pack_files
from fieldfare.testing.platforms import (
    Community,
    a_comment,
    a_community,
    an_installation,
    reopened,
)
from fieldfare.testing.sites import Site
from fieldfare.web.app import create_app

RULES = """
Text: str = JsonData(path='$.item.text')
Said = Rule(when_all=[Text == 'wivel'], description='said it')
WhenRules(rules_any=[Said], then=[Limit(policy='{policy}')])
"""


def rules_of(policy: str) -> dict[str, str]:
    return {"main.sml": RULES.replace("{policy}", policy)}


def left_behind(community: Community) -> str:
    """Put a version live, then a pack that has not what it names; give the version's hash."""
    platform, org = community.platform, community.org
    platform.versioning.override(org, rules_of("HS.SLUR"), by="admin")
    put, _ = platform.versioning.override(org, rules_of("IN.SPAM"), by="admin")
    policies = pack_files("default").policies["policies.yaml"].replace("IN.SPAM", "IN.OTHER")
    platform.store.write(
        lambda uow: activate_pack(uow, org, {"policies.yaml": policies}, by="test")
    )
    community.settle()
    return put.version.hash


def parts(http: TestClient, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    answer = http.get("/health", headers=headers)
    return answer.status_code, answer.json()["parts"]["rules"]


def test_everything_is_held_and_health_says_why(community: Community) -> None:
    live = left_behind(community)
    site = Site(community, create_app(community.platform))
    admin = site.signed_in("admin-of-all", RoleName.ADMIN).headers
    http = site.client()

    decision = community.posted(a_comment("nothing wrong with it"))

    assert decision.judgement.action == "hold"
    assert [wish.queue for wish in decision.judgement.review] == [UNJUDGED_QUEUE]
    assert decision.rule_set == live
    status, rules = parts(http, admin)
    assert (status, rules["ok"]) == (503, False)
    assert rules["not_compiling"] == [f"{community.org}/{live[:12]}"]
    assert rules["problems"] == [f"{community.org}: main.sml:4: unknown policy 'IN.SPAM'"]
    listed = http.get("/v1/rule-versions", headers=admin).json()["versions"]
    assert "unknown policy" in {row["hash"]: row["problem"] for row in listed}[live]
    page = http.get("/rules/versions", headers=admin).text
    assert "everything that comes is held until another version is live" in page
    assert "The live version goes on as it is" not in page
    assert "No rules are in force" not in http.get("/rules", headers=admin).text
    for path in (
        "/rules",
        "/rules/edit",
        "/investigate",
        f"/rules/versions/{live}",
        f"/rules/versions/{live}/shadow",
    ):
        assert http.get(path, headers=admin).status_code == 200


def test_it_starts_again_is_administered_and_gone_back_from(tmp_path: Path) -> None:
    installation = an_installation(tmp_path / "installation")
    with a_community(tmp_path / "home", installation) as community:
        live = left_behind(community)
        clock, settings = community.clock, community.platform.settings
    with reopened(settings, clock) as platform:
        community = Community(platform, clock)
        org = community.org
        assert community.posted(a_comment("first", host_id="c1")).judgement.action == "hold"
        platform.store.write(lambda uow: put_list(uow, org, "new", "quim\n", lexicon=False, by="t"))

        by = footing(settings.home, None)
        assert "IN.SPAM" not in by.words.policies
        assert by.words.banks is not None
        assert by.lists.keys() == by.words.lists >= {"new"}

        platform.versioning.roll_back(org, live, by="ola")
        community.settle()

        assert community.posted(a_comment("quim", host_id="c2")).judgement.action == "allow"
        assert community.posted(a_comment("wivel", host_id="c3")).judgement.action == "limit"
        assert all(part.ok for part in platform.books.health())
