"""Reactions: what each kind of event leads to, inside the evaluator's transaction."""

from collections.abc import Mapping, Sequence
from typing import Final

from fieldfare.decisions.gate import THRESHOLDS
from fieldfare.engine.brakes import BRAKING, Brakes
from fieldfare.engine.broken_rules import leaves_open, note_errors, unjudged
from fieldfare.engine.content import content_of, reached_by
from fieldfare.engine.deciding import Deciding, Question
from fieldfare.engine.floods import note_word_hits
from fieldfare.engine.grounds import Assessment, Facts, Grounds
from fieldfare.engine.in_force import Books
from fieldfare.engine.labels import project, write_changes
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.repositories import Pace
from fieldfare.kernel import EventId, JsonValue, Org
from fieldfare.ledger import ACCOUNT_ERASED
from fieldfare.records import (
    ACCOUNT,
    Decision,
    Event,
    ItemState,
    ItemVersion,
    NewEvent,
    Subject,
    Verdict,
)
from fieldfare.review.opening import end_cases

CONTENT: Final = "content"
"""The source of the verdicts that rest on the version itself, not on what happened to it later."""
TENFOLD: Final = 10
QUIET_HOUR: Final = 10
"""Views an hour below which a rate is too low to be multiplied."""


class React:
    """Decides on an event, or writes the events that follow from it."""

    def __init__(self, books: Books, deciding: Deciding, grounds: Grounds) -> None:
        self._books = books
        self._deciding = deciding
        self._grounds = grounds
        self._brakes = Brakes(books)

    def __call__(
        self, uow: UnitOfWork, event: Event, assessment: Assessment | None
    ) -> list[Decision]:
        if event.kind in BRAKING or event.kind == ACCOUNT_ERASED:
            self._brakes.forget(event.org)
        if event.data is None:
            return []
        if event.kind in {"item.changed", "item.deleted"}:
            # What people were asked about is gone: the version, or the whole item.
            left = str(event.data.get("version", "")) if event.kind == "item.changed" else ""
            end_cases(uow, event.org, event.subject, keep=left, now_ms=event.at)
        if assessment and assessment.outcome.labels:
            write_changes(uow, event, assessment.outcome.labels)
        match event.kind:
            case "item.posted" | "item.changed" | "item.scanned" if assessment:
                return self._on_content(uow, event, assessment)
            case "report.filed" if assessment:
                return self._on_report(uow, event, assessment)
            case "views.reached":
                return self._on_reached(uow, event, event.data)
            case "label.changed":
                project(uow, event)
            case "item.viewed":
                _note_reached(uow, event, event.data)
            case _:
                pass
        return []

    def _on_content(self, uow: UnitOfWork, event: Event, assessment: Assessment) -> list[Decision]:
        item = _standing_item(uow, event.org, event.subject, assessment.version)
        if item is None:
            return []
        _note_hits(uow, event, assessment)
        note_word_hits(uow, event, assessment.facts)
        return self._judged(uow, event, item, assessment, source=CONTENT, facts=assessment.facts)

    def _on_report(self, uow: UnitOfWork, event: Event, assessment: Assessment) -> list[Decision]:
        item = _standing_item(uow, event.org, event.subject, assessment.version)
        if item is None:
            return []
        _note_hits(uow, event, assessment)
        if self._is_silent(event.org, assessment):
            return []
        facts = content_of(uow, self._grounds, event.org, item).facts
        return self._judged(uow, event, item, assessment, source=event.kind, facts=facts)

    def _on_reached(
        self, uow: UnitOfWork, event: Event, data: Mapping[str, JsonValue]
    ) -> list[Decision]:
        item = _standing_item(uow, event.org, event.subject, str(data["version"]))
        if item is None:
            return []
        content = content_of(uow, self._grounds, event.org, item, as_of=event.id)
        reached = reached_by(content, event)
        assessment = self._grounds.judge(event, reached.data, reached.facts)
        _note_hits(uow, event, assessment)
        write_changes(uow, event, assessment.outcome.labels)
        if self._is_silent(event.org, assessment):
            return []
        return self._judged(uow, event, item, assessment, source=event.kind, facts=content.facts)

    def _is_silent(self, org: Org, assessment: Assessment) -> bool:
        """Tell whether the rules asked for nothing, said nothing and left nothing open."""
        outcome = assessment.outcome
        if outcome.verdicts or outcome.declared:
            return False
        return not leaves_open(self._books.of(org).pack, outcome.undecided)

    def _judged(
        self,
        uow: UnitOfWork,
        event: Event,
        item: ItemVersion,
        assessment: Assessment,
        *,
        source: str,
        facts: Facts,
    ) -> list[Decision]:
        verdicts = self._brakes.applied(uow, event, item, assessment.outcome.verdicts)
        about_item = [v for v in verdicts if v.subject == item.subject]
        about_item += unjudged(
            event.id,
            item.subject,
            item.digest,
            assessment.outcome,
            pack=self._books.of(event.org).pack,
            facts=facts,
        )
        first = is_fresh(item)
        if about_item or not first:
            uow.verdicts.replace_rules(event.org, item.subject, item.digest, source, about_item)
        question = Question(
            subject=item.subject,
            item=item,
            verdicts=about_item
            if first
            else uow.verdicts.standing(event.org, item.subject, item.digest),
            facts=facts,
            causes=_causes(event),
            models=assessment.models,
            first=first,
            rule_set=assessment.rule_set,
            declared=assessment.outcome.declared,
        )
        decided = [self._deciding.decide(uow, event.org, question)]
        decided += [
            self._on_account(uow, event, verdict, assessment.rule_set)
            for verdict in verdicts
            if verdict.subject.kind == ACCOUNT
        ]
        return [decision for decision in decided if decision is not None]

    def _on_account(
        self, uow: UnitOfWork, event: Event, verdict: Verdict, rule_set: str
    ) -> Decision | None:
        org, account = event.org, verdict.subject
        standing = uow.verdicts.standing(org, account, "")
        if all(_is_in_force(wanted, standing, event.at) for wanted in _wants(verdict)):
            return None
        uow.verdicts.replace_rules(org, account, "", verdict.author, [verdict])
        return self._deciding.decide(
            uow,
            org,
            Question(
                subject=account,
                item=None,
                verdicts=uow.verdicts.standing(org, account, ""),
                facts={},
                causes=_causes(event),
                rule_set=rule_set,
            ),
        )


