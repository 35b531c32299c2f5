"""The restrictions that effects ask for, and the effect that may ask for any kind: Restrict.

In: an effect with its arguments, once when the rules load and again for each event on which they
fire. Out: what it may take, or the restriction itself.
"""

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fieldfare.kernel import at_of, did_you_mean
from fieldfare.records import Restriction, Subject
from fieldfare.rules.checking import Scope
from fieldfare.rules.durations import duration_ms
from fieldfare.rules.effect_table import EFFECTS, RESTRICT, EffectSpec
from fieldfare.rules.signatures import Param
from fieldfare.rules.sml_types import INT, STR, STRINGS
from fieldfare.rules.vocabulary import KindParam, PolicyTerms

_OWN: Final = frozenset(param.name for param in EFFECTS[RESTRICT].params)
_PARAMS: Final = ("label", "feature", "up_to")
ADULT: Final = 18


class CannotApply(Exception):
    """An effect lacks what it needs; the message goes into the outcome's errors."""


def restrict_spec(call: ast.Call, scope: Scope) -> EffectSpec | None:
    """Tell what a Restrict takes: what its kind does, besides its own arguments.

    None after noting that the kind is unknown, or is not for what it is asked on.
    """
    given = {keyword.arg or "": keyword.value for keyword in call.keywords}
    kind, kinds = given.get("kind"), scope.vocabulary.kinds
    if not isinstance(kind, ast.Constant) or not isinstance(kind.value, str):
        hint = f"Write kind={next(iter(kinds), 'limit')!r}."
        scope.problem(kind or call, "the kind of a restriction is a literal", hint)
        return None
    terms = kinds.get(kind.value)
    if terms is None:
        hint = did_you_mean(kind.value, kinds) or "Declare it in the pack, under kinds:."
        scope.problem(kind, f"unknown kind of restriction {kind.value!r}", hint)
        return None
    on = "account" if "account" in given else "item"
    if on not in terms.on:
        hint = "Say account=." if on == "item" else "Leave out account=."
        scope.problem(call, f"{kind.value!r} is no restriction of an {on}", hint)
        return None
    spec = EFFECTS[RESTRICT]
    own = tuple(_param(param) for param in terms.params)
    return replace(
        spec,
        kind=terms.name,
        params=(*spec.params, *own),
        on="account" if on == "account" else "item",
    )


def _param(param: KindParam) -> Param:
    of = STRINGS if param.many else INT if param.number else STR
    choices = () if param.many else param.choices
    is_const = bool(choices) or param.many
    return Param(name=param.name, type=of, required=param.required, const=is_const, choices=choices)


def applied_spec(name: str, args: Mapping[str, object]) -> EffectSpec:
    """Give the spec of an effect that is to be applied, with the kind and subject of a Restrict."""
    spec = EFFECTS[name]
    if name != RESTRICT:
        return spec
    return replace(spec, kind=str(args["kind"]), on="account" if "account" in args else "item")


def restriction_of(
    spec: EffectSpec,
    args: Mapping[str, object],
    policy: PolicyTerms,
    *,
    event_id: int,
    subject: Subject,
) -> Restriction:
    """Make the restriction an effect asks for. Raises CannotApply if a part of it is Unknown.

    subject: of the event; a strike says what it was for.
    """
    length = duration_ms(str(args["for_"])) if "for_" in args else None
    names = [name for name in args if name not in _OWN] if spec.name == RESTRICT else _PARAMS
    params = {name: _written(name, args[name]) for name in names if name in args}
    features = args.get("features")
    if isinstance(features, tuple):
        params["features"] = ",".join(map(str, features))
    if spec.name == "Strike":
        points = args.get("points")
        params = {"points": str(points or policy.strike_points or 1), "item": str(subject)}
    min_age = args.get("min_age", ADULT)
    return Restriction(
        kind=spec.kind,
        policy=policy.code,
        surfaces=names_in(args, "surfaces"),
        markets=names_in(args, "markets"),
        min_age=min_age if spec.kind == "age_gate" and isinstance(min_age, int) else None,
        until=at_of(event_id) + length if length is not None else None,
        params=params,
    )


def _written(name: str, value: object) -> str:
    if value is None:
        raise CannotApply(f"{name} is Unknown")
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def names_in(args: Mapping[str, object], name: str) -> frozenset[str] | None:
    """Read a list of names among arguments; None: all."""
    names = args.get(name)
    return frozenset(map(str, names)) if isinstance(names, tuple) else None
