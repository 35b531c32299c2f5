"""One policy: how grave, what follows, who is asked, and the words for people.

Flows in: checked fields of a pack. Flows out: frozen values that rules, decisions, review and
enforcement read; nothing here decides anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldfare.policies.severity import OnEdit, OnUnknown, Severity
from fieldfare.records import Restriction

HOUR_MS: Final = 3_600_000
UNPICTURED: Final = frozenset({"NO_THUMB", "RESTRICTED_QUEUE"})
"""Flags of policies whose content is not pictured beside a match."""
CHILD_SAFETY: Final = "CS."
"""How the codes of policies for the safety of children begin, whatever flags a pack gives them."""
ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAction:
    """A restriction as a policy foresees it, before there is an item to put it on.

    hours: how long it lasts, None: for good. The rest as in `records.Restriction`.
    """

    kind: str
    surfaces: frozenset[str] | None = None
    markets: frozenset[str] | None = None
    min_age: int | None = None
    hours: float | None = None
    params: Mapping[str, str] = field(default_factory=dict)

    def restriction(self, policy: str, *, at_ms: int = 0) -> Restriction:
        """Make the restriction this action means under `policy`, from `at_ms` on."""
        until = None if self.hours is None else at_ms + round(self.hours * HOUR_MS)
        return Restriction(
            kind=self.kind,
            policy=policy,
            surfaces=self.surfaces,
            markets=self.markets,
            min_age=self.min_age,
            until=until,
            params=self.params,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """The public words of a policy in one language. `notice` is what the author is told."""

    title: str
    notice: str
    rule: str = ""
    do_not: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy of a pack.

    harm_weight: how much one view of such an item counts; deadline_min: 95 % of cases are decided
    within so many minutes. at_high_confidence: what a rule may do by itself; on_match: the same
    when a vetted bank knows the content; on_confirm: what follows when a person confirms;
    alternatives: what the reviewer may choose instead; account: what befalls the author's account.
    review: whether an automatic match opens a case. judged_by: the facts that can judge this
    policy, none: people and reports alone. strike_points: zero_tolerance has the points of the
    last rung.
    """

    code: str
    title: str
    area: str
    severity: Severity
    harm_weight: float
    deadline_min: int
    queue: str
    at_high_confidence: tuple[PolicyAction, ...]
    on_match: tuple[PolicyAction, ...]
    on_confirm: tuple[PolicyAction, ...]
    alternatives: tuple[PolicyAction, ...]
    account: tuple[PolicyAction, ...]
    review: bool
    strike_points: int
    zero_tolerance: bool
    strike_bucket: str
    flags: frozenset[str]
    on_unknown: OnUnknown
    on_edit: OnEdit
    judged_by: tuple[str, ...]
    dsa_category: str
    dsa_keyword: str
    exceptions: tuple[str, ...]
    texts: Mapping[str, PolicyText]

    @property
    def when_matched(self) -> tuple[PolicyAction, ...]:
        """What a vetted bank match does: `on_match`, else the same as any high confidence."""
        return self.on_match or self.at_high_confidence

    @property
    def may_be_pictured(self) -> bool:
        """Whether pictures of known content under this policy may be kept and shown, blurred too.

        Never of the safety of children: no permission lets anybody see those.
        """
        return not (self.flags & UNPICTURED or self.code.startswith(CHILD_SAFETY))

    def text(self, language: str = ENGLISH) -> PolicyText:
        """Give the words in `language` ("de", "de-AT"), else in English, which always exists."""
        exact = self.texts.get(language) or self.texts.get(language.partition("-")[0])
        return exact or self.texts[ENGLISH]
