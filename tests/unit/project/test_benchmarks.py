"""Every claim has a script that runs quickly on request and ends with one JSON object."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SCRIPTS = sorted(path for path in BENCHMARKS.glob("*.py") if not path.name.startswith("_"))
SECONDS = 300
KEYS = {
    "backtest": {"events_per_s_core", "mismatches"},
    "eligibility": {"p99_ms"},
    "hashing": {"ratio"},
    "ingest": {"events_per_s", "events_per_s_single"},
    "kill": {"kills", "accepted", "failures"},
    "matching": {
        "lookups_per_s_1m",
        "lookups_per_s_10m",
        "recall",
        "visible_s",
        "open_10m_s",
        "bytes_per_entry",
    },
    "robustness": {
        "query_cpu_s",
        "rows_per_bank_second",
        "mean_recall",
        "worst_edit",
        "worst_recall",
        "default_mean_recall",
        "default_worst_edit",
        "default_worst_recall",
        "false_matches",
        "pairs",
        "peer_mean_recall",
    },
    "rules": {"events_per_s"},
    "scan": {"overhead_over_decode", "scan_cpu_s"},
    "texts": {"lookups_per_s", "near", "pairs", "recall_one_word", "url_lookups_per_s"},
}


@pytest.mark.bench
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_quick_run_ends_with_one_json_object(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script), "--quick", "--json"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "FIELDFARE_HOME": str(tmp_path / "home")},
        text=True,
        timeout=SECONDS,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert KEYS.get(script.stem, set()) <= told.keys()


def test_the_claims_that_were_made_are_measured() -> None:
    assert {path.stem for path in SCRIPTS} >= KEYS.keys()
