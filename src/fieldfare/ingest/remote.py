"""Remote media: a reference flows in, the bytes behind it flow out, read as they arrive.

The reference is a stranger's, so nothing of it is trusted: a name is resolved once, every address
it has is checked, and the connection goes to a checked address while TLS still proves the name.
Redirects are new references, each checked in the same way. No proxy, no cookie, no header of the
environment takes part. Size and time are bounded while streaming. Errors name the host, never the
path or the query, which may hold a key.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import BinaryIO, Final, TypeAlias
from urllib.parse import urljoin

from fieldfare.ingest.remote_addresses import (
    HTTPS_PORT,
    MediaUrlRefused,
    Reference,
    is_named,
    reference,
    why_refused,
)
from fieldfare.kernel import BadInput, FieldfareError, Unavailable

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
REDIRECTS_AT_MOST: Final = 3
ADDRESSES_TRIED: Final = 4
OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PASSING: Final = frozenset({408, 425, 429})
_FAILED: Final = 500
_TYPE_AT_MOST: Final = 100
_BUFFER: Final = 1 << 16


class MediaNotFetched(BadInput):
    """These media will not be had from there, however often they are asked for."""

    slug = "media-not-fetched"

    def __init__(self, why: str) -> None:
        super().__init__(why, hint="Send the file itself, or another media_url.")


class MediaNotThereYet(Unavailable):
    """Nothing came, or not all of it; another try may do better."""

    slug = "media-not-there-yet"

    def __init__(self, why: str) -> None:
        super().__init__(why, hint="It is tried again by itself.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """size_bytes: of the body. total_s: from the first look-up to the last byte, redirects and all;
    a look-up under way is not cut short, the system's resolver bounds it.
    """

    size_bytes: int
    total_s: float = 60.0
    connect_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A body on its way. Reading `stream` raises MediaNotFetched or MediaNotThereYet."""

    stream: BinaryIO
    content_type: str


