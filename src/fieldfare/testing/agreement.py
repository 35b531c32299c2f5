"""Whether four accounts of one item agree: sender, log, gate and the receiver of its effects.

What each of them says flows in, a list of contradictions flows out, each under the name that
`Tally` counts it by.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeAlias

Problem: TypeAlias = tuple[str, str]
EXAMPLES: Final = 5
HIDING: Final = frozenset({"hold", "remove"})
"""The restrictions under which an item is shown to nobody; a label or a cap on views hides none."""


@dataclass(slots=True, kw_only=True)
class Sent:
    """An item as its poster knows it: what it should be now, and the id of every call.

    ids: the call's key -> the id it was accepted under.
    """

    host_id: str
    kind: str = "comment"
    versions: int = 0
    is_breaking: bool = False
    is_deleted: bool = False
    ids: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of killing. Every number from `lost` on counts failures and must be 0."""

    kills: int = 0
    accepted: int = 0
    repeated: int = 0
    items: int = 0
    videos: int = 0
    deleted: int = 0
    effects_applied: int = 0
    seconds: float = 0.0
    lost: int = 0
    duplicated: int = 0
    undecided: int = 0
    wrongly_decided: int = 0
    wrongly_shown: int = 0
    gate_disagrees: int = 0
    receiver_disagrees: int = 0
    audit_failed: int = 0
    examples: list[str] = field(default_factory=list)

    def fail(self, problems: Iterable[Problem]) -> None:
        """Count problems, and keep the first few as examples."""
        for what, example in problems:
            setattr(self, what, getattr(self, what) + 1)
            if len(self.examples) < EXAMPLES:
                self.examples.append(f"{what}: {example}")

    @property
    def failures(self) -> dict[str, int]:
        """Name each count that should be 0 and is not."""
        names = list(asdict(self))
        wrong = names[names.index("lost") : names.index("examples")]
        return {name: count for name in wrong if (count := getattr(self, name))}


def item_problems(
    sent: Sent, item: Mapping[str, Any] | None, show: str, received: Mapping[str, Any] | None
) -> list[Problem]:
    """Compare what was sent with the item as GET /v1/items tells it (None: unknown there).

    show: the gate's answer. received: the subject's state at the example receiver.
    """
    name = sent.host_id
    if item is None:
        return [("lost", f"{name} is unknown")]
    found: list[Problem] = []
    missing = set(sent.ids.values()) - {version["event_id"] for version in item["versions"]}
    if missing:
        found.append(("lost", f"{name} lacks {sorted(missing)}"))
    if len(item["versions"]) > sent.versions:
        found.append(("duplicated", f"{name} has {len(item['versions'])} versions"))
    if sent.is_deleted:
        return found + _deletion_problems(name, str(item["state"]), show)
    if item["state"] != "decided" or not item["decisions"]:
        return [*found, ("undecided", f"{name} is {item['state']}")]
    decision = max(item["decisions"], key=lambda made: int(made["revision"]))
    action = decision["action"]
    hides = any(each["kind"] in HIDING for each in decision["restrictions"])
    if hides is not sent.is_breaking:
        found.append(("wrongly_decided", f"{name}: {action}"))
    if (show == "yes") is hides:
        found.append(("gate_disagrees", f"{name}: {show}, {action}"))
    return found + _receiver_problems(name, decision, received)


def _deletion_problems(name: str, state: str, show: str) -> list[Problem]:
    found: list[Problem] = []
    if state != "deleted":
        found.append(("lost", f"{name} is {state}, its deletion was accepted"))
    if show == "yes":
        found.append(("wrongly_shown", f"{name} was deleted"))
    return found


def _receiver_problems(
    name: str, decision: Mapping[str, Any], received: Mapping[str, Any] | None
) -> list[Problem]:
    expected = {
        "revision": decision["revision"],
        "decision_id": decision["id"],
        "is_complete": True,
        "kinds": sorted(each["kind"] for each in decision["restrictions"]) or ["allow"],
    }
    if received == expected:
        return []
    return [("receiver_disagrees", f"{name}: {received}, not {expected}")]


def log_problems(sent: Iterable[Sent], logged_kinds: Mapping[str, int]) -> list[Problem]:
    """Compare how many posts, changes and deletions were accepted with how many the log holds."""
    accepted = [each for each in sent if each.ids]
    changes = sum(each.versions - 1 for each in accepted)
    found: list[Problem] = []
    counts = {
        "item.posted": len(accepted),
        "item.changed": changes,
        "item.deleted": sum(each.is_deleted for each in accepted),
    }
    for kind, expected in counts.items():
        if (logged := logged_kinds.get(kind, 0)) != expected:
            what = "lost" if logged < expected else "duplicated"
            found.append((what, f"{logged} {kind} on the log, {expected} accepted"))
    return found


def repeated_effects(applied: Iterable[str]) -> list[Problem]:
    """Name each effect that the receiver carried out more than once."""
    return [
        ("duplicated", f"effect {effect_id} was carried out {times} times")
        for effect_id, times in Counter(applied).items()
        if times > 1
    ]
