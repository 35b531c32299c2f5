"""HTTP to exchanges: a request flows out, tried again where that may help; a body flows back.

Who sets an exchange up need not be who runs the machine, and must not reach its network: a name is
resolved, every address it has is held to the public ones as a `media_url`'s is, and the connection
goes to a checked address while TLS still proves the name. Only hosts the operator named in the
settings may be at home, and speak http on this machine. No redirect is followed, no proxy of the
environment is used, and a body is cut off at its limit. Errors name the host and the status, never
the path, the query or a header: each of them may hold a credential.
"""

import email.utils
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Final, NoReturn
from urllib.parse import urlsplit

import httpx2

from fieldfare.ingest.remote import ADDRESSES_TRIED, Resolve, resolved
from fieldfare.ingest.remote_addresses import HTTPS_PORT, why_refused
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


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to a service: an address of its host, and what says which host is meant."""

    url: httpx2.URL
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)


class HttpAsk:
    """`matching.exchanges.Ask` over connections of its own; safe to share between threads.

    wait: sleeps for a while between two tries, and raises to end them. GETs are tried TRIES times
    with waits that double, half of each drawn by chance, unless the service says how long
    (Retry-After); a POST or PUT is sent once, for what it does may have been done.

    hosts: those the operator named (`exchange_hosts`). tls: what is trusted; None: the system's
    authorities. also_allowed: addresses taken although they are not public. It is an argument for
    tests on a machine of their own, and no setting leads to it.
    """

    def __init__(
        self,
        wait: Wait,
        *,
        hosts: frozenset[str] = frozenset(),
        resolve: Resolve = resolved,
        tls: ssl.SSLContext | None = None,
        also_allowed: frozenset[str] = frozenset(),
        clock: Clock | None = None,
        random: Random | None = None,
        timeout_s: float = TIMEOUT_S,
        body_at_most: int = BODY_AT_MOST,
    ) -> None:
        self._wait = wait
        self._hosts = frozenset(host.lower() for host in hosts)
        self._resolve = resolve
        self._also_allowed = also_allowed
        self._clock = clock or SystemClock()
        self._random = random or SystemRandom()
        self._most = body_at_most
        # At INFO it logs whole addresses, and an exchange's may hold its access token.
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        self._client = httpx2.Client(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            verify=tls or True,
            # Kept by address: a connection that proved one name must not serve another.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def __call__(self, request: Asked, /) -> bytes:
        host = _must_be_safe(request.url, self._hosts)
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
            *others, last = self._ways(request.url, host)
            for way in others:
                try:
                    return self._by(way, request, host)
                except (httpx2.ConnectError, httpx2.ConnectTimeout):
                    continue  # nothing was sent: its next address may answer
            return self._by(last, request, host)
        except httpx2.InvalidURL:
            raise ExchangeRefused(
                f"{host} has an address that cannot be asked", hint="Look at base_url."
            ) from None
        except (httpx2.HTTPError, OSError) as error:
            return _Trouble(f"did not answer ({type(error).__name__})")

    def _by(self, way: _Way, request: Asked, host: str) -> bytes | _Trouble:
        with self._client.stream(
            request.method,
            way.url,
            params=request.params or None,
            headers={**request.headers, **way.headers},
            content=request.body or None,
            extensions={**way.extensions},
        ) as response:
            if response.status_code in _PASSING:
                return _Trouble(f"answered {response.status_code}", self._rest_s(response))
            if not response.is_success:
                _refuse(host, response.status_code)
            return self._read(response, host)

    def _ways(self, text: str, host: str) -> Sequence[_Way]:
        """Resolve a name, once for each try. One address that is refused refuses the name."""
        url = httpx2.URL(text)
        if host in self._hosts:
            return (_Way(url),)
        port = url.port or HTTPS_PORT
        try:
            addresses = self._resolve(host, port)
        except UnicodeError:
            raise ExchangeRefused("its host is no name", hint="Look at base_url.") from None
        for address in addresses:
            why = None if address in self._also_allowed else why_refused(address)
            if why is not None:
                hint = "If it is one of your own, its operator names it in exchange_hosts."
                raise ExchangeRefused(f"{host} has an address that is refused: {why}", hint=hint)
        if not addresses:
            raise OSError("no address")
        shown = f"[{host}]" if ":" in host else host
        headers = {"Host": shown if port == HTTPS_PORT else f"{shown}:{port}"}
        return [
            _Way(url.copy_with(host=address), headers, {"sni_hostname": host})
            for address in addresses[:ADDRESSES_TRIED]
        ]

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


def _must_be_safe(url: str, hosts: frozenset[str]) -> str:
    """Give the host of an address. Raises ExchangeRefused unless it is https.

    hosts: the operator's; those of them on loopback may speak http.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme == "http" and host in _LOOPBACK & hosts:
        return host
    if not host or parts.scheme != "https" or parts.username or parts.password:
        hint = (
            "Use https://host/path without a user name; http is for this machine alone, "
            "where its operator names it in exchange_hosts."
        )
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
