"""Decisions: all verdicts on a subject joined into what holds, and the gate that answers from it."""
