"""Decisions: what holds on one subject from now on. Only `decisions.resolve` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldfare.kernel import EventId, Org
from fieldfare.records.restrictions import Restriction
from fieldfare.records.subjects import Subject
from fieldfare.records.verdicts import Reason, ReviewRequest, Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What `resolve` makes of all verdicts, before the log gives it an id.

    action: the headline, the gravest restriction's kind, or "allow".
    policy: the one named first, "" when nothing is restricted.
    unknown: fact name -> why, for each listed fact that could not be judged and what it led to.
    """

    action: str
    policy: str
    by: Voice
    restrictions: tuple[Restriction, ...] = ()
    review: tuple[ReviewRequest, ...] = ()
    reasons: tuple[Reason, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A judgement on the log. Its id is that of its decision.made event; the causes lead back.

    version: digest of the item version, "" for accounts. revision: grows with each decision on the
    subject. pack, rule_set: content hashes of what was in force. models: signal name -> version.
    declared: words the rules said about the event (DeclareVerdict); they restrict nothing.
    """

    org: Org
    id: EventId
    at: int
    subject: Subject
    version: str
    revision: int
    judgement: Judgement
    pack: str
    rule_set: str
    models: Mapping[str, str] = field(default_factory=dict)
    causes: tuple[EventId, ...] = ()
    declared: tuple[str, ...] = ()
