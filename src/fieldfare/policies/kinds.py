"""The registry of restriction kinds: what a decision may take away, in which order of gravity.

Flows in: declarations (ours below, an operator's from a pack's `kinds:`). Flows out: one immutable
value that says of every kind whether it is for items or accounts, what parameters it takes, what
the gate makes of it and which webhook carries it. It is data, so that an operator's own kind
behaves exactly like one of ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from fieldfare.kernel import BadInput, did_you_mean
from fieldfare.records import Restriction

Scope: TypeAlias = Literal["item", "account"]
Gate: TypeAlias = Literal["pass", "label", "warn", "limit", "block"]
"""What the gate does: nothing, a banner, an opt-in screen, off feed and search, not at all."""

Need: TypeAlias = Literal["min_age", "markets", "until"]

ADULT_YEARS: Final = 18


class UnknownKind(BadInput):
    """A restriction names a kind nobody declared."""

    slug = "unknown-restriction-kind"


class UnfitRestriction(BadInput):
    """A restriction lacks what its kind needs, or has what its kind does not know."""

    slug = "unfit-restriction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A parameter of a kind. `choices`: the words it may be; empty means any text.

    many: several of the choices, joined by commas. number: a whole number, zero or more.
    """

    name: str
    choices: tuple[str, ...] = ()
    many: bool = False
    number: bool = False
    required: bool = False

    def complaint(self, value: str | None) -> str:
        """Say what is wrong with `value` (None: not given), or nothing."""
        if value is None:
            return f"needs {self.name!r}" if self.required else ""
        if self.number and not (value.isascii() and value.isdigit()):
            return f"{self.name!r} cannot be {value!r}: it is a whole number"
        if not self.choices:
            return ""
        words = value.split(",") if self.many else [value]
        wrong = next((word for word in words if word not in self.choices), None)
        if wrong is None:
            return ""
        return f"{self.name!r} cannot be {wrong!r}: it is one of {', '.join(self.choices)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionKind:
    """One kind. `order`: gravity; the gravest kind of a decision is its headline action.

    absorbs: makes every less grave restriction of the same scope moot (remove, hold, ban).
    needs: the fields of the restriction that must be given.
    """

    name: str
    order: int
    scopes: frozenset[Scope]
    gate: Gate
    absorbs: bool = False
    params: tuple[Param, ...] = ()
    needs: frozenset[Need] = frozenset()
    webhook: str = ""

    def complaint(self, params: Mapping[str, str]) -> str:
        """Say what is wrong with the parameters, or nothing."""
        known = {param.name: param for param in self.params}
        for name in params:
            if name not in known:
                return f"does not know {name!r}. {did_you_mean(name, known)}".strip()
        complaints = (param.complaint(params.get(param.name)) for param in self.params)
        return next(filter(None, complaints), "")


@dataclass(frozen=True, slots=True)
class RestrictionKinds:
    """All kinds by name. Immutable: `with_kind` gives a new registry."""

    by_name: Mapping[str, RestrictionKind]

    def __getitem__(self, name: str) -> RestrictionKind:
        """Give a kind. Raises UnknownKind."""
        kind = self.by_name.get(name)
        if kind is None:
            hint = did_you_mean(name, self.by_name) or f"Known are {', '.join(self.by_name)}."
            raise UnknownKind(f"{name!r} is no kind of restriction.", hint=hint)
        return kind

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def __iter__(self) -> Iterator[RestrictionKind]:
        return iter(self.by_name.values())

    def with_kind(self, kind: RestrictionKind) -> "RestrictionKinds":
        """Give a registry that also has `kind`. Raises UnfitRestriction if the name is taken."""
        if kind.name in self.by_name:
            raise UnfitRestriction(f"The restriction kind {kind.name!r} is declared already.")
        named = kind if kind.webhook else replace(kind, webhook=f"effect.{kind.name}")
        return RestrictionKinds({**self.by_name, kind.name: named})

    def check(self, restriction: Restriction, scope: Scope) -> None:
        """Raise UnknownKind or UnfitRestriction unless the restriction fits its kind and scope."""
        kind = self[restriction.kind]
        if scope not in kind.scopes:
            raise UnfitRestriction(f"{kind.name!r} is for {'/'.join(kind.scopes)}, not {scope}.")
        for need in sorted(kind.needs):
            if getattr(restriction, need) is None:
                raise UnfitRestriction(f"{kind.name!r} needs {need!r}.")
        complaint = kind.complaint(restriction.params)
        if complaint:
            raise UnfitRestriction(f"{kind.name!r} {complaint}.")


INTERACTIONS: Final = ("comments", "duet", "stitch", "download")
FEATURES: Final = ("posting", "comments", "direct", "live", "links")

_ITEM: Final = frozenset[Scope]({"item"})
_ACCOUNT: Final = frozenset[Scope]({"account"})
_BUILT_IN: Final = (
    RestrictionKind(
        name="label", order=10, scopes=_ITEM, gate="label", params=(Param(name="label"),)
    ),
    RestrictionKind(
        name="expose",
        order=12,
        scopes=_ITEM,
        gate="pass",
        params=(Param(name="up_to", number=True, required=True),),
    ),
    RestrictionKind(name="warn", order=20, scopes=_ITEM, gate="warn"),
    RestrictionKind(name="limit", order=30, scopes=_ITEM | _ACCOUNT, gate="limit"),
    RestrictionKind(
        name="age_gate", order=40, scopes=_ITEM, gate="block", needs=frozenset({"min_age"})
    ),
    RestrictionKind(
        name="geo_block", order=50, scopes=_ITEM, gate="block", needs=frozenset({"markets"})
    ),
    RestrictionKind(
        name="interaction",
        order=60,
        scopes=_ITEM,
        gate="pass",
        params=(Param(name="features", choices=INTERACTIONS, many=True),),
    ),
    RestrictionKind(name="hold", order=70, scopes=_ITEM, gate="block", absorbs=True),
    RestrictionKind(name="remove", order=80, scopes=_ITEM, gate="block", absorbs=True),
    RestrictionKind(
        name="strike",
        order=5,
        scopes=_ACCOUNT,
        gate="pass",
        params=(Param(name="points", number=True, required=True), Param(name="item")),
    ),
    RestrictionKind(
        name="feature_block",
        order=15,
        scopes=_ACCOUNT,
        gate="pass",
        params=(Param(name="feature", choices=FEATURES, required=True),),
    ),
    RestrictionKind(name="verify", order=35, scopes=_ACCOUNT, gate="pass"),
    RestrictionKind(name="suspend", order=90, scopes=_ACCOUNT, gate="block", absorbs=True),
    RestrictionKind(name="ban", order=100, scopes=_ACCOUNT, gate="block", absorbs=True),
)


def _registry() -> RestrictionKinds:
    kinds = RestrictionKinds({})
    for kind in _BUILT_IN:
        kinds = kinds.with_kind(kind)
    return kinds


RESTRICTION_KINDS: Final = _registry()
"""The built-in kinds, items' and accounts'. Orders leave room for an operator's own between."""
