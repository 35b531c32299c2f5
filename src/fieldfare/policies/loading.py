"""Packs from files: find them, read them, check them whole.

Flows in: a path or the text of a pack in YAML. Flows out: a PolicyPack or the first mistake found,
with its place. Reading is strict: a key written twice, an unknown field or a misspelt word is an
error, because a policy that silently does not apply is the worst mistake of all.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_args

import yaml

import fieldfare
from fieldfare.kernel import Unavailable, did_you_mean, digest, unix_ms
from fieldfare.kernel.yaml_trouble import yaml_trouble
from fieldfare.policies.checking import checked_policy
from fieldfare.policies.forms import (
    AGE_BANDS,
    KindForm,
    KindParamForm,
    OverlayForm,
    PackDoesNotLoad,
    PackForm,
    checked_markets,
    one_of,
    read_form,
)
from fieldfare.policies.kinds import (
    RESTRICTION_KINDS,
    Gate,
    Param,
    RestrictionKind,
    RestrictionKinds,
    Scope,
    UnfitRestriction,
)
from fieldfare.policies.pack import Overlay, PolicyPack
from fieldfare.policies.policy import Policy

TAKEN_PARAMS: Final = frozenset(
    {"kind", "policy", "account", "surfaces", "markets", "after_person", "for_"}
)
"""Names that the effect Restrict takes itself."""
DEFAULT_PACK: Final = "default"
PACK_FILE: Final = "policies.yaml"


def packs_dir() -> Path:
    """Find the packs: inside the installed package, else at the root of the repository.

    Raises Unavailable if they are in neither place.
    """
    package = Path(fieldfare.__file__).parent
    for folder in (package / "packs", package.parents[1] / "packs"):
        if (folder / DEFAULT_PACK).is_dir():
            return folder
    hint = "Install fieldfare again, or run it from a complete checkout."
    raise Unavailable(f"There are no policy packs beside {package}.", hint=hint)


def load_pack(source: Path | str) -> PolicyPack:
    """Load a pack from a file, from a folder holding `policies.yaml`, or from YAML text.

    A string is text; a Path is a place. Raises PackDoesNotLoad.
    """
    if isinstance(source, str):
        return _pack(_read_yaml(source, "pack"), "pack")
    path = source / PACK_FILE if source.is_dir() else source
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackDoesNotLoad(str(path), f"cannot be read ({error}).") from error
    return _pack(_read_yaml(text, str(path)), str(path))


def load_default_pack() -> PolicyPack:
    """Load the pack that ships with Fieldfare."""
    return load_pack(packs_dir() / DEFAULT_PACK)


def _pack(raw: object, where: str) -> PolicyPack:
    form = read_form(raw, PackForm, where)
    kinds = RESTRICTION_KINDS
    for name, kind in form.kinds.items():
        kinds = _declared(name, kind, kinds, f"{where}: kinds.{name}")
    policies = {
        code: checked_policy(code, policy, kinds, f"{where}: {code}")
        for code, policy in form.policies.items()
    }
    try:
        effective_from = unix_ms(form.effective_from)
    except ValueError as error:
        raise PackDoesNotLoad(f"{where}: effective_from", f"{error}.") from error
    return PolicyPack(
        name=form.name,
        version=form.version,
        hash=digest(raw),
        effective_from=effective_from,
        policies=policies,
        overlays=tuple(_overlay(one, form.policies, kinds, where) for one in form.overlays),
        kinds=kinds,
    )


def _declared(name: str, form: KindForm, kinds: RestrictionKinds, where: str) -> RestrictionKinds:
    scope = next((one for one in get_args(Scope) if one == form.scope), None)
    gate = next((one for one in get_args(Gate) if one == form.gate), None)
    if scope is None or gate is None:
        hint = f"scope is {' or '.join(get_args(Scope))}; gate is {', '.join(get_args(Gate))}."
        raise PackDoesNotLoad(where, "scope or gate is no known word.", hint=hint)
    kind = RestrictionKind(
        name=name,
        order=form.order,
        scopes=frozenset({scope}),
        gate=gate,
        params=tuple(_param(each, told, where) for each, told in form.params.items()),
        webhook=form.webhook,
    )
    try:
        return kinds.with_kind(kind)
    except UnfitRestriction as error:
        raise PackDoesNotLoad(where, error.message) from error


def _param(name: str, form: KindParamForm, where: str) -> Param:
    if not name.isidentifier() or name in TAKEN_PARAMS:
        hint = "Use letters, digits and _, and none of " + ", ".join(sorted(TAKEN_PARAMS)) + "."
        raise PackDoesNotLoad(f"{where}.params", f"{name!r} is no name for a parameter.", hint=hint)
    return Param(
        name=name,
        choices=tuple(form.choices),
        many=form.many,
        number=form.number,
        required=form.required,
    )


def _overlay(
    form: OverlayForm,
    base: Mapping[str, Mapping[str, object]],
    kinds: RestrictionKinds,
    where: str,
) -> Overlay:
    where = f"{where}: overlay {form.name}"
    return Overlay(
        name=form.name,
        markets=checked_markets(form.markets, f"{where}.markets"),
        ages=one_of(form.ages, AGE_BANDS, f"{where}.ages"),
        policies={
            code: _overlaid(code, changes, base, kinds, f"{where}: {code}")
            for code, changes in form.policies.items()
        },
    )


def _overlaid(
    code: str,
    changes: Mapping[str, object],
    base: Mapping[str, Mapping[str, object]],
    kinds: RestrictionKinds,
    where: str,
) -> Policy:
    if code not in base:
        raise PackDoesNotLoad(where, "there is no such policy.", hint=did_you_mean(code, base))
    return checked_policy(code, {**base[code], **changes}, kinds, where)


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML that refuses a key written twice, where the plain loader lets the last one win."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[object, object]:
    made: dict[object, object] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in made:
            problem = f"the key {key!r} is written twice"
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
    return made


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _read_yaml(text: str, where: str) -> object:
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506 (a SafeLoader by inheritance)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found = yaml_trouble(error, text)
        raise PackDoesNotLoad(f"{where} line {found.line}", f"{found.why}.") from error
