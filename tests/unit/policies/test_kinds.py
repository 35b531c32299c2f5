import pytest

from fieldfare.policies import (
    RESTRICTION_KINDS,
    PolicyAction,
    RestrictionKind,
    UnfitRestriction,
    UnknownKind,
)
from fieldfare.records import Restriction


def a_restriction(kind: str, params: dict[str, str] | None = None) -> Restriction:
    return Restriction(kind=kind, policy="HB.LOW", params=params or {})


def test_the_kinds_of_items_stand_in_the_order_of_the_contract() -> None:
    of_items = sorted(
        (kind for kind in RESTRICTION_KINDS if "item" in kind.scopes), key=lambda kind: kind.order
    )

    assert [kind.name for kind in of_items] == [
        "label",
        "expose",
        "warn",
        "limit",
        "age_gate",
        "geo_block",
        "interaction",
        "hold",
        "remove",
    ]


def test_the_kinds_of_accounts_end_with_suspension_and_ban() -> None:
    of_accounts = sorted(
        (kind for kind in RESTRICTION_KINDS if "account" in kind.scopes),
        key=lambda kind: kind.order,
    )

    assert [kind.name for kind in of_accounts] == [
        "strike",
        "feature_block",
        "limit",
        "verify",
        "suspend",
        "ban",
    ]


def test_every_kind_is_carried_by_a_webhook_of_its_name() -> None:
    assert all(kind.webhook == f"effect.{kind.name}" for kind in RESTRICTION_KINDS)


def test_declaring_a_kind_gives_a_new_registry_and_leaves_the_old_one() -> None:
    kind = RestrictionKind(
        name="shush", order=25, scopes=frozenset({"item"}), gate="warn", webhook="host.shush"
    )

    kinds = RESTRICTION_KINDS.with_kind(kind)

    assert kinds["shush"].webhook == "host.shush"
    assert "shush" not in RESTRICTION_KINDS
    with pytest.raises(UnfitRestriction, match="declared already"):
        kinds.with_kind(kind)


def test_an_unknown_kind_is_refused_with_the_closest_or_all_names() -> None:
    with pytest.raises(UnknownKind, match="Did you mean 'remove'"):
        RESTRICTION_KINDS["remov"]
    with pytest.raises(UnknownKind, match="Known are label, expose, warn"):
        RESTRICTION_KINDS["xyzzy"]


@pytest.mark.parametrize(
    ("restriction", "words"),
    [
        (a_restriction("age_gate"), "needs 'min_age'"),
        (a_restriction("geo_block"), "needs 'markets'"),
        (a_restriction("ban"), "is for account, not item"),
        (a_restriction("hold", {"why": "x"}), "does not know 'why'"),
        (a_restriction("label", {"lable": "ai"}), "Did you mean 'label'"),
        (a_restriction("interaction", {"features": "comments,duets"}), "cannot be 'duets'"),
    ],
)
def test_a_restriction_that_does_not_fit_its_kind_is_refused(
    restriction: Restriction, words: str
) -> None:
    with pytest.raises(UnfitRestriction, match=words):
        RESTRICTION_KINDS.check(restriction, "item")


def test_a_feature_block_must_name_a_feature_there_is() -> None:
    with pytest.raises(UnfitRestriction, match="needs 'feature'"):
        RESTRICTION_KINDS.check(a_restriction("feature_block"), "account")
    with pytest.raises(UnfitRestriction, match="cannot be 'dancing'"):
        RESTRICTION_KINDS.check(a_restriction("feature_block", {"feature": "dancing"}), "account")
    RESTRICTION_KINDS.check(a_restriction("feature_block", {"feature": "live"}), "account")


def test_what_fits_passes() -> None:
    RESTRICTION_KINDS.check(a_restriction("interaction", {"features": "duet,stitch"}), "item")
    RESTRICTION_KINDS.check(a_restriction("label", {"label": "anything"}), "item")
    RESTRICTION_KINDS.check(a_restriction("limit"), "account")


def test_an_action_becomes_a_restriction_that_ends_when_it_says() -> None:
    for_good = PolicyAction(kind="limit").restriction("HB.LOW", at_ms=1_000)
    for_a_while = PolicyAction(kind="label", hours=0.5, params={"label": "ai"})

    assert (for_good.kind, for_good.policy, for_good.until) == ("limit", "HB.LOW", None)
    assert for_a_while.restriction("SY.UNLAB", at_ms=1_000).until == 1_801_000
    assert for_a_while.restriction("SY.UNLAB").params == {"label": "ai"}
