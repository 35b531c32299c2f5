import os
from collections.abc import Iterator

import pytest
import structlog

from fieldfare.testing.postgres import NoPostgres, PostgresServer, postgres_server


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


@pytest.fixture(autouse=True)
def _logging_of_the_library() -> Iterator[None]:
    """Undo what a command run in this process set up for its own log."""
    yield
    structlog.reset_defaults()
