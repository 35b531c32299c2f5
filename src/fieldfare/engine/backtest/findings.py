"""Findings: what a candidate says about an event, small enough to send between processes."""

from collections import Counter
from typing import TypeAlias

import msgspec

from fieldfare.kernel import EventId
from fieldfare.records import Restriction

Item: TypeAlias = tuple[str, str]
"""Kind and host id of a subject."""
DAY_MS = 86_400_000


class Finding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the candidate makes of one event it has something to say about.

    action, policy, restrictions, queues: what `resolve` makes of its verdicts on the item alone,
    with what is Unknown. lasting: the headline of what may overrule a person, "" if nothing does.
    accounts: (host id, action) of what it asks for accounts.
    """

    event_id: EventId
    kind: str
    subject: Item
    version: str
    market: str
    language: str
    fired: tuple[str, ...]
    action: str
    policy: str
    restrictions: tuple[Restriction, ...]
    queues: tuple[str, ...]
    lasting: str
    accounts: tuple[tuple[str, str], ...]


class FactTally(msgspec.Struct, array_like=True):
    """How often a fact the candidate reads was there, was Unknown, was not there at all."""

    known: int = 0
    unknown: int = 0
    missing: int = 0


class SliceResult(msgspec.Struct, kw_only=True):
    """What one slice came to.

    judged: events by kind. content: how many of them brought a version, live and imported. days:
    (rule, day since 1970) -> hits. errors: what threw -> how often.
    """

    judged: Counter[str]
    content: Counter[str]
    days: Counter[tuple[str, int]]
    errors: Counter[str]
    facts: dict[str, FactTally]
    findings: list[Finding]


def joined(results: list[SliceResult]) -> SliceResult:
    """Join the results of slices that follow each other."""
    whole = SliceResult(
        judged=Counter(), content=Counter(), days=Counter(), errors=Counter(), facts={}, findings=[]
    )
    for result in results:
        whole.judged += result.judged
        whole.content += result.content
        whole.days += result.days
        whole.errors += result.errors
        whole.findings += result.findings
        for name, tally in result.facts.items():
            mine = whole.facts.setdefault(name, FactTally())
            mine.known += tally.known
            mine.unknown += tally.unknown
            mine.missing += tally.missing
    return whole
