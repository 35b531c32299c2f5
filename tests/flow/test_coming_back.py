"""Who was erased and comes back under the same host id."""

from fieldfare.records import ACCOUNT, Decision, Subject
from fieldfare.testing.platforms import Community, a_comment

HASTY = Subject(ACCOUNT, "hasty")


def flood(community: Community, tag: str) -> Decision:
    """Have a new account post so fast that the rules restrict it."""
    community.send(
        {
            "kind": "account.created",
            "key": f"a{tag}",
            "actor": HASTY.host_id,
            "market": "DE",
            "created_at": "2026-03-02T08:59:00Z",
        }
    )
    for number in range(25):
        item = a_comment(f"wivel {tag} {number}", host_id=f"c{tag}{number}", author=HASTY.host_id)
        community.post(item)
    community.settle()
    decision = community.decision(HASTY.kind, HASTY.host_id)
    assert decision is not None
    return decision


def test_an_account_that_comes_back_goes_on_with_its_revisions(community: Community) -> None:
    before = flood(community, "x")
    community.platform.erase(community.org, HASTY, "me")

    after = flood(community, "y")

    assert after.revision > before.revision


def test_an_account_can_be_erased_as_often_as_it_comes_back(community: Community) -> None:
    revisions = []
    for tag in "xyz":
        revisions.append(flood(community, tag).revision)
        community.platform.erase(community.org, HASTY, "me")

    assert revisions == sorted(set(revisions))
    assert community.decision(HASTY.kind, HASTY.host_id) is None
