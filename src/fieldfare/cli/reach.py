"""How a command reaches an installation: the running server's API, or the same API in this process.

Only one process may write a store, so a command never opens what a server has open; and since both
ways are the same routes, a command behaves the same whether or not a server runs.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

import httpx2
from anyio.from_thread import start_blocking_portal

from fieldfare.engine.settings import Keys, Settings, load_settings
from fieldfare.kernel import (
    BadInput,
    Conflict,
    NotFound,
    NotPermitted,
    NotSignedIn,
    Overloaded,
    Unavailable,
)

TIMEOUT_S: Final = 300.0
KEY_VARIABLE: Final = "FIELDFARE_KEY"
"""Whoever approves rules on the command line asks with a key of their own."""
_ERRORS: Final = {401: NotSignedIn, 403: NotPermitted, 404: NotFound, 409: Conflict}
Files = Sequence[tuple[str, tuple[str, bytes, str]]]
Json = dict[str, Any]


class Call(Protocol):
    """Make a call and give the JSON of its answer. Raises what the problem+json says."""

    def __call__(
        self, method: str, path: str, body: object = None, *, files: Files | None = None
    ) -> Json: ...


class ServerAddress:
    """The note a running server leaves in its home: where it listens."""

    def __init__(self, home: Path) -> None:
        self.path = home / "server.json"

    def write(self, url: str) -> None:
        self.path.write_text(json.dumps({"url": url}), "utf-8")

    def read(self) -> str | None:
        try:
            return str(json.loads(self.path.read_text("utf-8"))["url"])
        except (OSError, ValueError, KeyError):
            return None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


@contextmanager
def reach(home: Path | None) -> Iterator[Call]:
    """Reach the installation, with its own key or with that of FIELDFARE_KEY.

    Raises BadInput if there is none.
    """
    settings = load_settings(home)
    key = Keys(settings.home).command_line
    if not key.is_file():
        hint = "Run `fieldfare init` first, or set FIELDFARE_HOME."
        raise BadInput(f"there is no installation in {settings.home}", hint=hint)
    text = os.environ.get(KEY_VARIABLE, "") or key.read_text("ascii")
    headers = {"Authorization": f"Bearer {text.strip()}"}
    url = _answering(ServerAddress(settings.home).read())
    if url is not None:
        # Reading the certificates of the world takes a tenth of a second, and HTTP needs none.
        secure = url.startswith("https:")
        with httpx2.Client(
            base_url=url, headers=headers, timeout=TIMEOUT_S, trust_env=False, verify=secure
        ) as client:
            yield lambda method, path, body=None, *, files=None: _json_of(
                _asked(client, method, path, _sent(body, files))
            )
        return
    with _in_process(settings, headers) as call:
        yield call


@contextmanager
def _in_process(settings: Settings, headers: Mapping[str, str]) -> Iterator[Call]:
    from fieldfare.platform import Platform
    from fieldfare.web.app import create_app

    # Nothing is evaluated here, so nothing could ever catch up: what is accepted waits on the log.
    unbounded = replace(settings, lag_events=sys.maxsize, lag_scans=sys.maxsize)
    platform = Platform.open(unbounded)
    try:
        app = create_app(platform, has_pages=False)

        async def ask(method: str, path: str, body: object, files: Files | None) -> httpx2.Response:
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://fieldfare", headers=headers
            ) as client:
                return await client.request(method, path, **_sent(body, files))

        # A loop on a thread of its own: whoever calls may run one already.
        with start_blocking_portal() as portal:
            yield lambda method, path, body=None, *, files=None: _json_of(
                portal.call(ask, method, path, body, files)
            )
    finally:
        platform.close()


def _answering(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        secure = url.startswith("https:")
        httpx2.get(f"{url}/health", timeout=5.0, trust_env=False, verify=secure)
    except httpx2.HTTPError:
        return None
    return url


def _asked(client: httpx2.Client, method: str, path: str, sent: Json) -> httpx2.Response:
    try:
        return client.request(method, path, **sent)
    except httpx2.HTTPError as error:
        why = str(error) or type(error).__name__
        raise Unavailable(
            f"the server at {client.base_url} stopped answering: {why}",
            hint="See whether it still runs: `fieldfare serve`.",
        ) from None


def _sent(body: object, files: Files | None) -> Json:
    if files is not None:
        return {"files": files, "data": body}
    return {} if body is None else {"json": body}


def _json_of(response: httpx2.Response) -> Json:
    told: Json = response.json()
    if response.is_success:
        return told
    detail, hint = str(told.get("detail", response.text)), str(told.get("hint", ""))
    field = str(told.get("pointer", "")).rpartition("/")[2]
    if field and detail.startswith("Expected"):  # of the shape, which says not of what
        detail = f"{field}: {detail[0].lower()}{detail[1:]}"
    if response.status_code == Overloaded.status:
        wait_s = response.headers.get("retry-after", "")
        raise Overloaded(detail, retry_after_s=int(wait_s) if wait_s.isdigit() else 1, hint=hint)
    raise _ERRORS.get(response.status_code, BadInput)(detail, hint=hint)


def must_be_files(paths: Sequence[Path]) -> None:
    """Raise NotFound for the first path that is no file, saying what to do about a folder."""
    for path in paths:
        if path.is_dir():
            hint = f"Name the files in it: {path}/*"
            raise NotFound(f"{path} is a folder, not a file", hint=hint)
        if not path.is_file():
            raise NotFound(f"no file {path}", hint="Check the path.")