def resolved(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver for the addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


@cache
def _authorities() -> ssl.SSLContext:
    """Trust the system's authorities, read at the first fetch: they are a hundred files."""
    return ssl.create_default_context()


class RemoteMedia:
    """Opens references. Safe to share between threads.

    hosts: the operator's names (`is_named`); none: every public host, port 443. tls: what is
    trusted; None: the system's authorities. also_allowed: addresses taken although they are not
    public. It is an argument for tests on a machine of their own, and no setting leads to it.
    """

    def __init__(
        self,
        limits: FetchLimits,
        *,
        hosts: frozenset[str] = frozenset(),
        resolve: Resolve = resolved,
        tls: ssl.SSLContext | None = None,
        also_allowed: frozenset[str] = frozenset(),
    ) -> None:
        self._limits = limits
        self._hosts = frozenset(name.lower().removesuffix(f":{HTTPS_PORT}") for name in hosts)
        self._resolve = resolve
        self._tls = tls
        self._also_allowed = also_allowed

    @contextmanager
    def open(self, url: str) -> Iterator[RemoteFile]:
        """Follow a reference to its media.

        Raises MediaNotFetched for what no second try mends: a refused host or address, a
        certificate that does not prove the name, a fourth redirect, an answer of 4xx, too many
        bytes. Raises MediaNotThereYet for silence, a lost connection and 5xx.
        """
        until = _Deadline(self._limits.total_s)
        with ExitStack() as stack:
            with _translated():
                answer = self._follow(url, until, stack)
            body = _Body(answer, self._limits.size_bytes)
            told = (answer.headers.get("content-type") or "").partition(";")[0].strip()
            with io.BufferedReader(body, _BUFFER) as stream:
                yield RemoteFile(stream=stream, content_type=told[:_TYPE_AT_MOST])

    def _follow(self, url: str, until: "_Deadline", stack: ExitStack) -> HTTPResponse:
        here = reference(url)
        for _ in range(REDIRECTS_AT_MOST + 1):
            hop = stack.enter_context(ExitStack())
            answer = self._ask(here, until, hop)
            if answer.status not in _REDIRECTS:
                _must_be_media(answer, here)
                return answer
            to = answer.headers.get("location")
            if not to:
                raise MediaNotFetched(f"{here.host} redirects to nowhere")
            hop.close()
            here = _next(here, to)
        raise MediaNotFetched(f"more than {REDIRECTS_AT_MOST} redirects")

    def _ask(self, to: Reference, until: "_Deadline", hop: ExitStack) -> HTTPResponse:
        connection = hop.enter_context(self._connected(to, until))
        request = (
            f"GET {to.target} HTTP/1.1\r\nHost: {to.authority}\r\nUser-Agent: fieldfare\r\n"
            "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
        )
        connection.settimeout(until.left_s())
        connection.sendall(request.encode("ascii"))
        answer = HTTPResponse(_Readable(connection, until), method="GET")  # type: ignore[arg-type]  # it only asks for makefile
        hop.enter_context(closing(answer))
        answer.begin()
        return answer

    def _connected(self, to: Reference, until: "_Deadline") -> ssl.SSLSocket:
        """Connect to a checked address of the host, with TLS that proves the host's name."""
        addresses = self._addresses(to)
        failure: OSError = TimeoutError("no address answered")
        for address in addresses[:ADDRESSES_TRIED]:
            try:
                plain = socket.create_connection(
                    (address, to.port), min(self._limits.connect_s, until.left_s())
                )
            except OSError as error:
                failure = error
                continue
            try:
                plain.settimeout(until.left_s())
                # A body without a length ends when TLS says so, not when somebody cuts the line.
                return (self._tls or _authorities()).wrap_socket(
                    plain, server_hostname=to.host, suppress_ragged_eofs=False
                )
            except BaseException:
                plain.close()
                raise
        raise failure

    def _addresses(self, to: Reference) -> Sequence[str]:
        """Resolve a name, once. One address that is refused refuses the name."""
        if not is_named(to.host, to.port, self._hosts):
            raise MediaNotFetched(f"{to.host}:{to.port} is not among the hosts media come from")
        try:
            addresses = self._resolve(to.host, to.port)
        except UnicodeError:
            raise MediaNotFetched("its host is no name") from None
        for address in addresses:
            why = None if address in self._also_allowed else why_refused(address)
            if why is not None:
                raise MediaNotFetched(f"{to.host} has an address that is refused: {why}")
        if not addresses:
            raise MediaNotFetched(f"{to.host} has no address")
        return addresses


class _Deadline:
    """The moment by which everything has to be over."""

    def __init__(self, total_s: float) -> None:
        self._at = time.monotonic() + total_s

    def left_s(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Readable(io.RawIOBase):
    """A connection as HTTPResponse reads it: each wait lasts as long as the whole has left."""

    def __init__(self, connection: ssl.SSLSocket, until: _Deadline) -> None:
        self._connection = connection
        self._until = until

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, _BUFFER)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # of any buffer
        self._connection.settimeout(self._until.left_s())
        return self._connection.recv_into(buffer)


class _Body(io.RawIOBase):
    """The bytes of an answer, counted as they come."""

    def __init__(self, answer: HTTPResponse, most: int) -> None:
        self._answer = answer
        self._most = most
        self._missing = answer.length
        self._size = 0
        if answer.length is not None and answer.length > most:
            raise self._too_large()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # of any buffer
        with _translated():
            count = self._answer.readinto(buffer)
        self._size += count
        if self._size > self._most:
            raise self._too_large()
        if self._missing is not None:
            self._missing -= count
            if not count and self._missing:
                raise MediaNotThereYet("the connection was lost before the end")
        return count

    def _too_large(self) -> MediaNotFetched:
        return MediaNotFetched(f"it is larger than {self._most} bytes")


def _next(here: Reference, to: str) -> Reference:
    try:
        return reference(urljoin(here.url, to))
    except ValueError:
        raise MediaNotFetched(f"{here.host} redirects to what is no URL") from None


def _must_be_media(answer: HTTPResponse, here: Reference) -> None:
    if answer.status in _PASSING or answer.status >= _FAILED:
        raise MediaNotThereYet(f"{here.host} answered {answer.status}")
    if answer.status != OK:
        raise MediaNotFetched(f"{here.host} answered {answer.status}")
    if (answer.headers.get("content-encoding") or "identity").lower() != "identity":
        raise MediaNotFetched(f"{here.host} sent an encoding that was not asked for")


@contextmanager
def _translated() -> Iterator[None]:
    """Put what sockets, TLS and HTTP raise into the two ways a fetch can fail."""
    try:
        yield
    except FieldfareError as error:
        if isinstance(error, MediaUrlRefused):
            raise MediaNotFetched(error.message) from None
        raise
    except ssl.SSLCertVerificationError as error:
        raise MediaNotFetched(f"its certificate is refused: {error.verify_message}") from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_NONAME:
            raise MediaNotFetched("there is no such host") from None
        raise MediaNotThereYet("its host could not be looked up") from None
    except TimeoutError:
        raise MediaNotThereYet("it took too long") from None
    except (OSError, HTTPException) as error:
        raise MediaNotThereYet(f"the connection failed: {type(error).__name__}") from None
