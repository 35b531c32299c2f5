"""From the forms of a pack file to checked policies.

Flows in: one policy's form and the restriction kinds of its pack. Flows out: a Policy whose
actions exist, whose DSA codes exist and which does something when it is broken; or an error.
"""

import re
from typing import Final

from fieldfare.kernel import did_you_mean
from fieldfare.policies.dsa import DSA_CATEGORIES, DSA_KEYWORDS
from fieldfare.policies.forms import (
    SURFACES,
    ActionForm,
    PackDoesNotLoad,
    PolicyForm,
    TextForm,
    checked_markets,
    one_of,
    read_form,
)
from fieldfare.policies.kinds import RestrictionKinds, Scope, UnfitRestriction, UnknownKind
from fieldfare.policies.policy import ENGLISH, Policy, PolicyAction, PolicyText
from fieldfare.policies.severity import (
    DEADLINES_MIN,
    HARM_WEIGHTS,
    Severity,
    default_on_edit,
    default_on_unknown,
)

_CODE: Final = re.compile(r"[A-Z][A-Z0-9]{1,7}\.[A-Z0-9_]{1,24}")
_FLAG: Final = re.compile(r"[A-Z0-9_]+")
_FACT: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_HELD: Final = "hold"


def checked_policy(code: str, raw: object, kinds: RestrictionKinds, where: str) -> Policy:
    """Make a policy out of its form. Raises PackDoesNotLoad."""
    if not _CODE.fullmatch(code):
        hint = "Write an area and a name in capitals, as in HB.BULLY."
        raise PackDoesNotLoad(where, f"{code!r} is no policy code.", hint=hint)
    form = read_form(raw, PolicyForm, where)
    actions = {
        field: _actions(getattr(form, field), kinds, scope, f"{where}.{field}")
        for field, scope in _ACTION_FIELDS
    }
    _check_words(form, where)
    _check_numbers(form, where)
    _check_review(form, actions["at_high_confidence"] + actions["on_match"], where)
    severity = form.severity
    return Policy(
        code=code,
        title=form.texts[ENGLISH].title,
        area=form.area,
        severity=severity,
        harm_weight=HARM_WEIGHTS[severity] if form.harm_weight is None else form.harm_weight,
        deadline_min=DEADLINES_MIN[severity] if form.deadline_min is None else form.deadline_min,
        queue=form.queue,
        **actions,
        review=form.review,
        strike_points=form.strike_points,
        zero_tolerance=form.zero_tolerance,
        strike_bucket=form.strike_bucket,
        flags=frozenset(form.flags),
        on_unknown=form.on_unknown or default_on_unknown(code, severity),
        on_edit=form.on_edit or default_on_edit(severity),
        judged_by=tuple(form.judged_by),
        dsa_category=form.dsa_category,
        dsa_keyword=form.dsa_keyword,
        exceptions=tuple(form.exceptions),
        texts={language: _text(text) for language, text in form.texts.items()},
    )


_ACTION_FIELDS: Final[tuple[tuple[str, Scope], ...]] = (
    ("at_high_confidence", "item"),
    ("on_match", "item"),
    ("on_confirm", "item"),
    ("alternatives", "item"),
    ("account", "account"),
)


def _actions(
    forms: list[str | ActionForm], kinds: RestrictionKinds, scope: Scope, where: str
) -> tuple[PolicyAction, ...]:
    return tuple(
        _action(ActionForm(kind=form) if isinstance(form, str) else form, kinds, scope, where)
        for form in forms
    )


def _action(form: ActionForm, kinds: RestrictionKinds, scope: Scope, where: str) -> PolicyAction:
    action = PolicyAction(
        kind=form.kind,
        surfaces=one_of(form.surfaces, SURFACES, where),
        markets=checked_markets(form.markets, where),
        min_age=form.min_age,
        hours=form.hours,
        params=form.params,
    )
    # A policy that is about accounts offers the reviewer account kinds among its alternatives.
    is_alternative = where.endswith(".alternatives")
    is_of_account = form.kind in kinds and "item" not in kinds[form.kind].scopes
    try:
        kinds.check(
            action.restriction(""), "account" if is_alternative and is_of_account else scope
        )
    except (UnknownKind, UnfitRestriction) as error:
        raise PackDoesNotLoad(where, error.message, hint=error.hint) from error
    return action


def _text(form: TextForm) -> PolicyText:
    return PolicyText(
        title=form.title,
        notice=form.notice,
        rule=form.rule,
        do_not=tuple(form.do_not),
        allowed=tuple(form.allowed),
    )


def _check_words(form: PolicyForm, where: str) -> None:
    if ENGLISH not in form.texts:
        raise PackDoesNotLoad(f"{where}.texts", "there is no English text ('en').")
    if not form.texts[ENGLISH].rule:
        raise PackDoesNotLoad(f"{where}.texts.en.rule", "the rule itself is missing.")
    for field, value, known in (
        ("dsa_category", form.dsa_category, DSA_CATEGORIES),
        ("dsa_keyword", form.dsa_keyword, DSA_KEYWORDS),
    ):
        if value not in known:
            hint = did_you_mean(value, known)
            raise PackDoesNotLoad(f"{where}.{field}", f"the DSA knows no {value!r}.", hint=hint)
    for flag in form.flags:
        if not _FLAG.fullmatch(flag):
            hint = "A flag is written in capitals, as in LEGALHOLD."
            raise PackDoesNotLoad(f"{where}.flags", f"{flag!r} is no flag.", hint=hint)
    for fact in form.judged_by:
        if not _FACT.fullmatch(fact):
            hint = "A fact is named with dots, as in visual.nsfw.max."
            raise PackDoesNotLoad(f"{where}.judged_by", f"{fact!r} names no fact.", hint=hint)


def _check_numbers(form: PolicyForm, where: str) -> None:
    for field in ("harm_weight", "deadline_min"):
        value = getattr(form, field)
        if value is not None and value <= 0:
            raise PackDoesNotLoad(f"{where}.{field}", f"{value} is not above 0.")
    if form.strike_points < 0:
        raise PackDoesNotLoad(f"{where}.strike_points", f"{form.strike_points} is below 0.")


def _check_review(form: PolicyForm, automatic: tuple[PolicyAction, ...], where: str) -> None:
    if form.review:
        return
    hint = "Write review: true."
    if not automatic:
        problem = "with no at_high_confidence and no review, nothing would ever happen."
        raise PackDoesNotLoad(f"{where}.review", problem, hint=hint)
    if any(action.kind == _HELD for action in automatic):
        raise PackDoesNotLoad(f"{where}.review", "somebody must look at what is held.", hint=hint)
    if form.severity.rank >= Severity.S3.rank:
        problem = f"at {form.severity} a person confirms what was done automatically."
        raise PackDoesNotLoad(f"{where}.review", problem, hint=hint)
