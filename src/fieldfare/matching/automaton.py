"""Many words looked for in one pass.

Flows in: patterns, each a string. Flows out: for every character of a text the patterns that end
there. Source: Aho and Corasick 1975, CACM 18(6), with the failure links followed while searching.
"""

from collections import deque
from collections.abc import Sequence


class Automaton:
    """The patterns as a tree with failure links. Building is linear in their total length."""

    __slots__ = ("endings", "fallback", "steps")

    def __init__(self, patterns: Sequence[str]) -> None:
        self.steps: list[dict[str, int]] = [{}]
        self.fallback: list[int] = [0]
        self.endings: list[tuple[int, ...]] = [()]
        for number, pattern in enumerate(patterns):
            state = 0
            for char in pattern:
                state = self._child(state, char)
            self.endings[state] += (number,)
        self._link()

    def _child(self, state: int, char: str) -> int:
        found = self.steps[state].get(char)
        if found is None:
            found = self.steps[state][char] = len(self.steps)
            self.steps.append({})
            self.fallback.append(0)
            self.endings.append(())
        return found

    def _link(self) -> None:
        waiting = deque(self.steps[0].values())
        while waiting:
            state = waiting.popleft()
            for char, child in self.steps[state].items():
                waiting.append(child)
                link = self.step(self.fallback[state], char)
                self.fallback[child] = link
                self.endings[child] += self.endings[link]

    def step(self, state: int, char: str) -> int:
        """Give the state after reading `char` in `state`; 0 is the start."""
        while True:
            found = self.steps[state].get(char)
            if found is not None:
                return found
            if not state:
                return 0
            state = self.fallback[state]
