"""The content behind an item version: its post (or scan) on the log, and the facts known of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldfare.engine.grounds import SCANNED, Facts, Grounds, awaits_scan
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.kinds import ITEM_KINDS
from fieldfare.kernel import EventId, JsonValue, Org, Unknown
from fieldfare.kernel.ids import LAST_ID
from fieldfare.records import Event, ItemVersion
from fieldfare.signals.scanner import SCAN_FACTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """data: of the scan if there is one, else of the post. facts: as they are known today."""

    data: Mapping[str, JsonValue]
    facts: Facts


def scan_of(
    uow: UnitOfWork, org: Org, item: ItemVersion, *, as_of: EventId = LAST_ID
) -> Event | None:
    """Find the scan of a version's media, if it has been made by then.

    What could not be fetched has a scan, and no media.
    """
    kind = ITEM_KINDS.get(item.subject.kind)
    if kind is not None and kind.media == "none":
        return None
    # What was found known later is told by a scan of its own, and the newest counts.
    for each in sorted(uow.log.caused_by(org, item.event_id), reverse=True):
        event = uow.log.get(org, each) if each <= as_of else None
        if event is not None and event.kind == SCANNED:
            return event
    return None


def reached_by(content: Content, event: Event) -> Content:
    """Give what the rules are told of a version whose views reached a threshold."""
    told = event.data or {}
    facts = {
        **content.facts,
        "item.views": told["views"],
        "item.views_per_hour": told.get("views_per_hour", Unknown("not told")),
    }
    return Content(data={**content.data, "kind": event.kind}, facts=facts)


def content_of(
    uow: UnitOfWork, grounds: Grounds, org: Org, item: ItemVersion, *, as_of: EventId = LAST_ID
) -> Content:
    """Gather what is known of a version as of an event; nothing is known of an erased one."""
    event = scan_of(uow, org, item, as_of=as_of) or uow.log.get(org, item.event_id)
    if event is None or event.data is None:
        return Content(data={}, facts={})
    facts = grounds.facts_of(org, event.at, event.data, as_of=as_of)
    if awaits_scan(event):
        # Absent facts would say nothing against it: what nobody looked at is Unknown.
        facts = {**facts, **dict.fromkeys(SCAN_FACTS, Unknown("not scanned yet"))}
    return Content(data=event.data, facts=facts)
