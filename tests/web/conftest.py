"""One platform with a scanned video under review, served to a client and to a real browser."""

import os
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from fieldfare.testing.chromium import find_chromium
from fieldfare.testing.sites import Site, a_site
from fieldfare.testing.visits import Visit
from fieldfare.web import create_app

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with a_site(tmp_path_factory.mktemp("site"), create_app) as made:
        yield made


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[str]:
    """Serve the application to a browser and give its address."""
    config = uvicorn.Config(site.app, host="127.0.0.1", port=0, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
        (socket,) = running.servers[0].sockets
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Launch a real Chromium. Without one tests are skipped, which with CI=true is a failure."""
    path = find_chromium(os.environ)
    if path is None:
        message = "no Chromium; set CHROMIUM or run python -m fieldfare.testing.chromium --install"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(path), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Visit]:
    """Visit the application in a fresh browser profile of 1280x720."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    yield Visit(page, server, complaints)
    context.close()
