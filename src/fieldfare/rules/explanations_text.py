"""An explanation in lines of text, for the command line and for failed rule tests."""

import json
from collections.abc import Iterator
from typing import Final

from fieldfare.kernel import JsonValue
from fieldfare.records import SeenValue
from fieldfare.rules.explaining import ConditionTrace, Explanation, RuleTrace

MAX_SEEN: Final = 6
_WORDS: Final = {True: "true", False: "false", None: "Unknown"}


def explanation_lines(explanation: Explanation, *, only: str = "") -> Iterator[str]:
    """Write an explanation: each rule with its conditions and the values they saw."""
    for trace in explanation.rules:
        if only in {"", trace.rule}:
            yield f"{trace.rule}: {_verdict(trace)}  ({trace.file}:{trace.line})"
            for at, condition in enumerate(trace.conditions):
                mark = "->" if at in trace.decided_by else "  "
                yield f"  {mark} {condition_line(condition)}"
    never = [rule for rule in explanation.never if only in {"", rule}]
    if never:
        yield f"cannot fire on {explanation.kind}: {', '.join(never)}"
    for error in explanation.outcome.errors:
        yield f"threw: {error}"


def condition_line(condition: ConditionTrace) -> str:
    """Write a condition with its truth and what it saw."""
    seen = "; ".join(map(seen_text, condition.seen[:MAX_SEEN]))
    more = "; ..." if len(condition.seen) > MAX_SEEN else ""
    told = f"`{condition.text}` is {_WORDS[condition.holds]}"
    return f"{told}: {seen}{more}" if seen else told


def seen_text(seen: SeenValue) -> str:
    """Write a value a rule saw: `Nudity is 0.4`, `Views is Unknown (missing)`."""
    if seen.unknown is not None:
        return f"{seen.name} is Unknown ({seen.unknown})"
    return f"{seen.name} is {_json(seen.value)}"


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def _verdict(trace: RuleTrace) -> str:
    if trace.fired:
        return "fired"
    if not trace.taken_in:
        return "not taken in"
    return "is Unknown" if trace.holds is None else "did not fire"
