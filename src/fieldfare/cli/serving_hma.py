"""The listener of `serve --hma`: HMA's API on a port of its own, on this machine alone.

It has no sign-in, as HMA has none, so it never listens where another machine could reach it. Who
has to be reached from elsewhere puts a proxy that knows its callers before it.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Final

import uvicorn

from fieldfare.cli.printing import print_line
from fieldfare.engine.settings import Settings
from fieldfare.kernel import BadInput, Unavailable
from fieldfare.platform import Platform

LOCALHOST: Final = "127.0.0.1"
HIGHEST_PORT: Final = 65_535


@contextmanager
def hma_listener(platform: Platform, settings: Settings) -> Iterator[None]:
    """Answer as HMA until the block ends; do nothing where that is not set.

    Raises BadInput for an address that is not of this machine, or a key that is not valid.
    """
    if not settings.hma:
        yield
        return
    from fieldfare.web.hma import create_hma_app

    host, port = loopback(settings.hma)
    if not settings.hma_key:
        hint = "Name it with --hma-key; make one: fieldfare key create banks"
        raise BadInput("the HMA API acts by a key, and none is named", hint=hint)
    app = create_hma_app(platform, key_id=settings.hma_key, policy=settings.hma_policy)
    listening = _bound(host, port)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, loop="uvloop")
    )
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="fieldfare-hma"
    )
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    print_line(f"HMA's API listens on http://{shown}:{listening.getsockname()[1]}")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def loopback(text: str) -> tuple[str, int]:
    """Read `host:port`. Raises BadInput unless the host is this machine's own."""
    host, _, port = text.rpartition(":")
    name = host.strip("[]") or LOCALHOST
    name = LOCALHOST if name == "localhost" else name
    try:
        address, number = ip_address(name), int(port)
    except ValueError:
        hint = "Write it as 127.0.0.1:5000."
        raise BadInput(f"{text!r} is no address to listen on", hint=hint) from None
    if not address.is_loopback or not 0 <= number <= HIGHEST_PORT:
        hint = "Use 127.0.0.1 or ::1, and put a proxy that knows its callers before it."
        raise BadInput(f"the HMA API has no sign-in and does not listen on {text!r}", hint=hint)
    return name, number


def _bound(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        hint = "End what uses it, or take another port."
        raise Unavailable(f"port {port} cannot be used: {error.strerror}", hint=hint) from None
    listening.listen(128)
    return listening
