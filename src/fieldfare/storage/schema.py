"""The schema: which version a database has, and bringing it to the newest with Alembic.

Opening an up-to-date database costs one query; Alembic is imported only when there is work.
"""

from pathlib import Path
from typing import Final

from fieldfare.kernel import Unavailable
from fieldfare.storage.databases import Database, Postgres, Sqlite, open_database

HEAD: Final = "0016"
"""The newest migration in `storage/migrations/versions`."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def migrate(url: str, /) -> None:
    """Bring the database at `url` to the newest schema, as its only writer."""
    database = open_database(url)
    database.claim(0)
    try:
        bring_up_to_date(database)
    finally:
        database.release()


def current_version(database: Database, /) -> str | None:
    """Read the version of a database's schema; None if it has none."""
    connection = database.connect(writing=False)
    try:
        cursor = connection.cursor()
        cursor.execute(_HAS_VERSION[database.dialect])
        if cursor.fetchone() is None:
            return None
        cursor.execute("SELECT version_num FROM alembic_version")
        found = cursor.fetchone()
        return None if found is None else str(found[0])
    finally:
        connection.close()


def require_current(database: Database, /) -> None:
    """Refuse (Unavailable) a database that has not the schema this code was written for."""
    version = current_version(database)
    _must_be_known(version)
    if version != HEAD:
        raise Unavailable(
            f"the database has schema {version or 'none'}, this version needs {HEAD}",
            hint="Start `fieldfare serve` or run `fieldfare init`; either migrates it.",
        )


def bring_up_to_date(database: "Sqlite | Postgres", /) -> None:
    """Migrate if there is anything to migrate. The caller has claimed the database.

    Raises Unavailable for a schema of a later version, and leaves it as it is.
    """
    version = current_version(database)
    _must_be_known(version)
    if version != HEAD:
        _upgrade(database)


def _must_be_known(version: str | None) -> None:
    if version is not None and version > HEAD:
        raise Unavailable(
            f"the database has schema {version}, and this version knows up to {HEAD}",
            hint="Run the version that wrote it or a later one, or restore a backup.",
        )


def _upgrade(database: "Sqlite | Postgres") -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    if isinstance(database, Sqlite):
        url = f"sqlite:///{database.path}"
    else:
        full = database.url.set(drivername="postgresql+psycopg")
        url = full.render_as_string(hide_password=False)
    engine = create_engine(url, poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


_HAS_VERSION: Final = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    "postgresql": "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL",
}
