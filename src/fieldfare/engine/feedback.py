"""Feedback: what people say of matches, kept by entry and item, and told on the log.

A person confirms or denies a match. Where a decision of a person overturns one, that is kept as a
suggestion: nothing is removed by itself. Exchanges are told what was said of their entries.
"""

from typing import Final

from fieldfare.engine.administration import note
from fieldfare.engine.banks import BANK, the_entry
from fieldfare.engine.content import scan_of
from fieldfare.engine.floods import matches_of
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, JsonValue, NotFound, Org
from fieldfare.matching.repositories import Feedback, Opinion
from fieldfare.records import Decision, ItemVersion, Subject, Voice

JUDGED: Final = "match.judged"


def judge_match(
    uow: UnitOfWork,
    org: Org,
    entry_id: EventId,
    item: Subject,
    opinion: Opinion,
    *,
    words: str = "",
    by: str,
) -> Feedback:
    """Keep what somebody says of a match, in the place of what they said of it before.

    Raises NotFound if there is no such entry, or nobody knows the item.
    """
    entry = the_entry(uow, org, entry_id)
    if uow.items.current(org, item) is None:
        raise NotFound(f"no item {item}", hint="Name it by its kind and the host's id.")
    data: dict[str, JsonValue] = {
        "entry": str(entry_id),
        "item": {"kind": item.kind, "host_id": item.host_id},
        "opinion": opinion.value,
        "note": words,
        "source": entry.source,
    }
    event_id = note(uow, org, JUDGED, Subject(BANK, entry.bank), data=data, by=by)
    event = uow.log.get(org, event_id)
    feedback = Feedback(
        org=org,
        entry=entry_id,
        item=item,
        by=by,
        opinion=opinion,
        note=words,
        at=event.at if event else 0,
        event_id=event_id,
    )
    uow.feedback.put(feedback)
    return feedback


def suggest_denials(uow: UnitOfWork, decision: Decision, item: ItemVersion, *, by: str) -> int:
    """Keep that a person allowed what entries matched; returns for how many entries."""
    judgement = decision.judgement
    if judgement.by is not Voice.PERSON or judgement.action != "allow":
        return 0
    scan = scan_of(uow, decision.org, item)
    said = 0
    for match in matches_of((scan.data or {}) if scan else {}):
        entry_id = EventId(int(str(match["entry"])))
        harmful = match.get("polarity") != "known_good" and not match.get("suppressed_by")
        told = {each.by: each for each in uow.feedback.of_entry(decision.org, entry_id)}
        if harmful and by not in told and uow.entries.get(decision.org, entry_id) is not None:
            judge_match(uow, decision.org, entry_id, item.subject, Opinion.SUGGESTED_DENIAL, by=by)
            said += 1
    return said
