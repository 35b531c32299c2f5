"""What a reviewer may choose, and what it means."""

import pytest

from fieldfare.policies import PolicyAction
from fieldfare.review import Action, Choice, ChoiceUnfit, consequences, foreseen
from fieldfare.testing.desk import PACK

ITEM_KINDS = [kind.name for kind in PACK.kinds if "item" in kind.scopes]


def kinds_of(code: str, action: Action) -> list[str]:
    made = consequences(PACK.policy(code), action, at_ms=0, kinds=ITEM_KINDS)
    assert all(restriction.policy == code for restriction in made)
    return [restriction.kind for restriction in made]


def test_allow_takes_nothing_away() -> None:
    assert kinds_of("AD.NUDE", Action.ALLOW) == []
    assert consequences(None, Action.REMOVE, at_ms=0, kinds=ITEM_KINDS) == ()


def test_the_foreseen_action_brings_everything_the_policy_foresees_with_it() -> None:
    assert kinds_of("AD.SUGG", Action.AGE_GATE) == kinds_of("AD.SUGG", Action.CONFIRM)
    assert set(kinds_of("AD.SUGG", Action.LIMIT)) == {"age_gate", "limit"}


def test_an_action_the_policy_does_not_foresee_stands_alone() -> None:
    assert kinds_of("CS.CSAM", Action.LIMIT) == ["limit"]


def test_an_age_gate_of_a_reviewer_s_own_is_for_adults() -> None:
    made = consequences(PACK.policy("CS.CSAM"), Action.AGE_GATE, at_ms=0, kinds=ITEM_KINDS)

    assert [(r.kind, r.min_age) for r in made] == [("age_gate", 18)]


@pytest.mark.parametrize("code", PACK.policies)
@pytest.mark.parametrize("action", Action)
def test_every_choice_of_the_pack_fits_the_kinds_of_items(code: str, action: Action) -> None:
    for restriction in consequences(PACK.policy(code), action, at_ms=0, kinds=ITEM_KINDS):
        PACK.kinds.check(restriction, "item")


@pytest.mark.parametrize("code", PACK.policies)
def test_the_action_offered_first_is_one_the_policy_foresees(code: str) -> None:
    first = foreseen(PACK.policy(code))

    confirmed = {action.kind for action in PACK.policy(code).on_confirm}
    assert first is Action.CONFIRM or first.value in confirmed


def test_a_restriction_for_hours_ends_after_them() -> None:
    action = PolicyAction(kind="limit", hours=2)

    assert action.restriction("AD.NUDE", at_ms=1_000).until == 1_000 + 7_200_000


@pytest.mark.parametrize(
    ("action", "policy", "note"),
    [(Action.REMOVE, "", ""), (Action.CONFIRM, "", ""), (Action.ALLOW, "", "x" * 2_001)],
)
def test_a_choice_without_its_policy_or_with_a_book_for_a_note_is_refused(
    action: Action, policy: str, note: str
) -> None:
    with pytest.raises(ChoiceUnfit):
        Choice(action=action, policy=policy, note=note)
