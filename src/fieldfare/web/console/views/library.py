"""The policies in force, for reading."""

from dataclasses import dataclass

from fieldfare.policies import Policy, PolicyAction, PolicyPack
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.wording import sentence


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
