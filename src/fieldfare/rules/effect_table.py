"""The effects of the language: which restriction each one asks for, and with which arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from fieldfare.rules.signatures import Param
from fieldfare.rules.sml_types import ANY, BOOL, INT, RULE, STR, STRINGS, SmlType


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSpec:
    """An effect. kind: of the restriction, "" where it makes none or the pack says which.

    on: whether the item or an account is restricted, an entity labelled, or the event alone marked.
    """

    name: str
    kind: str
    params: tuple[Param, ...]
    about: str
    on: Literal["item", "account", "entity", "event"] = "item"


def _p(name: str, of: SmlType, *, const: bool = False) -> Param:
    return Param(name=name, type=of, const=const)


def _o(name: str, of: SmlType, default: str | int | bool | None = None) -> Param:  # noqa: FBT001
    return Param(name=name, type=of, default=default, required=False)


RESTRICT: Final = "Restrict"
_POLICY: Final = _p("policy", STR)
_SCOPE: Final = (
    Param(name="surfaces", type=STRINGS, required=False, const=True),
    Param(name="markets", type=STRINGS, required=False, const=True),
    Param(name="after_person", type=BOOL, default=False, required=False, const=True),
)
_ACCOUNT: Final = (_p("account", STR), _POLICY)
_STAGE: Final = Param(
    name="stage",
    type=STR,
    default="at_high_confidence",
    required=False,
    const=True,
    choices=("at_high_confidence", "on_confirm"),
)
_VETTED: Final = _o("vetted_match", BOOL, False)
_LANE: Final = Param(name="lane", type=INT, default=1, required=False, const=True)
_LANE_OF_SEVERITY: Final = Param(name="lane", type=INT, required=False, const=True)


def _item(name: str, kind: str, about: str, *params: Param) -> EffectSpec:
    return EffectSpec(name=name, kind=kind, params=(*params, _POLICY, *_SCOPE), about=about)


def _label(name: str, about: str) -> EffectSpec:
    length = Param(name="expires_after", type=ANY, required=False)
    return EffectSpec(
        name=name,
        kind="",
        params=(
            _p("entity", SmlType("entity")),
            _p("label", STR, const=True),
            Param(name="apply_if", type=RULE, required=False),
            length,
            replace(length, name="delay_action_by"),
        ),
        about=about,
        on="entity",
    )


def _account(name: str, kind: str, about: str, *params: Param) -> EffectSpec:
    return EffectSpec(
        name=name, kind=kind, params=(*_ACCOUNT, *params, *_SCOPE), about=about, on="account"
    )


_TABLE: Final = (
    _item("Remove", "remove", "take the item down"),
    _item("Limit", "limit", "keep it out of the feed and of search suggestions"),
    _item("Label", "label", "put a banner or mark on it", _p("label", STR)),
    _item("Warn", "warn", "show it only after an opt-in screen"),
    _item(
        "AgeGate",
        "age_gate",
        "show it from an age on",
        Param(name="min_age", type=INT, default=18, required=False, const=True),
    ),
    EffectSpec(
        name="GeoBlock",
        kind="geo_block",
        params=(
            Param(name="markets", type=STRINGS, const=True),
            _POLICY,
            *(param for param in _SCOPE if param.name != "markets"),
        ),
        about="hide it in markets",
    ),
    _item(
        "Interaction",
        "interaction",
        "switch off comment, duet, stitch, download",
        _p("features", STRINGS, const=True),
    ),
    _item("Hold", "hold", "show it to nobody until it is decided"),
    _item(
        "Expose",
        "expose",
        "show it to so many viewers at most, until the rules or a person say more",
        _p("up_to", INT, const=True),
    ),
    EffectSpec(
        name="Review",
        kind="",
        params=(_o("queue", STR), _o("policy", STR), _o("reason", STR, ""), _LANE, _SCOPE[2]),
        about="ask a person; the queue is the policy's own unless named",
    ),
    EffectSpec(
        name="ApplyPolicy",
        kind="",
        params=(_POLICY, _STAGE, _VETTED, _o("reason", STR, ""), _LANE_OF_SEVERITY, *_SCOPE),
        about="what the pack says for the policy at that stage, its case included",
    ),
    _account(
        "FeatureBlock",
        "feature_block",
        "take one feature from an account",
        _p("feature", STR),
        _p("for_", STR, const=True),
    ),
    _account("LimitAccount", "limit", "keep all of an account's items out of the feed"),
    _account("Verify", "verify", "ask an account to prove itself"),
    _account("Suspend", "suspend", "lock an account for a time", _p("for_", STR, const=True)),
    _account("Ban", "ban", "close an account"),
    _account(
        "Strike",
        "strike",
        "count a strike against an account, of the policy's points unless given",
        Param(name="points", type=INT, required=False, const=True),
        Param(name="for_", type=STR, required=False, const=True),
    ),
    EffectSpec(
        name=RESTRICT,
        kind="",
        params=(
            _p("kind", STR, const=True),
            Param(name="account", type=STR, required=False),
            _POLICY,
            Param(name="for_", type=STR, required=False, const=True),
            *_SCOPE,
        ),
        about="any kind of restriction the pack knows, with the kind's own parameters by name",
    ),
    _label("LabelAdd", "give an entity a label, for a time or for good"),
    _label("LabelRemove", "take a label from an entity"),
    EffectSpec(
        name="DeclareVerdict",
        kind="",
        params=(_p("verdict", STR),),
        about="a word of your own on the event: whoever asked for a decision gets them all",
        on="event",
    ),
)
EFFECTS: Final[Mapping[str, EffectSpec]] = {spec.name: spec for spec in _TABLE}
