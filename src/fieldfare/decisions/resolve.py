"""The one place where verdicts become a judgement.

Flows in: every verdict that stands on a subject, the facts, the policy pack. Flows out: one
Judgement: what is restricted, who asked for it, who should look. Pure: no clock, no store, and the
order of the verdicts does not matter, so that a backtest replays exactly what happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from fieldfare.decisions.joining import join, scope_of
from fieldfare.decisions.unknowns import UnknownOutcome, judge_unknowns, unknown_facts
from fieldfare.kernel import Unknown, canonical_json
from fieldfare.policies import PolicyPack, RestrictionKinds
from fieldfare.records import (
    FactValue,
    Judgement,
    Reason,
    Restriction,
    ReviewRequest,
    Subject,
    Verdict,
    Voice,
)

ALLOW: Final = "allow"
"""The headline of a judgement that restricts nothing."""

VOICES: Final = (Voice.ORDER, Voice.APPEAL, Voice.PERSON, Voice.RULE)
"""Highest class first."""


NOTHING_AGAINST: Final = Judgement(action=ALLOW, policy="", by=Voice.RULE)
"""What holds for most items: nobody has spoken and everything listed is known."""


def resolve(
    verdicts: Sequence[Verdict],
    *,
    subject: Subject,
    pack: PolicyPack,
    kinds: RestrictionKinds,
    facts: Mapping[str, FactValue | Unknown],
    version: str,
) -> Judgement:
    """Join what the highest class of voices asks for into one set of restrictions.

    Verdicts on another subject or version say nothing here. Order beats appeal beats person beats
    rule; within a class everything is joined, except that of one order, appeal or person only the
    newest word counts. What lower classes say later may reopen the matter: their review requests
    are kept, their restrictions are not, except those of a rule marked `after_person` against a
    person. While only rules have spoken, `on_unknown` says what holds for facts that are Unknown.
    Raises UnknownPolicy, UnknownKind and UnfitRestriction.
    """
    spoken = [one for one in verdicts if one.subject == subject and one.version == version]
    if not spoken and not unknown_facts(pack, facts):
        return NOTHING_AGAINST
    _check(spoken, subject, pack, kinds)
    by, deciding, later = _heard(spoken)
    unsure = _unsure(subject, pack, facts) if by is Voice.RULE else UnknownOutcome()
    asked = [*_asked(deciding), *unsure.restrictions]
    restrictions = join(asked, pack=pack, kinds=kinds)
    if by is Voice.PERSON and (overruling := _overruling(later)):
        joined = join([*asked, *overruling], pack=pack, kinds=kinds)
        by, restrictions = by if joined == restrictions else Voice.RULE, joined
    speaking = [*deciding, *later]
    wishes = [*(wish for verdict in speaking for wish in verdict.review), *unsure.review]
    return Judgement(
        action=restrictions[0].kind if restrictions else ALLOW,
        policy=_first_named(restrictions, pack),
        by=by,
        restrictions=restrictions,
        review=_requests(wishes, pack),
        reasons=_reasons(speaking, pack),
        unknown=unsure.unknown,
    )


def _check(
    verdicts: Iterable[Verdict], subject: Subject, pack: PolicyPack, kinds: RestrictionKinds
) -> None:
    scope = scope_of(subject)
    for verdict in verdicts:
        for restriction in verdict.restrictions:
            kinds.check(restriction, scope)
            pack.rank(restriction.policy)
        for code in (*(r.policy for r in verdict.review), *(r.policy for r in verdict.reasons)):
            pack.rank(code)


def _unsure(
    subject: Subject, pack: PolicyPack, facts: Mapping[str, FactValue | Unknown]
) -> UnknownOutcome:
    return judge_unknowns(pack, facts, item=scope_of(subject) == "item")


def _asked(verdicts: Iterable[Verdict]) -> list[Restriction]:
    return [restriction for verdict in verdicts for restriction in verdict.restrictions]


def _overruling(later: Iterable[Verdict]) -> list[Restriction]:
    """Give what rules ask for that may restrict although a person has spoken."""
    return _asked(v for v in later if v.by is Voice.RULE and v.after_person)


def _heard(verdicts: Sequence[Verdict]) -> tuple[Voice, list[Verdict], list[Verdict]]:
    """Give the highest voice, its verdicts, and those of lower classes that came after them."""
    by = next((voice for voice in VOICES if any(v.by is voice for v in verdicts)), Voice.RULE)
    of_class = [verdict for verdict in verdicts if verdict.by is by]
    if by is not Voice.RULE:
        newest: dict[str, int] = {}
        for verdict in of_class:
            newest[verdict.author] = max(verdict.event_id, newest.get(verdict.author, 0))
        of_class = [v for v in of_class if v.event_id == newest[v.author]]
    spoke_at = max((verdict.event_id for verdict in of_class), default=0)
    later = [v for v in verdicts if v.by is not by and v.event_id >= spoke_at]
    return by, of_class, later


def _first_named(restrictions: Sequence[Restriction], pack: PolicyPack) -> str:
    """Name the policy of highest harm weight, ties by code; "" when nothing is restricted."""
    return min((one.policy for one in restrictions), key=pack.rank, default="")


def _requests(wishes: Iterable[ReviewRequest], pack: PolicyPack) -> tuple[ReviewRequest, ...]:
    """One request a queue and policy, the soonest; in the order in which people should look."""

    def soonest(wish: ReviewRequest) -> tuple[object, ...]:
        return (wish.lane, pack.rank(wish.policy), wish.queue, wish.reason)

    kept: dict[tuple[str, str], ReviewRequest] = {}
    for wish in sorted(wishes, key=soonest):
        kept.setdefault((wish.queue, wish.policy), wish)
    return tuple(kept.values())


def _reasons(verdicts: Iterable[Verdict], pack: PolicyPack) -> tuple[Reason, ...]:
    """Every reason once, that of the gravest policy first."""
    given = [reason for verdict in verdicts for reason in verdict.reasons]
    if not given[1:]:
        return tuple(given)
    distinct = {canonical_json(reason): reason for reason in given}
    ordered = sorted(distinct.items(), key=lambda one: (pack.rank(one[1].policy), one[0]))
    return tuple(reason for _, reason in ordered)
