import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fieldfare.media import Examination, MediaLimits, MediaSandbox

Examine = Callable[..., Examination]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[MediaSandbox]:
    """One zygote for all tests here; its extra taps come from hostile_taps.py."""
    here = str(Path(__file__).parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", here, prepend=os.pathsep)
        with MediaSandbox(tap_modules=("hostile_taps",)) as opened:
            opened.report()
            yield opened


@pytest.fixture
def examine(sandbox: MediaSandbox) -> Examine:
    def run(
        path: Path, *, taps: tuple[str, ...] | None = None, limits: MediaLimits | None = None
    ) -> Examination:
        fd = os.open(path, os.O_RDONLY)
        try:
            if taps is None:
                return sandbox.examine(fd, limits=limits)
            return sandbox.examine(fd, taps=taps, limits=limits)
        finally:
            os.close(fd)

    return run
