"""Deciding: verdicts in, one Decision with its effects and cases out, all in the open transaction.

The one place where a Decision reaches the log. Rules, people, appeals and orders all come through
here, so that resolve, revision, outbox and cases can never disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fieldfare.decisions import resolve
from fieldfare.decisions.record import Conclusion, decided_by, event_of
from fieldfare.enforcement import effects_of, rows_of
from fieldfare.engine.in_force import Books
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.repositories import Account
from fieldfare.kernel import EventId, Org, Unknown, at_of, digest
from fieldfare.policies import PolicyPack
from fieldfare.records import (
    ACCOUNT,
    Decision,
    FactValue,
    ItemState,
    ItemVersion,
    Judgement,
    Subject,
    Verdict,
    Voice,
    Webhook,
)
from fieldfare.review.opening import drop_answered, open_cases

UNJUDGED_NOTICE: Final = "We could not check this yet. Nobody has found anything wrong with it."
"""What an author is told of a hold that rests on no policy."""
Facts = Mapping[str, FactValue | Unknown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be decided and on which grounds.

    item: None for an account. verdicts: all that stand, new ones included. causes: the events
    behind it. facts: what is known of this version; an absent fact does not apply. first: nothing
    was decided yet on this version and nobody has spoken before. always: record even what changes
    nothing. effects_at: ms since 1970, earliest moment to send. rule_set: hash of the version of
    the rules that spoke; "": the one given to the item's author.
    declared: words of DeclareVerdicts.
    """

    subject: Subject
    item: ItemVersion | None
    verdicts: Sequence[Verdict]
    facts: Facts
    causes: tuple[EventId, ...]
    models: Mapping[str, str] = field(default_factory=dict)
    first: bool = False
    always: bool = False
    effects_at: int = 0
    rule_set: str = ""
    declared: tuple[str, ...] = ()


class Deciding:
    """Makes decisions inside a unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books
        # Read for every decision and hardly ever changed; the log says when.
        self._webhooks: dict[Org, Sequence[Webhook]] = {}

    def decide(self, uow: UnitOfWork, org: Org, question: Question) -> Decision | None:
        """Resolve and record. None if what holds is what held before and nobody new is asked."""
        in_force = self._books.of(org)
        judgement = resolve(
            question.verdicts,
            subject=question.subject,
            pack=in_force.pack,
            kinds=in_force.pack.kinds,
            facts=question.facts,
            version=question.item.digest if question.item else "",
        )
        before = None if question.first else _before(uow, org, question)
        if not question.always and before is not None and _is_same(before, judgement, question):
            return None
        decision = self._record(uow, org, question, judgement)
        _index(uow, org, question, decision)
        self._carry_out(uow, decision, in_force.pack, effects_at=question.effects_at)
        if judgement.review and question.item is not None:
            # Where a person has spoken, only what came after them still asks.
            spoken = any(verdict.by is not Voice.RULE for verdict in question.verdicts)
            open_cases(uow, decision, in_force.pack, again=spoken)
        if not question.first and question.item is not None and judgement.by is Voice.RULE:
            drop_answered(uow, decision, now_ms=decision.at)
        return decision

    def _record(
        self, uow: UnitOfWork, org: Org, question: Question, judgement: Judgement
    ) -> Decision:
        in_force = self._books.of(org)
        verdict = Conclusion(
            version=question.item.digest if question.item else "",
            revision=_revision(uow, org, question) + 1,
            judgement=judgement,
            pack=in_force.pack.hash,
            rule_set=question.rule_set or in_force.rules_for(_author(question)).hash,
            models=dict(question.models),
            declared=question.declared,
        )
        person = question.item.author if question.item else question.subject
        event = uow.log.append(
            org, event_of(verdict, question.subject, person=person, causes=question.causes)
        )
        return decided_by(event, verdict)

    def forget_webhooks(self, org: Org) -> None:
        """Read an organisation's webhooks anew: one was changed."""
        self._webhooks.pop(org, None)

    def _carry_out(
        self, uow: UnitOfWork, decision: Decision, pack: PolicyPack, *, effects_at: int
    ) -> None:
        webhooks = self._webhooks.get(decision.org)
        if webhooks is None:
            webhooks = self._webhooks[decision.org] = uow.webhooks.all(decision.org)
        if not webhooks:
            return
        effects = effects_of(
            decision,
            kinds={kind.name: kind.webhook or kind.name for kind in pack.kinds},
            reasons_public={
                code: (pack.policies[code].text().notice if code else UNJUDGED_NOTICE,)
                for code in {r.policy for r in decision.judgement.restrictions}
            },
        )
        rows = rows_of(effects, webhooks, due_at=max(effects_at, decision.at))
        uow.outbox.add(rows)


def _before(uow: UnitOfWork, org: Org, question: Question) -> Decision | None:
    if question.item is None:
        made = uow.decisions.of_subject(org, question.subject)
        return made[-1] if made else None
    if question.item.decision_id is None:
        return None
    return uow.decisions.get(org, question.item.decision_id)


def _is_same(decision: Decision, now: Judgement, question: Question) -> bool:
    before = decision.judgement
    asks_anew = {r.policy for r in now.review} - {r.policy for r in before.review}
    says_anew = set(question.declared) - set(decision.declared)
    return (
        before.action == now.action
        and before.by == now.by
        and digest(before.restrictions) == digest(now.restrictions)
        and not (asks_anew or says_anew)
    )


def _author(question: Question) -> str:
    return question.item.author.host_id if question.item else question.subject.host_id


def _revision(uow: UnitOfWork, org: Org, question: Question) -> int:
    if question.item is not None:
        return question.item.revision
    account = uow.accounts.get(org, question.subject)
    if account is not None and account.revision:
        return account.revision
    # Who was erased and came back goes on from where they were: hosts ignore older revisions.
    return uow.decisions.last_revision(org, question.subject)


def _index(uow: UnitOfWork, org: Org, question: Question, decision: Decision) -> None:
    item = question.item
    views = 0 if question.first or item is None else uow.views.total(org, question.subject)
    uow.decisions.save(
        decision, posted_at=item.posted_at if item else at_of(decision.id), views=views
    )
    if item is not None:
        uow.items.settle(
            org,
            question.subject,
            item.digest,
            state=ItemState.DECIDED,
            decision_id=decision.id,
            revision=decision.revision,
        )
    elif question.subject.kind == ACCOUNT:
        account = uow.accounts.get(org, question.subject) or Account(
            subject=question.subject, created_at=0
        )
        uow.accounts.put(org, replace(account, decision_id=decision.id, revision=decision.revision))
