"""One suite, every backend: each test that asks for `store` runs on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldfare.kernel import SimulatedClock
from fieldfare.ledger import Vault
from fieldfare.storage import SqlStore, migrate
from fieldfare.testing.postgres import PostgresServer

NOW_MS = 1_795_000_000_000
BACKENDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> Iterator[str]:
    url = postgres.create()
    migrate(url)
    yield postgres.name_of(url)
    postgres.drop(url)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a fresh database at the newest schema."""
    if backend == "sqlite":
        path = tmp_path / "fieldfare.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres")
    url = server.create(template=request.getfixturevalue("postgres_template"))
    yield url
    server.drop(url)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW_MS)


@pytest.fixture
def vault() -> Vault:
    return Vault(bytes(range(32)))


@pytest.fixture
def store(url: str, clock: SimulatedClock, vault: Vault) -> Iterator[SqlStore]:
    store = SqlStore.open(url, clock=clock, vault=vault)
    yield store
    store.close()


@pytest.fixture(autouse=True)
def no_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lanes beat only when a test tells them to: their time is not the simulated one."""
    monkeypatch.setattr("fieldfare.storage.writer.BEAT_S", None)
