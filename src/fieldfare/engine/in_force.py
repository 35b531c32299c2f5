"""What is in force for an organisation as of an event: pack, rule set, lists and banks, ready to
use.

In flow stored versions (files by name) from the store; out flow the checked and compiled values.
Loading happens when an event on the log says that something changed, never on the path of a
decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from fieldfare.decisions.unknowns import UNJUDGED_QUEUE
from fieldfare.engine.beside import Beside, beside_live
from fieldfare.engine.compiling import IN_THIS_PROCESS, Compiler
from fieldfare.engine.health import PartHealth
from fieldfare.engine.known_words import KnownWords
from fieldfare.engine.readable_lists import OlderList, ReadableLists, readable_lists
from fieldfare.engine.unit import StoredVersion, UnitOfWork
from fieldfare.kernel import EventId, FieldfareError, JsonValue, NotFound, Org
from fieldfare.matching.known_text import KnownText
from fieldfare.policies import Policy, PolicyAction, PolicyPack, RestrictionKind
from fieldfare.records import Fact, Restriction
from fieldfare.rules import NotCompiling, PolicyTerms, RuleSet, RuleSetDoesNotCompile, Vocabulary
from fieldfare.rules.vocabulary import KindParam, KindTerms
from fieldfare.signals.copies import URL_LOOKALIKE, CopySignal
from fieldfare.signals.text import TEXT_LANGUAGE, TextSignal

RULES = "rules"
POLICIES = "policies"
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
    "hash.match.share": "float",
    "hash.match.seconds": "float",
    "hash.match.means": "str",
    "hash.match.transform": "str",
    "hash.match.quarantined": "bool",
    "hash.match.banks": "dict",
    "hash.decided.policy": "str",
    "hash.known_good.bank": "str",
    "text.match.policy": "str",
    "text.match.bank": "str",
    "text.match.vetted": "bool",
    "text.match.means": "str",
    "text.match.similarity": "float",
    "text.match.all": "list",
    "url.match.policy": "str",
    "url.match.bank": "str",
    "url.match.vetted": "bool",
    "url.match.means": "str",
    "url.match.found": "str",
    "url.match.all": "list",
    "url.lookalike": "str",
    "domain.mx": "dict",
    "author.age_s": "float",
    "item.views": "int",
    "item.views_per_hour": "int",
    "report.class": "str",
}
"""The facts rules may name, with the type each has when it is known."""


_log = structlog.get_logger(__name__)
NO_COPIES: Final = CopySignal(KnownText())
ALONE: Final = Beside(rollout=None, shadows=(), broken={})


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Everything one organisation decides by.

    rules: the live version, or what stands in for one that does not compile and holds. text: finds
    the facts that rules read. reading: finds all of them, for people who look. beside: what runs
    beside the live version. banks: their names, if known. older_lists: by name, the lists whose
    newest version cannot be read. copies: finds known texts and URLs.
    """

    pack: PolicyPack
    rules: RuleSet
    text: TextSignal
    reading: TextSignal
    lists: Mapping[str, frozenset[str]]
    beside: Beside = ALONE
    banks: frozenset[str] | None = None
    older_lists: Mapping[str, OlderList] = field(default_factory=dict)
    copies: CopySignal = NO_COPIES

    def found_in(self, fields: Mapping[str, str]) -> tuple[Fact, ...]:
        """Find what people are shown of the words of an item: terms and copies, with where."""
        return (*self.text.facts(fields), *self.copies.facts(fields))

    @property
    def words(self) -> Vocabulary:
        """Say what a draft may name: what is in force beside it, banks included."""
        return vocabulary(self.pack, frozenset(self.lists), self.banks)

    def rules_for(self, author: str) -> RuleSet:
        """Give the version that decides about what an author does (the host's id, "": nobody's)."""
        rollout = self.beside.rollout
        return rollout.rules if rollout is not None and rollout.takes(author) else self.rules

    @property
    def active(self) -> tuple[RuleSet, ...]:
        """List every version that runs, the live one first."""
        rollout = self.beside.rollout
        rolled = () if rollout is None else (rollout.rules,)
        return (self.rules, *rolled, *self.beside.shadows)

    @property
    def rule_names(self) -> tuple[str, ...]:
        """Name the rules of every version that runs, in order."""
        return tuple(sorted({rule.name for rules in self.active for rule in rules.rules}))

    @property
    def not_compiling(self) -> Mapping[str, str]:
        """Name the versions that should run and do not compile: hash -> why."""
        live = self.rules
        found = {live.hash: str(live.why)} if isinstance(live, NotCompiling) else {}
        return {**found, **self.beside.broken}


