"""Signing in: a name and a password flow in, a session flows out, and guessing is slowed down.

The caller looks the person up; nothing here reads or writes the store, so that the slow hash is
never worked out inside a transaction.
"""

import hashlib
import hmac
import secrets
import threading
from collections import deque
from typing import Final

from fieldfare.access.passwords import hash_of_nobody, is_password
from fieldfare.access.principals import Principal, principal_of_person
from fieldfare.access.repositories import Person, Session
from fieldfare.kernel import Clock, NotPermitted, NotSignedIn, Org, Overloaded

SESSION_MS: Final = 12 * 3_600_000
WINDOW_MS: Final = 15 * 60_000
MAX_FAILURES: Final = 8
"""Failed attempts per name within the window; further ones are refused unheard."""
_NAMES: Final = 10_000
_IDLE_NAMES_LEFT: Final = _NAMES // 2


class SignInRefused(NotSignedIn):
    slug = "sign-in-refused"


class TooManyAttempts(Overloaded):
    slug = "too-many-attempts"


class FormNotOurs(NotPermitted):
    """A form came without the token we gave the page: it may be another site's."""

    slug = "form-not-ours"


class Throttle:
    """Counts failed attempts per (organisation, name) in a sliding window of the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[tuple[Org, str], deque[int]] = {}
        self._lock = threading.Lock()

    def must_be_open(self, org: Org, name: str) -> None:
        """Raise TooManyAttempts, with the wait in seconds, if the name failed too often."""
        now = self._clock.now_ms()
        with self._lock:
            failures = self._failures.get((org, name))
            if not failures:
                return
            while failures and failures[0] <= now - WINDOW_MS:
                failures.popleft()
            if len(failures) < MAX_FAILURES:
                return
            wait_s = -(-(failures[0] + WINDOW_MS - now) // 1000)
        raise TooManyAttempts(
            "Too many failed attempts for this name.",
            retry_after_s=max(1, wait_s),
            hint="Wait, or ask an administrator to set a new password.",
        )

    def failed(self, org: Org, name: str) -> None:
        with self._lock:
            if len(self._failures) >= _NAMES and (org, name) not in self._failures:
                self._drop_oldest()
            self._failures.setdefault((org, name), deque(maxlen=MAX_FAILURES)).append(
                self._clock.now_ms()
            )

    def succeeded(self, org: Org, name: str) -> None:
        with self._lock:
            self._failures.pop((org, name), None)

    def _drop_oldest(self) -> None:
        """Bound the memory made-up names can take: keep the half that failed last."""
        newest_last = sorted(self._failures.items(), key=lambda entry: entry[1][-1])
        self._failures = dict(newest_last[-_IDLE_NAMES_LEFT:])


def sign_in(
    person: Person | None,
    *,
    org: Org,
    name: str,
    password: str,
    throttle: Throttle,
) -> Principal:
    """Check a password against the person found by that name (None: there is none).

    Raises TooManyAttempts before anything is checked, and SignInRefused in the same words, after
    the same work, for an unknown name, a wrong password and a disabled person.
    """
    throttle.must_be_open(org, name)
    fits = is_password(password, person.password_hash if person else hash_of_nobody())
    if person is None or not fits or not person.enabled or person.org != org:
        throttle.failed(org, name)
        raise SignInRefused("The name or the password is not right.", hint="Try again.")
    throttle.succeeded(org, name)
    return principal_of_person(person)


def open_session(principal: Principal, *, now_ms: int) -> tuple[str, Session]:
    """Draw a session: the cookie's token, which only the browser keeps, and the record."""
    token = secrets.token_urlsafe(32)
    session = Session(
        org=principal.org,
        token_sha256=session_digest(token),
        person_id=principal.id,
        csrf=secrets.token_urlsafe(24),
        created_at=now_ms,
        expires_at=now_ms + SESSION_MS,
    )
    return token, session


def session_digest(token: str) -> str:
    """Name a session by its token as the store knows it."""
    return hashlib.sha256(token.encode()).hexdigest()


def principal_of_session(
    session: Session | None, person: Person | None, *, now_ms: int
) -> Principal:
    """Tell who holds a session. Raises NotSignedIn if it ended, or its person is gone or
    disabled.
    """
    alive = session is not None and now_ms < session.expires_at
    if not alive or person is None or not person.enabled:
        raise NotSignedIn("The session has ended.", hint="Sign in again.")
    return principal_of_person(person)


def must_be_our_form(session: Session, token: str) -> None:
    """Raise FormNotOurs unless the token is the one given to this session's pages."""
    if not hmac.compare_digest(session.csrf.encode(), token.encode()):
        raise FormNotOurs(
            "The form was not made by this page.", hint="Reload the page and send it again."
        )
