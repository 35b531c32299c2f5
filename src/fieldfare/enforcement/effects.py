"""From a decision to what the host has to carry out.

A decision flows in; one effect per restriction flows out ("allow" when nothing is restricted), and
from the effects the outbox rows for every webhook that wants them. Pure, so that the engine can
write decision, effects and rows in one transaction and a second run would write the same.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from fieldfare.kernel import JsonValue, canonical_json, rfc3339
from fieldfare.records import Decision, Effect, OutboxRow, OutboxState, Restriction, Webhook

ALLOW: Final = "allow"
PREFIX: Final = "effect."
FIRST_REVISION: Final = 1


def effects_of(
    decision: Decision,
    *,
    kinds: Mapping[str, str] | None = None,
    reasons_public: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Effect, ...]:
    """Say what one decision asks the host to carry out, in a fixed order.

    kinds: restriction kind -> the name declared for its webhook, with or without `effect.` before
    it; others keep their own.
    reasons_public: policy code -> words fit for the author; an effect carries those of its policy.
    """
    names, words = kinds or {}, reasons_public or {}
    restrictions: tuple[Restriction | None, ...] = decision.judgement.restrictions or (None,)
    return tuple(
        Effect(
            org=decision.org,
            id=f"{decision.id}-{part}",
            at=decision.at,
            kind=ALLOW if restriction is None else _named(restriction.kind, names),
            decision_id=decision.id,
            part=part,
            subject=decision.subject,
            version=decision.version,
            subject_revision=decision.revision,
            of=len(restrictions),
            restriction=restriction,
            policy="" if restriction is None else restriction.policy,
            reasons_public=() if restriction is None else tuple(words.get(restriction.policy, ())),
        )
        for part, restriction in enumerate(restrictions)
    )


def _named(kind: str, names: Mapping[str, str]) -> str:
    return names.get(kind, kind).removeprefix(PREFIX)


def rows_of(
    effects: Sequence[Effect], webhooks: Sequence[Webhook], *, due_at: int
) -> tuple[OutboxRow, ...]:
    """Write every effect once for each enabled webhook of its organisation that wants it.

    A webhook that names kinds gets a decision in full if it wants one of its kinds, and every
    decision after the subject's first: otherwise it would not learn that a kind was lifted.
    due_at: ms since 1970, the first moment the rows may be sent.
    """
    return tuple(
        OutboxRow(
            org=effect.org,
            id=effect.id,
            decision_id=effect.decision_id,
            part=effect.part,
            webhook_id=webhook.id,
            subject=effect.subject,
            subject_revision=effect.subject_revision,
            body=body_of(effect),
            state=OutboxState.DUE,
            attempts=0,
            due_at=due_at,
        )
        for webhook in webhooks
        if webhook.enabled
        for effect in effects
        if effect.org == webhook.org and _is_wanted(effect, effects, webhook)
    )


def _is_wanted(effect: Effect, effects: Sequence[Effect], webhook: Webhook) -> bool:
    if not webhook.kinds or effect.subject_revision > FIRST_REVISION:
        return True
    same = (other.kind for other in effects if other.decision_id == effect.decision_id)
    return not webhook.kinds.isdisjoint(same)


def body_of(effect: Effect) -> bytes:
    """Write the webhook's body: canonical JSON, ids as strings, moments as RFC 3339."""
    body: dict[str, JsonValue] = {
        "type": f"{PREFIX}{effect.kind}",
        "id": effect.id,
        "org": effect.org,
        "decision_id": str(effect.decision_id),
        "subject": {"kind": effect.subject.kind, "host_id": effect.subject.host_id},
        "subject_revision": effect.subject_revision,
        "version": effect.version,
        "of": effect.of,
        "restriction": None if effect.restriction is None else restriction_json(effect.restriction),
        "policy": effect.policy,
        "reasons_public": list(effect.reasons_public),
        "at": rfc3339(effect.at),
    }
    return canonical_json(body)


def restriction_json(restriction: Restriction) -> dict[str, JsonValue]:
    """Write a restriction as webhooks and the API carry it."""
    return {
        "kind": restriction.kind,
        "policy": restriction.policy,
        "surfaces": _scope(restriction.surfaces),
        "markets": _scope(restriction.markets),
        "min_age": restriction.min_age,
        "until": None if restriction.until is None else rfc3339(restriction.until),
        "params": dict(restriction.params),
    }


def _scope(names: frozenset[str] | None) -> JsonValue:
    return None if names is None else [*sorted(names)]
