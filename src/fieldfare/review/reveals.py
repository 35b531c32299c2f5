"""Reveals: the right to see one case's clear media for a minute, and the record of having it.

A token is signed, not stored: it names person, case, version, what is seen and end, and fits
nothing else. Who
gets one is counted as exposed at that moment, in the same transaction as the audit record.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from fieldfare.kernel import EventId, JsonValue, NotPermitted
from fieldfare.records import Case, Exposure, NewEvent
from fieldfare.review.unit import ReviewUnit, person_behind

MEDIA_REVEALED: Final = "media.revealed"
STILLS: Final = "stills"
VIDEO: Final = "video"


class RevealRefused(NotPermitted):
    """The token is not ours, not this person's, about something else, or over."""

    slug = "reveal-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """A right to see clear media. what: STILLS or VIDEO. expires_at: ms since 1970."""

    token: str
    what: str
    case_id: EventId
    version: str
    expires_at: int


def sign(secret: bytes, reviewer: str, case: Case, *, what: str, expires_at: int) -> Reveal:
    """Sign the right of one person to see one version of one case until a moment."""
    mac = _mac(secret, reviewer, case, what, expires_at)
    return Reveal(
        token=f"{expires_at}.{what}.{mac}",
        what=what,
        case_id=case.id,
        version=case.version,
        expires_at=expires_at,
    )


def check(secret: bytes, token: str, reviewer: str, case: Case, *, what: str, now_ms: int) -> None:
    """Raise RevealRefused unless the token lets this person see this version of this case now.

    What a token for the video opens are the pictures taken from it, too; not the other way round.
    """
    end, _, rest = token.partition(".")
    given, _, mac = rest.partition(".")
    expires_at = int(end) if end.isascii() and end.isdigit() and len(end) < _DIGITS else 0
    expected = _mac(secret, reviewer, case, given, expires_at)
    is_ours = hmac.compare_digest(mac.encode(), expected.encode())
    if not is_ours or given not in {what, VIDEO} or now_ms >= expires_at:
        raise RevealRefused(
            "The right to see this clearly is over, or was never given.",
            hint="Ask for it again on the page of the case.",
        )


def record(uow: ReviewUnit, reviewer: str, case: Case, *, what: str) -> Exposure:
    """Write the audit record and the exposure of one reveal."""
    policy = case.policies[0] if case.policies else ""
    data: dict[str, JsonValue] = {
        "reviewer": reviewer,
        "version": case.version,
        "policy": policy,
        "what": what,
    }
    event = uow.log.append(
        case.org,
        NewEvent(
            kind=MEDIA_REVEALED,
            subject=case.subject,
            person=person_behind(uow, case.org, case.subject),
            data=data,
            causes=(case.id,),
        ),
    )
    exposure = Exposure(
        org=case.org,
        id=event.id,
        reviewer=reviewer,
        case_id=case.id,
        version=case.version,
        policy=policy,
        what=what,
        at=event.at,
    )
    uow.exposures.add(exposure)
    return exposure


def _mac(secret: bytes, reviewer: str, case: Case, what: str, expires_at: int) -> str:
    named = ("reveal", case.org, reviewer, str(case.id), case.version, what, str(expires_at))
    return hmac.new(secret, "\0".join(named).encode(), hashlib.sha256).hexdigest()


_DIGITS: Final = 18
