"""Claim: a server killed 500 times under load loses nothing that it accepted.

Ends with one JSON object: kills, accepted, items, effects_applied, failures and seconds.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from fieldfare.testing.killing import Plan, kill_and_count

RECEIVER = Path(__file__).parents[1] / "examples" / "receiver.py"
KILLS, QUICK_KILLS = 500, 2


def main() -> int:
    """Run, print, and end with 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_KILLS} kills")
    parser.add_argument("--json", action="store_true", help="print the JSON line alone")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    plan = Plan(kills=QUICK_KILLS if options.quick else KILLS, seed=options.seed)

    tally = kill_and_count(plan, receiver_script=RECEIVER)

    if not options.json:
        for name, value in asdict(tally).items():
            print(f"{name:20} {value}")
    print(json.dumps({**asdict(tally), "failures": sum(tally.failures.values())}))
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
