"""What is in force, for reading: policies and banks of known content."""

from dataclasses import dataclass
from typing import Final

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import NotFound, Org
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.policies import Policy, PolicyAction, PolicyPack
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.wording import sentence

ENTRIES_SHOWN: Final = 500


class BankUnknown(NotFound):
    slug = "bank-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLine:
    code: str
    title: str
    area: str
    severity: str
    harm_weight: float
    deadline_min: int
    queue: str
    by_itself: tuple[str, ...]
    on_confirm: tuple[str, ...]
    on_unknown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesView:
    """All policies of the pack in force, in its own order."""

    pack: str
    version: str
    hash: str
    effective_from: Moment
    policies: tuple[PolicyLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOfPolicy:
    language: str
    title: str
    rule: str
    do_not: tuple[str, ...]
    allowed: tuple[str, ...]
    notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """One policy. The lists of what follows are sentences, those for accounts kinds."""

    line: PolicyLine
    pack_hash: str
    on_match: tuple[str, ...]
    alternatives: tuple[str, ...]
    account: tuple[str, ...]
    review: bool
    strike_points: int
    strike_bucket: str
    zero_tolerance: bool
    flags: tuple[str, ...]
    on_edit: str
    judged_by: tuple[str, ...]
    dsa_category: str
    dsa_keyword: str
    exceptions: tuple[str, ...]
    texts: tuple[TextOfPolicy, ...]
    overlays: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    name: str
    policy: str
    vetted: bool
    enabled: bool
    radius: int
    min_quality: int
    entries: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BanksView:
    banks: tuple[BankLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """A known file. frames: how many of its frames are hashed."""

    id: str
    label: str
    sha256: str
    frames: int
    added_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class BankView:
    """A bank and its newest entries. shown: how many of them."""

    bank: BankLine
    shown: int
    entries: tuple[EntryLine, ...]


def policies_view(pack: PolicyPack) -> PoliciesView:
    return PoliciesView(
        pack=pack.name,
        version=pack.version,
        hash=pack.hash,
        effective_from=Moment(pack.effective_from),
        policies=tuple(_policy_line(policy) for policy in pack.policies.values()),
    )


def policy_view(pack: PolicyPack, code: str) -> PolicyView:
    """Show one policy as it holds without overlays. Raises UnknownPolicy."""
    policy = pack.policy(code)
    return PolicyView(
        line=_policy_line(policy),
        pack_hash=pack.hash,
        on_match=_sentences(policy.on_match, code),
        alternatives=_sentences(policy.alternatives, code),
        account=tuple(act.kind for act in policy.account),
        review=policy.review,
        strike_points=policy.strike_points,
        strike_bucket=policy.strike_bucket,
        zero_tolerance=policy.zero_tolerance,
        flags=tuple(sorted(policy.flags)),
        on_edit=policy.on_edit.value,
        judged_by=policy.judged_by,
        dsa_category=policy.dsa_category,
        dsa_keyword=policy.dsa_keyword,
        exceptions=policy.exceptions,
        texts=tuple(
            TextOfPolicy(
                language=language,
                title=text.title,
                rule=text.rule,
                do_not=text.do_not,
                allowed=text.allowed,
                notice=text.notice,
            )
            for language, text in policy.texts.items()
        ),
        overlays=tuple(overlay.name for overlay in pack.overlays if code in overlay.policies),
    )


def banks_view(uow: UnitOfWork, org: Org) -> BanksView:
    counts = uow.banks.counts(org)
    return BanksView(
        banks=tuple(_bank_line(bank, counts.get(bank.name, 0)) for bank in uow.banks.banks(org))
    )


def bank_view(uow: UnitOfWork, org: Org, name: str) -> BankView:
    """Show one bank with its newest entries. Raises BankUnknown."""
    bank = uow.banks.get(org, name)
    if bank is None:
        raise BankUnknown(f"There is no bank {name!r}.")
    newest = uow.entry_pages.newest(org, name, limit=ENTRIES_SHOWN)
    return BankView(
        bank=_bank_line(bank, uow.banks.counts(org).get(name, 0)),
        shown=len(newest),
        entries=tuple(_entry_line(entry) for entry in newest),
    )


def _policy_line(policy: Policy) -> PolicyLine:
    return PolicyLine(
        code=policy.code,
        title=policy.title,
        area=policy.area,
        severity=policy.severity.value,
        harm_weight=policy.harm_weight,
        deadline_min=policy.deadline_min,
        queue=policy.queue,
        by_itself=_sentences(policy.at_high_confidence, policy.code),
        on_confirm=_sentences(policy.on_confirm, policy.code),
        on_unknown=policy.on_unknown.value,
    )


def _sentences(actions: tuple[PolicyAction, ...], code: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence(action.restriction(code)) for action in actions))


def _bank_line(bank: BankRecord, entries: int) -> BankLine:
    return BankLine(
        name=bank.name,
        policy=bank.policy,
        vetted=bank.vetted,
        enabled=bank.enabled,
        radius=bank.radius,
        min_quality=bank.min_quality,
        entries=entries,
        note=bank.note,
    )


def _entry_line(entry: BankEntryRecord) -> EntryLine:
    return EntryLine(
        id=str(entry.id),
        label=entry.label,
        sha256=entry.sha256,
        frames=entry.frames,
        added_at=Moment(entry.added_at),
    )
