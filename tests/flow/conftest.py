from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldfare.testing.platforms import Community, Installed, a_community, an_installation


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Set up one installation for all tests; each gets a copy."""
    return an_installation(tmp_path_factory.mktemp("installed") / "home")


@pytest.fixture
def community(tmp_path: Path, installed: Installed) -> Iterator[Community]:
    """Open a platform of the test's own."""
    with a_community(tmp_path / "home", installed) as made:
        yield made
