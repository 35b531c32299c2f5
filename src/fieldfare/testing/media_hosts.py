"""A host of media for tests: https on this machine, with an authority of its own.

Paths and what is answered there flow in; out flow a running server, the authority that proves its
name, and a `RemoteMedia` that takes the loopback address because the test says so.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fieldfare.ingest.remote import FetchLimits, RemoteMedia

NAME: Final = "media.example"
LOOPBACK: Final = "127.0.0.1"
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is answered at a path. content: sent piece by piece; without a length unless told."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Callable[[], Iterator[bytes]] = lambda: iter(())


def a_page(body: bytes = b"", *, status: int = 200, **headers: str) -> Page:
    """Answer with a body and its length; headers with `_` for `-`."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    length = {"content-length": str(len(body))}
    return Page(status=status, headers={**length, **told}, content=lambda: iter((body,)))


@dataclass(slots=True)
class MediaHost:
    """A running host. asked: paths in the order they were asked for, with their Host headers.

    closing: set when the test ends, for answers that wait.
    """

    port: int
    certificate: Path
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, *, name: str = NAME) -> str:
        return f"https://{name}:{self.port}{path}"

    def trusted(self) -> ssl.SSLContext:
        """Trust this host's authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def remote(
        self,
        *,
        size_bytes: int = 1_000_000,
        total_s: float = 30.0,
        addresses: Sequence[str] = (LOOPBACK,),
        names: Sequence[str] = (NAME,),
    ) -> RemoteMedia:
        """Make a RemoteMedia to which `names` are this host; only its own address is allowed."""
        return RemoteMedia(
            FetchLimits(size_bytes=size_bytes, total_s=total_s, connect_s=5.0),
            hosts=frozenset(f"{name}:{self.port}" for name in names),
            resolve=lambda _host, _port: tuple(addresses),
            tls=self.trusted(),
            also_allowed=frozenset({LOOPBACK}),
        )


@contextmanager
def a_media_host(folder: Path, *, name: str = NAME) -> Iterator[MediaHost]:
    """Serve on a free port of 127.0.0.1 under a certificate for `name`, kept in `folder`."""
    certificate, key = _certified(folder, name)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server = _Server(tls)
    host = MediaHost(port=server.server_port, certificate=certificate)
    server.host = host
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield host
    finally:
        host.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    host: MediaHost

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__((LOOPBACK, 0), _Answering)
        self._tls = tls

    def finish_request(self, request: object, client_address: object) -> None:
        """Begin TLS on the connection's own thread: a client may never finish it."""
        if not isinstance(request, socket.socket):
            return
        with suppress(OSError), self._tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, *_: object) -> None:
        """Say nothing: a caller that hangs up is what some tests are about."""


class _Answering(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        host = self.server.host
        host.asked.append((self.path, self.headers["host"]))
        page = host.pages.get(self.path, Page(status=404))
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in page.content():
            self.wfile.write(piece)

    def log_message(self, *_: object) -> None:
        pass


def _certified(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate that is its own authority. Returns (certificate, key) as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _A_DAY)
        .not_valid_after(now + _A_DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "host.pem", folder / "host.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
