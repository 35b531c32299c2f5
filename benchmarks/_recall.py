"""What came of the lookups of `robustness.py`: noted one by one, told as a table and as JSON."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fieldfare.testing.copies import Made


@dataclass(slots=True)
class Tally:
    """What came of all lookups. found, default, peer: by edit, whether each copy was found, in
    banks of priority, in others, and by the rule of vPDQ.
    """

    found: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    default: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    peer: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    cpu_s: list[float] = field(default_factory=list)
    pairs: int = 0
    false: list[str] = field(default_factory=list)
    default_false: int = 0
    peer_false: int = 0
    missed: list[str] = field(default_factory=list)
    default_missed: list[str] = field(default_factory=list)

    def note(self, made: Made, *, found: bool, default: bool, peer: bool) -> None:
        """Note which ways found a copy."""
        self.found[made.edit].append(found)
        self.default[made.edit].append(default)
        self.peer[made.edit].append(peer)
        self.missed += [] if found else [made.path.stem]
        self.default_missed += [] if default else [made.path.stem]


def _shares(found: Mapping[str, Sequence[bool]]) -> dict[str, float]:
    return {edit: round(float(statistics.mean(each)), 4) for edit, each in found.items()}


def report(tally: Tally, figures: Mapping[str, float]) -> dict[str, object]:
    """Print the table; give the line of JSON."""
    recall, default, peer = (_shares(of) for of in (tally.found, tally.default, tally.peer))
    print(f"{'edit':22s} {'priority':>8s} {'default':>8s} {'vPDQ':>7s} {'copies':>7s}")
    for edit, share in recall.items():
        of = len(tally.found[edit])
        print(f"{edit:22s} {share:8.3f} {default[edit]:8.3f} {peer[edit]:7.3f} {of:7d}")
    print(f"missed by priority banks: {', '.join(tally.missed) or 'none'}")
    print(f"missed by default banks: {', '.join(tally.default_missed) or 'none'}")
    print(
        f"false: {', '.join(tally.false) or 'none'}"
        f" (default banks: {tally.default_false}, vPDQ's rule: {tally.peer_false})"
    )
    worst = min(recall, key=lambda edit: recall[edit])
    default_worst = min(default, key=lambda edit: default[edit])
    return {
        **figures,
        "mean_recall": round(statistics.mean(recall.values()), 4),
        "worst_edit": worst,
        "worst_recall": recall[worst],
        "default_mean_recall": round(statistics.mean(default.values()), 4),
        "default_worst_edit": default_worst,
        "default_worst_recall": default[default_worst],
        "false_matches": len(tally.false),
        "default_false_matches": tally.default_false,
        "pairs": tally.pairs,
        "peer_mean_recall": round(statistics.mean(peer.values()), 4),
        "recall": recall,
        "default_recall": default,
        "peer_recall": peer,
    }
