"""The form of an entry: typed texts flow in, what is to be different or what is wrong flows out."""

from collections.abc import Mapping
from typing import Final

from fieldfare.matching.repositories import EntryState
from fieldfare.web.console.views.bank_form import MAX_NOTE, read_until
from fieldfare.web.console.views.bank_form import mark as _

MAX_LABEL: Final = 200
MAX_LABELS: Final = 50
MAX_LABEL_OF_MANY: Final = 100


def read_entry(typed: Mapping[str, str]) -> tuple[dict[str, object], dict[str, str]]:
    """Read what is typed; a field that is not there stays as it is. (changes, errors by field)."""
    changes: dict[str, object] = {}
    errors: dict[str, str] = {}
    for name, most in (("label", MAX_LABEL), ("note", MAX_NOTE)):
        if name in typed:
            changes[name] = typed[name].strip()
            if len(typed[name].strip()) > most:
                errors[name] = _("That is too long.")
    if "labels" in typed:
        changes["labels"], wrong = read_labels(typed["labels"])
        errors |= {"labels": wrong} if wrong else {}
    if "state" in typed:
        try:
            changes["state"] = EntryState(typed["state"])
        except ValueError:
            errors["state"] = _("Choose one of the three.")
    if "disabled_until" in typed:
        try:
            changes["disabled_until"] = read_until(typed["disabled_until"].strip())
        except ValueError as error:
            errors["disabled_until"] = str(error)
    return changes, errors


def read_labels(text: str) -> tuple[tuple[str, ...], str]:
    """Read labels with commas between them: each once, in order; and what is wrong with them."""
    labels = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    if len(labels) > MAX_LABELS or any(len(each) > MAX_LABEL_OF_MANY for each in labels):
        return labels, _("At most 50 labels of 100 characters.")
    return labels, ""
