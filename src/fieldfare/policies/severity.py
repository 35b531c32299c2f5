"""How grave a harm is, and what follows from that when a policy does not say it for itself.

Flows in: nothing. Flows out: the five severities and their defaults, which the pack's loader
fills in and everybody else only reads from a Policy.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """S4 is the gravest (harm to a child, a threat to life), S0 a matter of labels and taste."""

    S0 = "S0"
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"

    @property
    def rank(self) -> int:
        """0 for S0 to 4 for S4."""
        return int(self.value[1])


class OnUnknown(StrEnum):
    """What holds while a listed fact could not be had: shown to nobody, shown while a person is
    asked, or shown.
    """

    HOLD = "hold"
    REVIEW = "review"
    ALLOW = "allow"


class OnEdit(StrEnum):
    """What holds for a new version until it is decided, if the version before was restricted.

    hold: shown to nobody but its author. keep: the restrictions of the version before go on.
    """

    HOLD = "hold"
    KEEP = "keep"


HARM_WEIGHTS: Final[Mapping[Severity, float]] = {
    Severity.S0: 1,
    Severity.S1: 3,
    Severity.S2: 10,
    Severity.S3: 30,
    Severity.S4: 100,
}

DEADLINES_MIN: Final[Mapping[Severity, int]] = {
    Severity.S0: 4_320,
    Severity.S1: 1_440,
    Severity.S2: 240,
    Severity.S3: 60,
    Severity.S4: 15,
}

_HARMLESS_AREAS: Final = ("IN.", "IP.")


def default_on_unknown(code: str, severity: Severity) -> OnUnknown:
    """S3 and S4 hold, S2 asks a person, S0 and S1 allow; so do spam and copyright (IN.*, IP.*),
    where a wrong hold costs more than a late removal.
    """
    if code.startswith(_HARMLESS_AREAS) or severity.rank < Severity.S2.rank:
        return OnUnknown.ALLOW
    return OnUnknown.REVIEW if severity is Severity.S2 else OnUnknown.HOLD


def default_on_edit(severity: Severity) -> OnEdit:
    """From S2 up a change may hide a worse thing, so it waits; below that the old limits go on."""
    return OnEdit.KEEP if severity.rank < Severity.S2.rank else OnEdit.HOLD