class Books:
    """Keeps what is in force per organisation; `refresh` reads it anew from the store."""

    def __init__(self) -> None:
        self._of: dict[Org, InForce] = {}
        self._not_taken_up: dict[Org, str] = {}
        self.compiler = IN_THIS_PROCESS
        self.words = KnownWords()

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
        """Load pack, rule set and lists as of an event; while one is missing, nothing changes.

        A live version that does not compile is no reason to raise, and be it for the sake of those
        who put another in its place: it holds.
        """
        pack = uow.versions.in_force(org, POLICIES, as_of=as_of)
        rules = uow.versions.in_force(org, RULES, as_of=as_of)
        if pack is None or rules is None:
            # An organisation in the making: its lists and its pack come before its rules.
            return
        try:
            self._of[org] = self._read(uow, org, pack, rules, as_of=as_of)
        except Exception:
            self._not_taken_up[org] = rules.hash
            raise
        self._not_taken_up.pop(org, None)

    def _read(
        self,
        uow: UnitOfWork,
        org: Org,
        pack: StoredVersion,
        rules: StoredVersion,
        *,
        as_of: EventId,
    ) -> InForce:
        lists = readable_lists(uow, org, uow.lists.current(org, as_of=as_of), self.compiler)
        in_force = assemble(
            pack.files, rules.files, lists, compiler=self.compiler, standing_in=True
        )
        words = vocabulary(in_force.pack, frozenset(in_force.lists))
        beside = beside_live(uow, org, words, self.compiler, as_of=as_of)
        banks = frozenset(bank.name for bank in uow.banks.banks(org))
        self.words.refresh(uow, org, as_of=as_of)
        whole = with_beside(in_force, beside)
        asked = any(URL_LOOKALIKE in rules.needs.facts for rules in whole.active)
        copies = CopySignal(self.words.of(org), lookalikes=asked)
        return replace(whole, banks=banks, older_lists=lists.older, copies=copies)

    def older_lists(self) -> list[tuple[Org, Sequence[str]]]:
        """Name the lists of each organisation that go on with an older version."""
        return [(org, [*found.older_lists]) for org, found in self._of.items() if found.older_lists]

    def health(self) -> tuple[PartHealth, ...]:
        """Name the lists that go on with an older version, and the versions of rules that should
        run and do not compile: beside the live one, without them the platform is well.

        It is not where the live one does not compile, or could not be taken up at all.
        """
        every = tuple(self._of.items())
        lists: list[JsonValue] = [
            f"{org}/{name}" for org, names in self.older_lists() for name in names
        ]
        rules: list[JsonValue] = [
            f"{org}/{version[:12]}" for org, found in every for version in found.not_compiling
        ]
        problems: list[JsonValue] = [
            f"{org}: {problem}" for org, found in every for problem in _problems(found.rules)
        ]
        left: list[JsonValue] = [f"{o}/{live[:12]}" for o, live in (*self._not_taken_up.items(),)]
        detail = {"not_compiling": rules, "problems": problems, "not_taken_up": left}
        return (
            PartHealth(name="lists", ok=True, detail={"unreadable": lists}),
            PartHealth(name="rules", ok=not problems and not left, detail=detail),
        )

    def put(self, org: Org, in_force: InForce) -> None:
        """Decide by these from now on, for a scan without a store."""
        self._of[org] = in_force


def assemble(
    policies: Mapping[str, str],
    rules: Mapping[str, str],
    lists: ReadableLists,
    *,
    compiler: Compiler,
    standing_in: bool = False,
) -> InForce:
    """Check and compile what is in force. Raises BadInput with every problem of the rules.

    standing_in: let NotCompiling stand in for rules that do not compile instead.
    """
    pack = compiler.pack(policies["policies.yaml"])
    words = vocabulary(pack, frozenset(lists.named))
    try:
        compiled = compiler.rules(rules, words)
    except FieldfareError as error:
        if not standing_in:
            raise
        compiled = NotCompiling(rules, words, error)
        _log.error(
            "the live rules do not compile: everything is held",
            version=compiled.hash[:12],
            problems=_problems(compiled),
        )
    reading = TextSignal(lists.lexicons, pack)
    reads_language = TEXT_LANGUAGE in compiled.needs.facts
    return InForce(
        pack=pack,
        rules=compiled,
        # Telling a language costs as much as all the rest of a comment's facts.
        text=reading if reads_language else TextSignal(lists.lexicons, pack, language=None),
        reading=reading,
        lists=lists.named,
    )


def with_beside(in_force: InForce, beside: Beside) -> InForce:
    """Let versions run beside the live one: what they read is found as well."""
    if beside == ALONE:
        return in_force
    together = replace(in_force, beside=beside)
    reads_language = any(TEXT_LANGUAGE in rules.needs.facts for rules in together.active)
    return replace(together, text=together.reading) if reads_language else together


def vocabulary(
    pack: PolicyPack, lists: frozenset[str], banks: frozenset[str] | None = None
) -> Vocabulary:
    """Say what rules may name under a pack. banks: None where nobody can tell which there are."""
    return Vocabulary(
        policies={code: _terms(policy) for code, policy in pack.policies.items()},
        facts=FACTS,
        lists=lists,
        banks=banks,
        queues=frozenset({UNJUDGED_QUEUE, *(policy.queue for policy in pack.policies.values())}),
        event_kinds=EVALUATED_KINDS,
        restriction_kinds=frozenset(kind.name for kind in pack.kinds),
        # What needs an age or a market has an effect of its own.
        kinds={kind.name: _kind_terms(kind) for kind in pack.kinds if not kind.needs},
    )


def _problems(rules: RuleSet) -> list[str]:
    """Say in a line each why a rule set does not compile; nothing of one that does."""
    if not isinstance(rules, NotCompiling):
        return []
    if not isinstance(rules.why, RuleSetDoesNotCompile):
        return [rules.why.message]
    return [f"{each.file}:{each.line}: {each.message}" for each in rules.why.problems]


def _kind_terms(kind: RestrictionKind) -> KindTerms:
    return KindTerms(
        name=kind.name,
        on=frozenset(map(str, kind.scopes)),
        order=kind.order,
        closes=kind.gate == "block",
        params=tuple(
            KindParam(
                name=param.name,
                choices=param.choices,
                many=param.many,
                number=param.number,
                required=param.required,
            )
            for param in kind.params
        ),
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
        strike_points=policy.strike_points,
        alternatives=restrictions(policy.alternatives),
        account=restrictions(policy.account),
    )
