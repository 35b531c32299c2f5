"""The rules in force, for reading: the list with its search, one rule, one file in colour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldfare.access import Permission, Principal
from fieldfare.engine.in_force import RULES, InForce
from fieldfare.engine.rule_drafts import FIRED, tests_about
from fieldfare.engine.unit import StoredVersion, UnitOfWork
from fieldfare.kernel import NotFound, Org, at_of, did_you_mean
from fieldfare.metrics.rule_hits import HitsOf
from fieldfare.rules import RuleInfo, RuleSet
from fieldfare.rules.lifecycle import VersionState
from fieldfare.web.console.excerpts import changed_in, excerpts_of
from fieldfare.web.console.highlight import Piece, highlight
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.pictures import Picture, picture_around
from fieldfare.web.console.views.rule_hits import (
    HitExample,
    HitsLine,
    Period,
    examples,
    hits_of_rules,
)

EXAMPLES: Final = 10


class RuleUnknown(NotFound):
    slug = "rule-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule: where it stands (line from 1), what it says, what follows, on which events.

    changed_at: when its text last changed in what was in force, None if that is not known. hits:
    what it did in the last 28 days, None if nothing.
    """

    name: str
    description: str
    file: str
    line: int
    policies: tuple[str, ...]
    effects: tuple[str, ...]
    events: tuple[str, ...]
    changed_at: Moment | None = None
    hits: HitsLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFileLine:
    name: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesView:
    """The rule set in force. rules: those that answer the search; total: how many there are.

    problem: why the live version does not compile, "" if it does.
    older_lists: lists whose newest version cannot be read, with what is wrong with it and whether
    an older one runs.
    """

    hash: str
    search: str
    may_write: bool
    rules: tuple[RuleLine, ...]
    total: int
    files: tuple[RuleFileLine, ...]
    older_lists: tuple[tuple[str, str, bool], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFileView:
    name: str
    hash: str
    lines: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """Lines of a file in colour, from `line` (from 1) on."""

    file: str
    line: int
    lines: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A version of the rule set in which a rule came, changed or went."""

    hash: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestLine:
    """A rule test about a rule. fires: whether it expects the rule to fire, or not to."""

    name: str
    file: str
    line: int
    fires: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One rule of a version that runs. changes: newest first.

    hash: of the version, which is `state`; share: per cent of authors, in a rollout.
    labels: of the days of its hits. graph: what it rests on and what follows, as SVG. tested: None
    if nothing could be run, else whether one of the tests makes it fire.
    """

    hash: str
    state: str
    share: int
    rule: RuleLine
    labels: tuple[str, ...]
    examples: tuple[HitExample, ...]
    graph: Picture
    tests: tuple[RuleTestLine, ...]
    source: tuple[SourceView, ...]
    changes: tuple[RuleChange, ...]


def rules_view(
    uow: UnitOfWork, who: Principal, in_force: InForce, of: Period, *, search: str = ""
) -> RulesView:
    """List the rules that hold every word of the search, and the files."""
    rule_set = in_force.rules
    versions = history_of(uow, who.org)
    hits = hits_of_rules(uow, who.org, of)
    words = search.casefold().split()
    found = [rule for rule in rule_set.rules if _answers(rule, words)]
    return RulesView(
        hash=rule_set.hash,
        search=search,
        may_write=who.may(Permission.RULES_WRITE),
        rules=tuple(
            replace(
                _rule_line(rule),
                changed_at=_last_change(versions, rule.name),
                hits=hits.get(rule.name),
            )
            for rule in found
        ),
        total=len(rule_set.rules),
        files=tuple(
            RuleFileLine(name=name, lines=len(text.splitlines()))
            for name, text in sorted(rule_set.sources.items())
        ),
        older_lists=tuple(
            (name, each.wrong, each.since is not None)
            for name, each in in_force.older_lists.items()
        ),
        problem=in_force.not_compiling.get(rule_set.hash, ""),
    )


def rule_view(uow: UnitOfWork, org: Org, in_force: InForce, name: str, of: Period) -> RuleView:
    """Show one rule with its source, what it did and what changed it. Raises RuleUnknown."""
    rule_set, state, share = version_with(in_force, name)
    rule = rule_named(rule_set, name)
    changes = changes_of(uow, org, name)
    line = replace(
        _rule_line(rule),
        changed_at=changes[0].at if changes else None,
        hits=hits_of_rules(uow, org, of, rule.name).get(rule.name),
    )
    meant = HitsOf(from_ms=of.from_ms, to_ms=of.to_ms, rule=rule.name, deciding=True)
    return RuleView(
        hash=rule_set.hash,
        state=state.value,
        share=share,
        rule=line,
        labels=of.labels,
        examples=examples(uow, org, meant, limit=EXAMPLES),
        graph=picture_around(rule_set, name),
        tests=_tests(rule_set, in_force, name),
        source=tuple(
            SourceView(file=each.file, line=each.line, lines=highlight(each.text))
            for each in excerpts_of(rule_set.sources, name)
        ),
        changes=changes,
    )


def changes_of(uow: UnitOfWork, org: Org, rule: str) -> tuple[RuleChange, ...]:
    """Name the versions in force in which a rule came, changed or went, the newest first."""
    versions = history_of(uow, org)
    return tuple(
        RuleChange(hash=versions[index].hash, at=Moment(at_of(versions[index].since)))
        for index in reversed(changed_in([version.files for version in versions], rule))
    )


def _tests(rule_set: RuleSet, in_force: InForce, rule: str) -> tuple[RuleTestLine, ...]:
    return tuple(
        RuleTestLine(
            name=case.name,
            file=case.file,
            line=case.line,
            fires=any(
                wish.subject == FIRED and wish.form != "none" and rule in wish.entries
                for wish in case.expect.wishes
            ),
        )
        for case in tests_about(rule_set.sources, in_force, rule)
    )


def version_with(in_force: InForce, name: str) -> tuple[RuleSet, VersionState, int]:
    """Find the version that runs a rule, the live one first, and its share of a rollout.

    Raises RuleUnknown.
    """
    beside = in_force.beside
    runs = [(in_force.rules, VersionState.LIVE, 0)]
    if beside.rollout is not None:
        runs.append((beside.rollout.rules, VersionState.ROLLOUT, beside.rollout.share))
    runs += [(rules, VersionState.SHADOW, 0) for rules in beside.shadows]
    for rule_set, state, share in runs:
        if any(rule.name == name for rule in rule_set.rules):
            return rule_set, state, share
    hint = did_you_mean(name, in_force.rule_names)
    raise RuleUnknown(f"No version that runs has a rule {name!r}.", hint=hint)


def rule_named(rule_set: RuleSet, name: str) -> RuleInfo:
    """Find a rule by its name. Raises RuleUnknown."""
    for rule in rule_set.rules:
        if rule.name == name:
            return rule
    hint = did_you_mean(name, [rule.name for rule in rule_set.rules])
    raise RuleUnknown(f"The rule set in force has no rule {name!r}.", hint=hint)


def rule_file_view(rule_set: RuleSet, name: str) -> RuleFileView:
    """Show one file in colour. Raises RuleUnknown."""
    source = rule_set.sources.get(name)
    if source is None:
        hint = did_you_mean(name, rule_set.sources)
        raise RuleUnknown(f"The rule set in force has no file {name!r}.", hint=hint)
    return RuleFileView(name=name, hash=rule_set.hash, lines=highlight(source))


def history_of(uow: UnitOfWork, org: Org) -> Sequence[StoredVersion]:
    """List what was in force, oldest first."""
    return sorted(uow.versions.history(org, RULES), key=lambda version: version.since)


def _last_change(versions: Sequence[StoredVersion], rule: str) -> Moment | None:
    changes = changed_in([version.files for version in versions], rule)
    return Moment(at_of(versions[changes[-1]].since)) if changes else None


def _answers(rule: RuleInfo, words: Sequence[str]) -> bool:
    told = " ".join(
        (
            rule.name,
            rule.description,
            rule.file,
            *rule.policies,
            *rule.effects,
            *rule.event_kinds,
        )
    ).casefold()
    return all(word in told for word in words)


def _rule_line(rule: RuleInfo) -> RuleLine:
    return RuleLine(
        name=rule.name,
        description=rule.description,
        file=rule.file,
        line=rule.line,
        policies=rule.policies,
        effects=rule.effects,
        events=tuple(sorted(rule.event_kinds)),
    )
