"""Decisions: verdicts on a subject joined into what holds, and the gate that answers from it."""

from fieldfare.decisions.resolve import ALLOW, VOICES, resolve
from fieldfare.decisions.scope import (
    AGE_AT_LEAST,
    LIMITED_SURFACES,
    GateAnswer,
    applies,
    effective,
)
from fieldfare.decisions.unknowns import unknown_facts

__all__ = [
    "AGE_AT_LEAST",
    "ALLOW",
    "LIMITED_SURFACES",
    "VOICES",
    "GateAnswer",
    "applies",
    "effective",
    "resolve",
    "unknown_facts",
]
