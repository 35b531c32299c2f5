"""What is in force for an organisation as of an event: pack, rule set, lists and banks, ready to
use.

In flow stored versions (files by name) from the store; out flow the checked and compiled values.
Loading happens when an event on the log says that something changed, never on the path of a
decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldfare.decisions.unknowns import UNJUDGED_QUEUE
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, NotFound, Org
from fieldfare.matching.lists import parse_lexicon, parse_list
from fieldfare.matching.repositories import ListRecord
from fieldfare.policies import Policy, PolicyAction, PolicyPack, load_pack
from fieldfare.records import Restriction
from fieldfare.rules import PolicyTerms, RuleSet, Vocabulary, load_rule_set
from fieldfare.signals.text import TEXT_LANGUAGE, TextSignal

RULES = "rules"
POLICIES = "policies"
LEXICON = "lexicon"
NAMED_LIST = "list"
REFRESHING = frozenset(
    {"list.changed", "bank.changed", "ruleset.moved", "ruleset.activated", "pack.activated"}
)
"""Events after which what is in force is read anew; logs from before versions were kept have
ruleset.activated.
"""

EVALUATED_KINDS = frozenset(
    {"item.posted", "item.changed", "item.scanned", "report.filed", "views.reached"}
)

FACTS: Mapping[str, str] = {
    "text.normalised": "str",
    "text.language": "str",
    "text.lexicon.policy": "str",
    "text.lexicon.severity": "str",
    "text.lexicon.hits": "list",
    "media.readable": "bool",
    "media.duration_s": "float",
    "media.black_share": "float",
    "media.frozen_share": "float",
    "visual.nsfw.max": "float",
    "visual.nsfw.mean": "float",
    "visual.nsfw.share_60": "float",
    "hash.match.policy": "str",
    "hash.match.bank": "str",
    "hash.match.distance": "int",
    "hash.match.vetted": "bool",
    "hash.decided.policy": "str",
    "domain.mx": "dict",
    "author.age_s": "float",
    "item.views": "int",
    "item.views_per_hour": "int",
    "report.class": "str",
}
"""The facts rules may name, with the type each has when it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Everything one organisation decides by.

    text: finds the facts that rules read. reading: finds all of them, for people who look.
    """

    pack: PolicyPack
    rules: RuleSet
    text: TextSignal
    reading: TextSignal
    lists: Mapping[str, frozenset[str]]


class Books:
    """Keeps what is in force per organisation; `refresh` reads it anew from the store."""

    def __init__(self) -> None:
        self._of: dict[Org, InForce] = {}

    def has(self, org: Org) -> bool:
        """Tell whether an organisation is set up."""
        return org in self._of

    def of(self, org: Org) -> InForce:
        """Give what is in force. Raises NotFound if the organisation was never initialised."""
        try:
            return self._of[org]
        except KeyError:
            hint = "Run `fieldfare init` for it."
            raise NotFound(f"organisation {org!r} has no policy pack", hint=hint) from None

    def refresh(self, uow: UnitOfWork, org: Org, *, as_of: EventId) -> None:
        """Load pack, rule set and lists as of an event; while one is missing, nothing changes."""
        pack = uow.versions.in_force(org, POLICIES, as_of=as_of)
        rules = uow.versions.in_force(org, RULES, as_of=as_of)
        if pack is None or rules is None:
            # An organisation in the making: its lists and its pack come before its rules.
            return
        self._of[org] = assemble(pack.files, rules.files, uow.lists.current(org, as_of=as_of))

    def put(self, org: Org, in_force: InForce) -> None:
        """Decide by these from now on, for a scan without a store."""
        self._of[org] = in_force


def assemble(
    policies: Mapping[str, str], rules: Mapping[str, str], lists: Sequence[ListRecord]
) -> InForce:
    """Check and compile what is in force. Raises BadInput with every problem of the rules."""
    pack = load_pack(policies["policies.yaml"])
    lexicons = [parse_lexicon(r.name, r.text) for r in lists if r.kind == LEXICON]
    named = {r.name: parse_list(r.name, r.text).entries for r in lists if r.kind == NAMED_LIST}
    words = vocabulary(pack, frozenset(named))
    compiled = load_rule_set(rules, vocabulary=words)
    reading = TextSignal(lexicons, pack)
    reads_language = TEXT_LANGUAGE in compiled.needs.facts
    return InForce(
        pack=pack,
        rules=compiled,
        # Telling a language costs as much as all the rest of a comment's facts.
        text=reading if reads_language else TextSignal(lexicons, pack, language=None),
        reading=reading,
        lists=named,
    )


def vocabulary(pack: PolicyPack, lists: frozenset[str]) -> Vocabulary:
    """Say what rules may name under a pack."""
    return Vocabulary(
        policies={code: _terms(policy) for code, policy in pack.policies.items()},
        facts=FACTS,
        lists=lists,
        queues=frozenset({UNJUDGED_QUEUE, *(policy.queue for policy in pack.policies.values())}),
        event_kinds=EVALUATED_KINDS,
        restriction_kinds=frozenset(kind.name for kind in pack.kinds),
    )


def _terms(policy: Policy) -> PolicyTerms:
    def restrictions(actions: tuple[PolicyAction, ...]) -> tuple[Restriction, ...]:
        return tuple(action.restriction(policy.code) for action in actions)

    return PolicyTerms(
        code=policy.code,
        severity=policy.severity.value,
        at_high_confidence=restrictions(policy.at_high_confidence),
        on_match=restrictions(policy.when_matched),
        on_confirm=restrictions(policy.on_confirm),
        queue=policy.queue,
        review=policy.review,
    )
