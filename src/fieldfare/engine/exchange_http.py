"""HTTP to exchanges: a request flows out, tried again where that may help; a body flows back.

The address is one the administrator named, so it is not held to public hosts as a stranger's URL
is; but nothing else is believed either: no redirect is followed, no proxy of the environment is
used, and a body is cut off at its limit. Errors name the host and the status, never the path, the
query or a header: each of them may hold a credential.
"""

import email.utils
import logging
from collections.abc import Callable
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Final, NoReturn
from urllib.parse import urlsplit

import httpx2

from fieldfare.kernel import Clock, FieldfareError, SystemClock
from fieldfare.matching.exchanges import Asked, ExchangeRefused, ExchangeUnavailable

TIMEOUT_S: Final = 60.0
BODY_AT_MOST: Final = 64_000_000
TRIES: Final = 5
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 120.0
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_KEYS_REFUSED: Final = frozenset({401, 403})
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
Wait = Callable[[float], None]


class StopWaiting(Exception):  # it is no failure: the process is ending
    """Raised by a `Wait` that is told to end."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a try came to nothing, and for how long the service wants to be left alone (s)."""

    why: str
    rest_s: float = 0.0


class HttpAsk:
    """`matching.exchanges.Ask` over pooled connections; safe to share between threads.

    wait: sleeps for a while between two tries, and raises to end them. GETs are tried TRIES times
    with waits that double, half of each drawn by chance, unless the service says how long
    (Retry-After); a POST or PUT is sent once, for what it does may have been done.
    """

    def __init__(
        self,
        wait: Wait,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        timeout_s: float = TIMEOUT_S,
        body_at_most: int = BODY_AT_MOST,
    ) -> None:
        self._wait = wait
        self._clock = clock or SystemClock()
        self._random = random or SystemRandom()
        self._most = body_at_most
        # At INFO it logs whole addresses, and an exchange's may hold its access token.
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        self._client = httpx2.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)

    def __call__(self, request: Asked, /) -> bytes:
        host = _must_be_safe(request.url)
        tries = TRIES if request.method == "GET" else 1
        trouble = _Trouble("")
        for number in range(tries):
            if number:
                self._wait(self._pause_s(number, trouble))
            answered = self._once(request, host)
            if isinstance(answered, bytes):
                return answered
            trouble = answered
        told = f" after {tries} tries" if tries > 1 else ""
        raise ExchangeUnavailable(f"{host} {trouble.why}{told}", hint="It is tried again later.")

    def close(self) -> None:
        self._client.close()

    def _pause_s(self, number: int, trouble: _Trouble) -> float:
        if trouble.rest_s:
            return min(trouble.rest_s, LONGEST_WAIT_S)
        most: float = min(FIRST_WAIT_S * 2.0 ** (number - 1), LONGEST_WAIT_S)
        return most / 2 + most / 2 * self._random.random()

    def _once(self, request: Asked, host: str) -> bytes | _Trouble:
        """Try once. Raises ExchangeRefused for what no second try mends."""
        try:
            with self._client.stream(
                request.method,
                request.url,
                params=request.params or None,
                headers=dict(request.headers),
                content=request.body or None,
            ) as response:
                if response.status_code in _PASSING:
                    return _Trouble(f"answered {response.status_code}", self._rest_s(response))
                if not response.is_success:
                    _refuse(host, response.status_code)
                return self._read(response, host)
        except httpx2.InvalidURL:
            raise ExchangeRefused(
                f"{host} has an address that cannot be asked", hint="Look at base_url."
            ) from None
        except (httpx2.HTTPError, OSError) as error:
            return _Trouble(f"did not answer ({type(error).__name__})")

    def _read(self, response: httpx2.Response, host: str) -> bytes:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._most:
                hint = "Nothing of it was taken."
                raise ExchangeRefused(f"{host} sent more than {self._most} bytes", hint=hint)
        return bytes(body)

    def _rest_s(self, response: httpx2.Response) -> float:
        """Read Retry-After (RFC 9110, 10.2.3): seconds, or a date."""
        told = response.headers.get("retry-after", "").strip()
        if told.isascii() and told.isdigit():
            return min(float(told), LONGEST_WAIT_S) if len(told) < 10 else LONGEST_WAIT_S  # noqa: PLR2004  # more digits than any honest wait has
        try:
            until_ms = email.utils.parsedate_to_datetime(told).timestamp() * 1000
        except (ValueError, OverflowError):
            return 0.0
        return max(0.0, (until_ms - self._clock.now_ms()) / 1000)


def _must_be_safe(url: str) -> str:
    """Give the host of an address. Raises ExchangeRefused unless it is https, or on loopback."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if host and parts.scheme == "http" and host in _LOOPBACK:
        return host
    if not host or parts.scheme != "https" or parts.username or parts.password:
        hint = "Use https://host/path without a user name; http is for this machine alone."
        raise ExchangeRefused("that is no address of an exchange", hint=hint, pointer="/config")
    return host


def _refuse(host: str, status: int) -> NoReturn:
    error: FieldfareError
    if status in _KEYS_REFUSED:
        hint = "Give the exchange other credentials."
        error = ExchangeRefused(f"{host} refuses the credentials ({status})", hint=hint)
    elif 300 <= status < 400:  # noqa: PLR2004  # the 3xx of RFC 9110
        hint = "Redirects are not followed: set the final address as base_url."
        error = ExchangeRefused(f"{host} answered {status}", hint=hint)
    else:
        hint = "Look at the exchange's settings and credentials."
        error = ExchangeRefused(f"{host} answered {status}", hint=hint)
    raise error
