"""One tree of errors; each knows its HTTP status, a stable type and how to mend the cause.

FieldfareError
├── BadInput            400  what was sent cannot be taken
├── NotSignedIn         401  nobody is known to be asking
├── NotPermitted        403  somebody is known, and may not
├── NotFound            404  no such thing, or not in this organisation
├── Conflict            409  it clashes with what is already there
├── TooLarge            413  more than the configured limit
├── Overloaded          429  come back after `retry_after_s`
└── Unavailable         503  a part this needs is not there

Rooms derive their own errors from these. The command line prints `message` and `hint` on one line
and exits with 2; the API answers problem+json (RFC 9457).
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar, Final


class FieldfareError(Exception):
    """The root. `message` says what and where, `hint` how to mend it; `pointer` is RFC 6901."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "", pointer: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.pointer = pointer

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        ended = self.message.endswith((".", "!", "?", ":"))
        return f"{self.message}{'' if ended else '.'} {self.hint}"


class BadInput(FieldfareError):
    status = 400
    slug = "bad-input"


class NotSignedIn(FieldfareError):
    status = 401
    slug = "not-signed-in"


class NotPermitted(FieldfareError):
    status = 403
    slug = "not-permitted"


class NotFound(FieldfareError):
    status = 404
    slug = "not-found"


class Conflict(FieldfareError):
    status = 409
    slug = "conflict"


class TooLarge(FieldfareError):
    status = 413
    slug = "too-large"


class Overloaded(FieldfareError):
    """Raised when the log's lag passes its bound, or too much is at work already.

    retry_after_s: in whole seconds.
    """

    status = 429
    slug = "overloaded"

    def __init__(self, message: str, *, retry_after_s: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Unavailable(FieldfareError):
    status = 503
    slug = "unavailable"


_SHORTEST_PART: Final = 4


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Write `Did you mean 'x'?` for the closest known name, or nothing if none is close.

    One that is nearly the same but for the case of letters is close, and so is one that holds it.
    """
    listed = list(known)
    close = difflib.get_close_matches(name, listed, n=1, cutoff=0.6)
    if not close:
        folded = {each.casefold(): each for each in listed}
        sought = name.casefold()
        close = [folded[each] for each in difflib.get_close_matches(sought, folded, 1, 0.8)]
        if not close and len(sought) >= _SHORTEST_PART:
            close = sorted((each for key, each in folded.items() if sought in key), key=len)
    return f"Did you mean {close[0]!r}?" if close else ""
