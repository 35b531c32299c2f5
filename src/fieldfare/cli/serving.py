"""`fieldfare serve`: the server process; and the OpenAPI document it would answer."""

import gc
import json
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import uvicorn

from fieldfare.cli.printing import print_line
from fieldfare.cli.reach import ServerAddress
from fieldfare.cli.serving_hma import hma_listener
from fieldfare.engine.settings import Settings, load_settings
from fieldfare.kernel import BadInput, Clock, SimulatedClock, SystemClock, Unavailable, unix_ms
from fieldfare.matching.index import warm
from fieldfare.platform import Platform
from fieldfare.web.app import create_app

PORTS_TRIED: Final = 20
SIMULATION_BEGINS: Final = unix_ms("2026-01-05T00:00:00Z")
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
SWITCH_INTERVAL_S: Final = 0.001
"""How long a thread may keep the interpreter: gate calls must not wait for the evaluator's 5 ms."""


def serve(home: Path | None, **given: object) -> None:
    """Serve until told to stop; given: settings.

    Raises Unavailable if another process has the store.
    """
    settings = load_settings(home, **given)
    ticking = _clock(settings)
    platform = Platform.open(settings, clock=ticking)
    if _has_banks(platform):
        warm()  # before anybody can ask: loaded in a second, or compiled anew after an upgrade
    listening, bound = _listen(settings)
    url = f"http://{settings.host}:{bound}"
    address = ServerAddress(settings.home)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(platform),
            log_config=None,
            access_log=False,
            server_header=False,
            loop="uvloop",
            http="httptools",
            timeout_graceful_shutdown=5,
        )
    )

    # uvicorn raises the signal again once it has stopped; by default that would skip what follows.
    signal.signal(signal.SIGTERM, _end)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        platform.start()
        # What was loaded stays: the collector need not walk a million items of the gate again.
        gc.collect()
        gc.freeze()
        with hma_listener(platform, settings):
            address.write(url)
            print_line(f"Fieldfare listens on {url}")
            sys.stdout.flush()
            server.run(sockets=[listening])
    finally:
        address.remove()
        platform.close()


def print_openapi() -> None:
    """Print the document of the API as this version has it."""
    from fieldfare.web.app import openapi_document

    print_line(json.dumps(openapi_document(), indent=2, sort_keys=True))


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _clock(settings: Settings) -> Clock:
    if settings.clock == "system":
        return SystemClock()
    if settings.host not in LOOPBACK:
        hint = "Serve on 127.0.0.1, or use the system clock."
        raise BadInput("a simulated clock is for loopback only", hint=hint)
    return SimulatedClock(SIMULATION_BEGINS)


def _has_banks(platform: Platform) -> bool:
    """Tell whether there is anything to match; else the first bank loads what it needs."""
    return platform.store.read(
        lambda uow: any(uow.banks.banks(org) for org in uow.organisations.all())
    )


def _listen(settings: Settings) -> tuple[socket.socket, int]:
    """Bind the port, or the next free one. Raises Unavailable if none of twenty is."""
    for port in range(settings.port, settings.port + PORTS_TRIED):
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, port))
        except OSError:
            listening.close()
            continue
        return listening, listening.getsockname()[1]
    hint = "Choose another with --port."
    raise Unavailable(f"no free port from {settings.port} on", hint=hint)
