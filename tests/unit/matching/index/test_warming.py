import os
import subprocess
import sys
from pathlib import Path

import pytest

from fieldfare.matching.index import keep_compiled_in


def told_by(code: str, **environment: str) -> str:
    """Run code in a fresh interpreter and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env={**os.environ, **environment},
        text=True,
    )
    return done.stdout.strip()


def test_matching_and_opening_an_index_do_without_the_compiler(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import fieldfare.matching; "
        "from fieldfare.matching.index import HashIndex; "
        f"HashIndex.open(Path({str(tmp_path)!r})); print('numba' in sys.modules)"
    )

    assert told_by(code) == "False"


def test_what_init_compiled_is_loaded_by_those_who_come_after(tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path; from fieldfare.matching.index import warm; "
        "warm(Path('elsewhere')); from fieldfare.matching.index import kernels; "
        "print(sum(kernels.seek.stats.cache_hits.values()))"
    )
    told_by(code)

    assert told_by(code) == "1"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_the_operator_named_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/named")
    keep_compiled_in(Path("/other"))
    assert os.environ["NUMBA_CACHE_DIR"] == "/named"

    monkeypatch.delenv("NUMBA_CACHE_DIR")
    keep_compiled_in(Path("/other"))
    assert os.environ["NUMBA_CACHE_DIR"] == "/other"
