"""History for tests: items as a host had them before, put on the log of a community."""

import msgspec

from fieldfare.engine.history import import_history
from fieldfare.ingest.schemas import EVENT_KINDS
from fieldfare.testing.platforms import Community


def import_comments(community: Community, *host_ids: str, at: str) -> None:
    """Import comments of one author, as posted at a moment of RFC 3339."""
    item = {"kind": "comment", "author": "ana", "market": "DE", "text": "sarno"}
    events = [
        EVENT_KINDS.decode(
            msgspec.json.encode(
                {
                    "kind": "item.posted",
                    "key": host_id,
                    "occurred_at": at,
                    "item": {**item, "host_id": host_id},
                }
            )
        )
        for host_id in host_ids
    ]
    now_ms = community.clock.now_ms()
    community.platform.store.write(
        lambda uow: import_history(uow, community.org, events, now_ms=now_ms)
    )
    community.settle()
