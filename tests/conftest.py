import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from fieldfare.testing.postgres import NoPostgres, PostgresServer, postgres_server

# Kernels are compiled once for all tests and the servers they start, not once an installation.
COMPILED = Path(tempfile.gettempdir()) / f"fieldfare-compiled-{os.getuid()}"
os.environ.setdefault("NUMBA_CACHE_DIR", str(COMPILED))

TESTS = Path(__file__).parent
LONGEST = ("flow/test_kill_nine.py", "unit/project/test_benchmarks.py", "web", "flow", "contract")
"""What is handed out first, so that no worker is left alone with a long file at the end."""

# How long an example takes says more of what else runs on the machine than of the code.
settings.register_profile(
    "shared_machine",
    parent=settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("shared_machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    for turn, name in enumerate(LONGEST):
        if item.path.is_relative_to(TESTS / name):
            return turn
    return len(LONGEST)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Start a PostgreSQL for all tests of this process; skip where there is none, but not in CI."""
    try:
        with postgres_server() as server:
            yield server
    except NoPostgres as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def _log_plainly() -> None:
    """Write what is logged as structlog does by default, but a traceback without its variables.

    A rule set or a pack among them takes half a minute to be laid out, and nobody reads it.
    """
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.dev.set_exc_info, console]
    )


_log_plainly()


@pytest.fixture(autouse=True)
def _logging_of_the_library() -> Iterator[None]:
    """Undo what a command run in this process set up for its own log."""
    yield
    structlog.reset_defaults()
    _log_plainly()