def is_fresh(item: ItemVersion) -> bool:
    """Tell whether nobody can have spoken about a version's content yet.

    Verdicts are about a digest. An edit undone or an item posted again brings back a digest that
    may have been judged, in a version that has no decision of its own.
    """
    return item.number == 1 and item.decision_id is None


def _standing_item(uow: UnitOfWork, org: Org, subject: Subject, version: str) -> ItemVersion | None:
    """Give the item if this version is still the one that counts."""
    item = uow.items.current(org, subject)
    if item is None or item.digest != version or item.state is ItemState.DELETED:
        return None
    return item


def _note_hits(uow: UnitOfWork, event: Event, assessment: Assessment) -> None:
    """Keep which rules fired and which threw."""
    uow.rule_hits.add(assessment.hits)
    if errors := assessment.outcome.errors:
        note_errors(event, errors)


def _causes(event: Event) -> tuple[EventId, ...]:
    return (event.id, *event.causes) if event.kind == "item.scanned" else (event.id,)


def _wants(verdict: Verdict) -> set[tuple[str, str, str]]:
    return {(r.kind, r.policy, str(sorted(r.params.items()))) for r in verdict.restrictions}


def _is_in_force(wanted: tuple[str, str, str], standing: Sequence[Verdict], now_ms: int) -> bool:
    return any(
        wanted in _wants(verdict)
        and all(r.until is None or r.until > now_ms for r in verdict.restrictions)
        for verdict in standing
    )


def _note_reached(uow: UnitOfWork, event: Event, data: Mapping[str, JsonValue]) -> None:
    """Write views.reached when a window of views crossed a threshold or made the rate tenfold."""
    total, views = data.get("total"), data.get("views")
    if not isinstance(total, int) or not isinstance(views, int):
        return
    crossed = [step for step in THRESHOLDS if total - views < step <= total]
    # By the log's clock and in the order of the log, so that a replay finds the same hours.
    pace = uow.views.pace(event.org, event.subject, at_ms=event.at, views=views)
    if not crossed and not is_tenfold(pace):
        return
    item = uow.items.current(event.org, event.subject)
    if item is not None:
        reached: dict[str, JsonValue] = {
            "views": total,
            "version": item.digest,
            "actor": item.author.host_id,
            "views_per_hour": pace.views,
            "views_per_hour_before": pace.before,
        }
        if crossed:
            reached["threshold"] = crossed[-1]
        uow.log.append(
            event.org,
            NewEvent(
                kind="views.reached",
                subject=event.subject,
                person=item.author,
                causes=(event.id,),
                data=reached,
            ),
        )


def is_tenfold(pace: Pace) -> bool:
    """Tell whether the last window took the running hour to ten times the hour before.

    That happens at most once an hour, because an hour's views only grow. Hours of few views are
    counted as QUIET_HOUR, so that a handful of views is no surge; the first hour has nothing to be
    compared with.
    """
    if not pace.before:
        return False
    wanted = TENFOLD * max(pace.before, QUIET_HOUR)
    return pace.views - pace.added < wanted <= pace.views
