import stat
from pathlib import Path

import pytest

from fieldfare.kernel import BadInput, Org
from fieldfare.ledger import Head, Heads

MAIN, OTHER = Org("main"), Org("other")


def test_each_organisation_has_a_head_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "heads.json"
    Heads(path).put(MAIN, Head(1, "a"))
    Heads(path).put(OTHER, Head(7, "b"))
    Heads(path).put(MAIN, Head(2, "c"))

    assert Heads(path).of(MAIN) == Head(2, "c")
    assert Heads(path).of(OTHER) == Head(7, "b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_before_the_first_seal_nothing_is_remembered(tmp_path: Path) -> None:
    assert Heads(tmp_path / "none").of(MAIN) is None


@pytest.mark.parametrize("body", [b"", b"{", b'{"main": "x"}'])
def test_a_damaged_file_is_not_taken_for_an_empty_one(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "heads.json"
    path.write_bytes(body)

    with pytest.raises(BadInput, match="damaged"):
        Heads(path).of(MAIN)
