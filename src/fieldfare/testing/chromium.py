"""Finds a Chromium for the tests that open pages: `python -m fieldfare.testing.chromium`.

The environment flows in, the path of a browser that answers `--version` flows out, or None. Tests
only look; with `--install`, as `make test` calls it, a missing browser is fetched first.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

Run: TypeAlias = Callable[[Sequence[str]], bool]
NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PLAYWRIGHTS_OWN: Final = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/*/*/*")
SECONDS: Final = 900


def find_chromium(environment: Mapping[str, str], *, runs: Run | None = None) -> Path | None:
    """Look at CHROMIUM, then along PATH, then among Playwright's own browsers.

    runs: says whether a command ends well; a stub that names itself chromium does not.
    """
    runs = runs or succeeds
    for path in _candidates(environment):
        if runs([str(path), "--version"]):
            return path
    return None


def install_chromium(
    environment: Mapping[str, str], *, runs: Run | None = None, is_root: bool | None = None
) -> Path | None:
    """Find a Chromium, fetching one if need be: from apt as root on Debian, else Playwright's."""
    runs = runs or succeeds
    if found := find_chromium(environment, runs=runs):
        return found
    if is_root is None:
        is_root = os.geteuid() == 0
    if is_root and shutil.which("apt-get", path=environment.get("PATH", "")):
        install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        if runs(["apt-get", "update"]) and runs(install):
            found = find_chromium(environment, runs=runs)
    if found is None and runs([sys.executable, "-m", "playwright", "install", "chromium"]):
        found = find_chromium(environment, runs=runs)
    return found


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    if named := environment.get("CHROMIUM"):
        yield Path(named)
    for name in NAMES:
        if found := shutil.which(name, path=environment.get("PATH", "")):
            yield Path(found)
    home = Path(environment.get("HOME", "/nonexistent"))
    default = home / ".cache" / "ms-playwright"
    browsers = Path(environment.get("PLAYWRIGHT_BROWSERS_PATH", default))
    for pattern in PLAYWRIGHTS_OWN:
        yield from sorted(browsers.glob(pattern), reverse=True)


def succeeds(command: Sequence[str]) -> bool:
    """Run a command without its output; False if it fails, is missing or takes 15 minutes."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603  # our own words
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Print the path. Without a browser: one line, and a failure if CI=true."""
    look = install_chromium if "--install" in arguments else find_chromium
    found = look(environment)
    if found is not None:
        sys.stdout.write(f"{found}\n")
        return 0
    sys.stderr.write("No Chromium found or fetched: set CHROMIUM; the page tests are skipped.\n")
    return 1 if environment.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
