"""The shapes a pack file may have, and how a mistake in it is told.

Flows in: the nested values a YAML reader makes. Flows out: typed forms, or one error that names
file, policy, field and the likeliest mending. What a field means is not known here.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from fieldfare.kernel import BadInput, did_you_mean
from fieldfare.policies.severity import OnEdit, OnUnknown, Severity

AGE_BANDS: Final = ("under13", "13_15", "16_17", "18_plus", "unknown")
SURFACES: Final = ("feed", "search", "profile", "direct", "live")

_MARKET: Final = re.compile(r"[A-Z]{2}")
_PATH: Final = re.compile(r" - at `\$\.?(.*)`$")


class PackDoesNotLoad(BadInput):
    """A policy pack has a mistake. `where` is file, policy and field."""

    slug = "pack-does-not-load"

    def __init__(self, where: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f"{where}: {problem}", hint=hint)
        self.where = where


class ActionForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    kind: str
    surfaces: list[str] | None = None
    markets: list[str] | None = None
    min_age: int | None = None
    hours: float | None = None
    params: dict[str, str] = {}


class TextForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    title: str
    notice: str
    rule: str = ""
    do_not: list[str] = []
    allowed: list[str] = []


class PolicyForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    area: str
    severity: Severity
    queue: str
    strike_bucket: str
    dsa_category: str
    dsa_keyword: str
    texts: dict[str, TextForm]
    on_confirm: list[str | ActionForm]
    harm_weight: float | None = None
    deadline_min: int | None = None
    at_high_confidence: list[str | ActionForm] = []
    on_match: list[str | ActionForm] = []
    alternatives: list[str | ActionForm] = []
    account: list[str | ActionForm] = []
    review: bool = True
    strike_points: int = 0
    zero_tolerance: bool = False
    flags: list[str] = []
    on_unknown: OnUnknown | None = None
    on_edit: OnEdit | None = None
    judged_by: list[str] = []
    exceptions: list[str] = []


class OverlayForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    policies: dict[str, dict[str, object]]
    markets: list[str] | None = None
    ages: list[str] | None = None


class KindParamForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    choices: list[str] = []
    many: bool = False
    number: bool = False
    required: bool = False


class KindForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    order: int
    scope: str
    gate: str = "pass"
    webhook: str = ""
    params: dict[str, KindParamForm] = {}


class PackForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    version: str
    effective_from: str
    policies: dict[str, dict[str, object]]
    overlays: list[OverlayForm] = []
    kinds: dict[str, KindForm] = {}


FormT = TypeVar("FormT", bound=msgspec.Struct)


def read_form(raw: object, form: type[FormT], where: str) -> FormT:
    """Read `raw` as a `form`. Raises PackDoesNotLoad, naming the field and its likeliest cause."""
    if isinstance(raw, Mapping):
        for name in raw:
            if name not in form.__struct_fields__:
                hint = did_you_mean(str(name), form.__struct_fields__)
                known = f"Known are {', '.join(form.__struct_fields__)}."
                raise PackDoesNotLoad(where, f"unknown field {name!r}.", hint=hint or known)
    try:
        return msgspec.convert(raw, form)
    except msgspec.ValidationError as error:
        path = _PATH.search(str(error))
        field = f".{path[1]}" if path else ""
        problem = _PATH.sub("", str(error))
        raise PackDoesNotLoad(where + field, f"{problem}.", hint=_hint(problem)) from error


def _hint(problem: str) -> str:
    if "got `bool`" in problem or "got `int`" in problem:
        return 'Quote words that YAML takes for something else: "NO", "off", "13_15".'
    return ""


def checked_markets(markets: list[str] | None, where: str) -> frozenset[str] | None:
    """Read ISO 3166 country codes. Raises PackDoesNotLoad."""
    for market in markets or ():
        if not _MARKET.fullmatch(market):
            hint = "A market is a country's two capital letters, as in DE."
            raise PackDoesNotLoad(where, f"{market!r} is no market.", hint=hint)
    return None if markets is None else frozenset(markets)


def one_of(words: list[str] | None, known: tuple[str, ...], where: str) -> frozenset[str] | None:
    """Read a set of known words, None for all. Raises PackDoesNotLoad."""
    for word in words or ():
        if word not in known:
            hint = did_you_mean(word, known) or f"Known are {', '.join(known)}."
            raise PackDoesNotLoad(where, f"unknown word {word!r}.", hint=hint)
    return None if words is None else frozenset(words)
