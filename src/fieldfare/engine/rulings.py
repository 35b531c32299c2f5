"""Rulings: a person's verdict joined with all that stands, for the review room's transactions."""

from fieldfare.engine.content import content_of
from fieldfare.engine.deciding import Deciding, Question
from fieldfare.engine.feedback import suggest_denials
from fieldfare.engine.grounds import Grounds, models_of
from fieldfare.engine.near_copies import forget, remember
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Clock, NotFound, Org
from fieldfare.records import Decision, ItemState, Subject, Verdict, Voice


class Ruling:
    """What `review.Reviewing` is given as its deciding. undo_ms: how long effects wait."""

    def __init__(self, deciding: Deciding, grounds: Grounds, clock: Clock, *, undo_ms: int) -> None:
        self._deciding = deciding
        self._grounds = grounds
        self._clock = clock
        self._undo_ms = undo_ms

    def __call__(
        self, uow: UnitOfWork, org: Org, subject: Subject, version: str, verdict: Verdict | None, /
    ) -> Decision:
        """Decide anew. Raises NotFound if the version is gone or no longer counts."""
        item = uow.items.current(org, subject)
        if item is None or item.digest != version or item.state is ItemState.DELETED:
            hint = "It was changed, deleted or erased meanwhile; the case has ended."
            raise NotFound(f"{subject} has no version {version[:8]} any more", hint=hint)
        content = content_of(uow, self._grounds, org, item)
        wait_ms = self._undo_ms if verdict else 0
        decision = self._deciding.decide(
            uow,
            org,
            Question(
                subject=subject,
                item=item,
                verdicts=uow.verdicts.standing(org, subject, version),
                facts=content.facts,
                causes=(verdict.event_id, item.event_id) if verdict else (item.event_id,),
                models=models_of(content.data),
                always=True,
                effects_at=self._clock.now_ms() + wait_ms,
            ),
        )
        if decision is None:
            raise AssertionError("a question that is always recorded has an answer")
        # What a person removed is known for as long as that removal is what holds.
        forget(uow, org, subject, version)
        if verdict is not None or decision.judgement.by is Voice.PERSON:
            remember(uow, decision, item)
        if verdict is not None:
            suggest_denials(uow, decision, item, by=verdict.author)
        return decision
