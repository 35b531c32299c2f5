"""Words and signs for what records name by short codes, so that every page says it alike.

The texts are marked for gettext here and translated where a page is made.
"""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fieldfare.matching import DECIDED_BANK
from fieldfare.records import Restriction


def _(text: str) -> str:
    """Mark a text for the catalogue."""
    return text


@dataclass(frozen=True, slots=True)
class Word:
    """What a code means: its words, its icon, and its tone (ok, warn, bad or plain)."""

    text: str
    icon: str = "circle-dot"
    tone: str = ""


WORDS: Final[Mapping[str, Word]] = {
    # Headlines and restriction kinds
    "allow": Word(_("Allow"), "circle-check", "ok"),
    "label": Word(_("Label"), "tag"),
    "warn": Word(_("Warn"), "triangle-alert", "warn"),
    "limit": Word(_("Limit"), "users", "warn"),
    "age_gate": Word(_("Age-gate"), "badge-alert", "warn"),
    "geo_block": Word(_("Block in countries"), "globe", "warn"),
    "interaction": Word(_("Switch off interactions"), "messages-square", "warn"),
    "hold": Word(_("Hold"), "hand", "warn"),
    "remove": Word(_("Remove"), "ban", "bad"),
    "confirm": Word(_("As the policy says"), "list-checks", "bad"),
    "escalate": Word(_("Escalate"), "arrow-right", "bad"),
    "expose": Word(_("Limit the views"), "eye", "warn"),
    "strike": Word(_("Strike"), "badge-alert", "warn"),
    "feature_block": Word(_("Block a feature"), "lock", "warn"),
    "verify": Word(_("Verify"), "badge-alert", "warn"),
    "suspend": Word(_("Suspend"), "timer", "bad"),
    "ban": Word(_("Ban"), "ban", "bad"),
    # Voices
    "rule": Word(_("Rule"), "gavel"),
    "person": Word(_("Person"), "user"),
    "appeal": Word(_("Appeal"), "undo-2"),
    "order": Word(_("Order"), "scroll-text"),
    # Events
    "item.posted": Word(_("Posted"), "inbox"),
    "item.changed": Word(_("Changed by its author"), "history"),
    "item.deleted": Word(_("Deleted by its author"), "trash-2"),
    "item.scanned": Word(_("Media scanned"), "film"),
    "item.viewed": Word(_("Viewed"), "eye"),
    "views.reached": Word(_("View threshold reached"), "gauge"),
    "report.filed": Word(_("Reported by a user"), "flag", "warn"),
    "decision.made": Word(_("Decided"), "shield-check"),
    "case.opened": Word(_("A person was asked"), "message-square-text"),
    "case.skipped": Word(_("Skipped"), "skip-forward"),
    "case.overdue": Word(_("Past its deadline"), "clock", "warn"),
    "case.escalated": Word(_("Escalated"), "arrow-right", "warn"),
    "verdict.given": Word(_("A person's verdict"), "user"),
    "verdict.withdrawn": Word(_("Verdict taken back"), "undo-2"),
    "item.looked_at": Word(_("Looked at"), "eye"),
    "media.revealed": Word(_("Seen clearly"), "eye", "warn"),
    "effect.acknowledged": Word(_("Carried out"), "circle-check", "ok"),
    "breaker.tripped": Word(_("A quota was passed"), "triangle-alert", "bad"),
    "quota.changed": Word(_("Quota changed"), "gauge"),
    "snooze.changed": Word(_("Rule snoozed or woken"), "moon"),
    "bulk.labelled": Word(_("Labels in bulk"), "plus"),
    "bulk.reviewed": Word(_("Review in bulk"), "message-square-text"),
    "account.created": Word(_("Account created"), "user"),
    # States
    "received": Word(_("Received"), "clock"),
    "scanned": Word(_("Scanned"), "film"),
    "decided": Word(_("Decided"), "shield-check", "ok"),
    "superseded": Word(_("Superseded"), "history"),
    "deleted": Word(_("Deleted"), "trash-2"),
    "ready": Word(_("Ready"), "inbox"),
    "leased": Word(_("In review"), "eye"),
    "cancelled": Word(_("Cancelled"), "circle-x"),
    "due": Word(_("Due"), "clock"),
    "sent": Word(_("Trying"), "send", "warn"),
    "acknowledged": Word(_("Acknowledged"), "circle-check", "ok"),
    "dead": Word(_("Dead"), "circle-x", "bad"),
    # Where a version of the rules stands, and what became of a file in it
    "draft": Word(_("Draft"), "pencil"),
    "shadow": Word(_("Shadow"), "ghost"),
    "rollout": Word(_("Rollout"), "gauge", "warn"),
    "live": Word(_("Live"), "zap", "ok"),
    "retired": Word(_("Retired"), "history"),
    "withdrawn": Word(_("Withdrawn"), "circle-x"),
    "file_added": Word(_("new file")),
    "file_removed": Word(_("removed")),
    "file_changed": Word(_("changed")),
    # Menu
    "overview": Word(_("Overview"), "layout-dashboard"),
    "review": Word(_("Review"), "eye"),
    "items": Word(_("Items"), "inbox"),
    "investigate": Word(_("Investigate"), "search"),
    "policies": Word(_("Policies"), "book-open"),
    "rules": Word(_("Rules"), "gavel"),
    "banks": Word(_("Banks"), "database"),
    "outbox": Word(_("Outbox"), "send"),
    # Where a backtest stands
    "backtest_running": Word(_("Running"), "timer"),
    "backtest_done": Word(_("Done"), "circle-check", "ok"),
    "backtest_failed": Word(_("Failed"), "circle-x", "bad"),
    "backtest_cancelled": Word(_("Stopped"), "circle-x"),
    "backtest_interrupted": Word(_("Cut short by a restart"), "circle-alert", "warn"),
    # What a rule did that is no action
    "error": Word(_("Threw"), "circle-alert", "bad"),
    # Banks of known content and their entries
    "bank_on": Word(_("On"), "circle-check", "ok"),
    "bank_off": Word(_("Off"), "power-off"),
    "bank_paused": Word(_("Paused"), "circle-pause", "warn"),
    "harmful": Word(_("Harmful"), "shield-alert", "bad"),
    "known_good": Word(_("Known good"), "shield-check", "ok"),
    "entry_active": Word(_("Active"), "circle-check", "ok"),
    "entry_quarantined": Word(_("Quarantined"), "shield-question-mark", "warn"),
    "entry_disabled": Word(_("Disabled"), "power-off"),
    "entry_media": Word(_("Media"), "film"),
    "entry_text": Word(_("Text"), "type"),
    "entry_url": Word(_("URL"), "link"),
    "confirmed": Word(_("Right"), "thumbs-up", "ok"),
    "denied": Word(_("Wrong"), "thumbs-down", "bad"),
    "suggested_denial": Word(_("Perhaps wrong"), "thumbs-down", "warn"),
    "bank.changed": Word(_("Bank changed"), "database"),
    # Who did it, as the lanes of a time line
    "host": Word(_("Host")),
    "machine": Word(_("Machine")),
    "people": Word(_("People")),
    "outcome": Word(_("Outcome")),
}

