"""Compiled once: packs and rule sets that were read before are not read again.

In flow texts as they are stored; out flow the values they were checked and compiled to. A version
is compiled when it is proposed or moved, on the thread of whoever asks, so that the evaluator finds
it ready when its event comes.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, TypeVar

from fieldfare.kernel import digest
from fieldfare.policies import PolicyPack, load_pack
from fieldfare.rules import RuleSet, Vocabulary, load_rule_set

T = TypeVar("T")
MOST: Final = 16
"""How many of a kind are kept; a running installation has five rule sets at the most in use."""


class Compiler:
    """Remembers what it made, the newest; safe to use from any thread, at the worst twice."""

    def __init__(self) -> None:
        self._packs: OrderedDict[str, PolicyPack] = OrderedDict()
        self._rules: OrderedDict[str, tuple[Vocabulary, RuleSet]] = OrderedDict()

    def pack(self, text: str) -> PolicyPack:
        """Read a policy pack. Raises BadInput for one that is wrong."""
        known = self._packs.get(text)
        if known is None:
            known = self._packs[text] = load_pack(text)
            _bound(self._packs)
        return known

    def rules(self, files: Mapping[str, str], vocabulary: Vocabulary) -> RuleSet:
        """Compile a rule set. Raises RuleSetDoesNotCompile with every problem."""
        name = digest(dict(files))
        known = self._rules.get(name)
        if known is not None and known[0] == vocabulary:
            return known[1]
        made = load_rule_set(files, vocabulary=vocabulary)
        self._rules.pop(name, None)
        self._rules[name] = (vocabulary, made)
        _bound(self._rules)
        return made


def _bound(kept: OrderedDict[str, T]) -> None:
    while len(kept) > MOST:
        kept.popitem(last=False)
