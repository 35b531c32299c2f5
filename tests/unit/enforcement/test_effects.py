"""From a decision to effects, bodies and outbox rows."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.enforcement import body_of, effects_of, rows_of
from fieldfare.kernel import EventId, Org, make_id
from fieldfare.records import Decision, Judgement, Restriction, Subject, Voice, Webhook

AT = 1_795_000_000_123
ORG = Org("main")


def a_decision(*restrictions: Restriction, revision: int = 1, decision_id: int = 0) -> Decision:
    return Decision(
        org=ORG,
        id=EventId(decision_id or make_id(AT)),
        at=AT,
        subject=Subject("comment", "c-1"),
        version="d1",
        revision=revision,
        judgement=Judgement(action="x", policy="p", by=Voice.RULE, restrictions=restrictions),
        pack="k",
        rule_set="r",
    )


def a_webhook(webhook_id: str = "w", *, kinds: frozenset[str] = frozenset()) -> Webhook:
    return Webhook(org=ORG, id=webhook_id, url="https://host/", secrets=("s",), kinds=kinds)


REMOVE = Restriction(kind="remove", policy="IN.SPAM")
LIMIT = Restriction(
    kind="limit", policy="AD.NUDE", surfaces=frozenset({"search", "feed"}), until=AT + 1000
)


def test_an_unrestricted_decision_has_one_effect_that_allows() -> None:
    (effect,) = effects_of(a_decision())

    assert (effect.kind, effect.of, effect.restriction, effect.policy) == ("allow", 1, None, "")


def test_each_restriction_is_one_effect_with_its_own_id() -> None:
    decision = a_decision(REMOVE, LIMIT)

    effects = effects_of(decision)

    assert [effect.kind for effect in effects] == ["remove", "limit"]
    assert [effect.id for effect in effects] == [f"{decision.id}-0", f"{decision.id}-1"]
    assert {effect.of for effect in effects} == {2}


def test_the_same_decision_gives_the_same_effects() -> None:
    assert effects_of(a_decision(REMOVE, LIMIT)) == effects_of(a_decision(REMOVE, LIMIT))


@pytest.mark.parametrize("name", ["take_down", "effect.take_down"])
def test_an_operators_kind_goes_out_under_its_webhook_name(name: str) -> None:
    (effect,) = effects_of(a_decision(REMOVE), kinds={"remove": name})

    assert effect.kind == "take_down"
    assert json.loads(body_of(effect))["type"] == "effect.take_down"


def test_public_reasons_are_those_of_the_effects_own_policy() -> None:
    effects = effects_of(
        a_decision(REMOVE, LIMIT), reasons_public={"AD.NUDE": ["Shows bare skin."], "XX": ["no"]}
    )

    assert [effect.reasons_public for effect in effects] == [(), ("Shows bare skin.",)]


def test_the_body_has_string_ids_and_rfc_3339_moments() -> None:
    decision = a_decision(LIMIT, revision=3)

    body = json.loads(body_of(effects_of(decision)[0]))

    assert body == {
        "type": "effect.limit",
        "id": f"{decision.id}-0",
        "org": "main",
        "decision_id": str(decision.id),
        "subject": {"kind": "comment", "host_id": "c-1"},
        "subject_revision": 3,
        "version": "d1",
        "of": 1,
        "restriction": {
            "kind": "limit",
            "policy": "AD.NUDE",
            "surfaces": ["feed", "search"],
            "markets": None,
            "min_age": None,
            "until": "2026-11-18T11:06:41.123Z",
            "params": {},
        },
        "policy": "AD.NUDE",
        "reasons_public": [],
        "at": "2026-11-18T11:06:40.123Z",
    }


def test_every_enabled_webhook_gets_every_effect() -> None:
    webhooks = [a_webhook("a"), a_webhook("b"), replace(a_webhook("c"), enabled=False)]

    rows = rows_of(effects_of(a_decision(REMOVE, LIMIT)), webhooks, due_at=AT)

    assert [(row.webhook_id, row.part) for row in rows] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert {row.due_at for row in rows} == {AT}


def test_a_webhook_of_another_organisation_gets_nothing() -> None:
    foreign = replace(a_webhook(), org=Org("other"))

    assert rows_of(effects_of(a_decision(REMOVE)), [foreign], due_at=AT) == ()


@pytest.mark.parametrize(
    ("restrictions", "revision", "parts"),
    [
        ((), 1, 0),
        ((LIMIT,), 1, 0),
        ((REMOVE, LIMIT), 1, 2),
        ((), 2, 1),
        ((LIMIT,), 2, 1),
    ],
)
def test_a_webhook_that_names_kinds_gets_whole_decisions_and_learns_of_lifting(
    restrictions: tuple[Restriction, ...], revision: int, parts: int
) -> None:
    wants_removals = a_webhook(kinds=frozenset({"remove"}))

    effects = effects_of(a_decision(*restrictions, revision=revision))

    assert len(rows_of(effects, [wants_removals], due_at=AT)) == parts


@given(ids=st.lists(st.integers(1, 2**63 - 1), unique=True, max_size=6), parts=st.integers(0, 12))
def test_effect_ids_are_unique_over_decisions(ids: list[int], parts: int) -> None:
    effects = [
        effect
        for decision_id in ids
        for effect in effects_of(a_decision(*[REMOVE] * parts, decision_id=decision_id))
    ]

    assert len({effect.id for effect in effects}) == len(effects) == len(ids) * max(parts, 1)
