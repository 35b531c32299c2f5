from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldfare.testing.platforms import Community, Installed, a_community, an_installation
from fieldfare.testing.postgres import PostgresServer

ON_BOTH = frozenset({"test_comment", "test_api", "test_video", "test_lake"})
"""The flows that are walked on PostgreSQL as well; the others on SQLite alone."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        on_both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH
        postgres = pytest.param("postgres", marks=pytest.mark.postgres)
        metafunc.parametrize("backend", ["sqlite", postgres] if on_both else ["sqlite"])


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Set up one installation for all tests; each gets a copy."""
    return an_installation(tmp_path_factory.mktemp("installed") / "home")


@pytest.fixture(scope="session")
def installed_on_postgres(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    """Set up one on PostgreSQL; each test gets a copy of folder and database."""
    url = postgres.create()
    yield an_installation(tmp_path_factory.mktemp("on-postgres") / "home", database=url)
    postgres.drop(url)


@pytest.fixture
def community(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Community]:
    """Open a platform of the test's own."""
    home = tmp_path / "home"
    if backend == "sqlite":
        with a_community(home, request.getfixturevalue("installed")) as made:
            yield made
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    installed: Installed = request.getfixturevalue("installed_on_postgres")
    url = server.create(template=server.name_of(installed.database))
    with a_community(home, installed, database=url) as made:
        yield made
    server.drop(url)