_SENTENCES: Final[Mapping[str, str]] = {
    "label": _("Shown with the label “%(label)s”"),
    "warn": _("Shown behind a warning screen"),
    "limit": _("Off feed and search"),
    "age_gate": _("Shown to people of %(min_age)s and over only"),
    "geo_block": _("Not shown in %(markets)s"),
    "interaction": _("Switched off: %(off)s"),
    "hold": _("Shown to nobody until decided"),
    "remove": _("Shown to nobody"),
}
_ANY_KIND: Final = _("Restriction “%(kind)s”")
_HERE: Final = _("Decided here: %(policy)s")
_ANY_HERE: Final = _("Decided here")
_PLACE: Final = re.compile(r"\{(?P<name>\w+)\}")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def word(code: str) -> Word:
    """Give the word for a code; an operator's own codes stand for themselves."""
    return WORDS.get(code) or Word(code.replace("_", " "))


def in_words(code: str) -> str:
    """Write an operator's own code as words: `regulated_goods` is "Regulated goods"."""
    spaced = code.replace("_", " ").strip()
    return spaced[:1].upper() + spaced[1:]


def bank_name(name: str) -> str:
    """Name a bank; one that we keep of what was decided here says so."""
    kind, _dot, policy = name.partition(".")
    if kind != DECIDED_BANK:
        return name
    return gettext.gettext(_HERE) % {"policy": policy} if policy else gettext.gettext(_ANY_HERE)


def blanks(text: str) -> tuple[tuple[str, bool], ...]:
    """Cut a rule's text into pieces: (words, whether they stand for a value yet unknown).

    A word after the place that only repeats its name is left out: `{_Accounts} accounts`.
    """
    pieces: list[tuple[str, bool]] = []
    at = 0
    for place in _PLACE.finditer(text):
        words = _CAMEL.sub(" ", place["name"].strip("_")).replace("_", " ").lower()
        pieces += [(text[at : place.start()], False), (words, True)]
        at = place.end()
        if text[at:].lower().startswith(f" {words}"):
            at += 1 + len(words)
    return tuple(piece for piece in (*pieces, (text[at:], False)) if piece[0])


def gettext_of(catalogue: gettext.NullTranslations) -> Callable[[str], Word]:
    """Give `word` in the language of a catalogue."""

    def translated(code: str) -> Word:
        found = word(code)
        return Word(catalogue.gettext(found.text), found.icon, found.tone)

    return translated


def sentence(restriction: Restriction) -> str:
    """Say what a restriction does to an item, and where it does not hold for everybody."""
    values = {
        "kind": restriction.kind,
        "min_age": str(restriction.min_age),
        "markets": ", ".join(sorted(restriction.markets or ())),
        "label": restriction.params.get("label", restriction.policy),
        "off": restriction.params.get("off", "").replace(",", ", "),
    }
    said = gettext.gettext(_SENTENCES.get(restriction.kind, _ANY_KIND)) % values
    where = []
    if restriction.surfaces is not None:
        where.append(", ".join(sorted(restriction.surfaces)))
    if restriction.markets is not None and restriction.kind != "geo_block":
        where.append(", ".join(sorted(restriction.markets)))
    return f"{said} ({'; '.join(where)})" if where else said
