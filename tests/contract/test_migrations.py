"""The schema: what the migrations make is what the tables declare, on either database."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from fieldfare.kernel import BadInput, EventId, Org, SimulatedClock, Unavailable
from fieldfare.ledger import Vault
from fieldfare.storage import SqlStore, migrate
from fieldfare.storage.schema import HEAD, MIGRATIONS
from fieldfare.storage.tables import metadata


def test_migrating_from_nothing_gives_the_declared_tables(url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_rule_sets_of_before_become_versions_and_moves(
    tmp_path: Path, clock: SimulatedClock, vault: Vault
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        upgrade(config, "0003")
        for content, since in (("aaa", 10), ("bbb", 20), ("aaa", 30)):
            row = {"hash": content, "since": since}
            connection.execute(
                text("INSERT INTO versions VALUES ('main', 'rules', :since, :hash, '{}')"), row
            )
    engine.dispose()

    store = SqlStore.open(url, clock=clock, vault=vault)
    versions = store.read(lambda uow: uow.rule_versions.all(Org("main")))
    moves = store.read(lambda uow: uow.rule_versions.moves(Org("main"), as_of=EventId(99)))
    store.close()

    assert [(version.number, version.hash) for version in versions] == [(1, "aaa"), (2, "bbb")]
    told = [(move.hash, move.before, move.to.value) for move in moves]
    assert told == [
        ("aaa", None, "live"),
        ("aaa", "live", "retired"),
        ("bbb", None, "live"),
        ("bbb", "live", "retired"),
        ("aaa", "retired", "live"),
    ]


def test_migrating_again_changes_nothing(url: str) -> None:
    migrate(url)

    test_migrating_from_nothing_gives_the_declared_tables(url)


def test_reading_alone_migrates_nothing(
    tmp_path_factory: pytest.TempPathFactory, clock: SimulatedClock, vault: Vault
) -> None:
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    path.touch()

    with pytest.raises(Unavailable, match="schema none"):
        SqlStore.open(f"sqlite:///{path}", clock=clock, vault=vault, read_only=True)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_database_of_a_later_version_is_left_as_it_is(
    tmp_path: Path, clock: SimulatedClock, vault: Vault, *, read_only: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'later.db'}"
    migrate(url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unavailable, match="schema 9999") as refused:
        SqlStore.open(url, clock=clock, vault=vault, read_only=read_only)

    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        )
    engine.dispose()
    assert "restore a backup" in refused.value.hint


def test_reading_alone_stands_beside_a_writer(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    store.write(lambda uow: uow.organisations.add(Org("main"), "Main"))

    beside = SqlStore.open(url, clock=clock, vault=vault, read_only=True)
    found = beside.read(lambda uow: uow.organisations.all())
    beside.close()

    assert found == ["main"]


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x", "no url at all"]
)
def test_an_url_of_another_kind_is_refused(url: str, clock: SimulatedClock, vault: Vault) -> None:
    with pytest.raises(BadInput):
        SqlStore.open(url, clock=clock, vault=vault)


def test_a_server_that_is_not_there_is_unavailable(clock: SimulatedClock, vault: Vault) -> None:
    with pytest.raises(Unavailable):
        SqlStore.open("postgresql://nobody@127.0.0.1:1/none", clock=clock, vault=vault)
