from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldfare.kernel import SimulatedClock
from fieldfare.ledger import Vault
from fieldfare.storage import SqlStore

NOW = 1_795_000_000_000


@pytest.fixture(scope="module")
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, clock: SimulatedClock) -> Iterator[SqlStore]:
    """One real store a module; tests keep apart by their organisations."""
    path: Path = tmp_path_factory.mktemp("store") / "review.db"
    opened = SqlStore.open(f"sqlite:///{path}", clock=clock, vault=Vault(b"k" * 32))
    yield opened
    opened.close()
