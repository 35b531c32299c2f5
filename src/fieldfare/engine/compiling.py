"""Read and compiled once: packs, lists and rule sets that were read before are not read again.

In flow texts as they are stored; out flow the values they were checked and compiled to. A version
is compiled when it is proposed or moved, on the thread of whoever asks, so that the evaluator finds
it ready when its event comes.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from fieldfare.kernel import digest
from fieldfare.matching.lexicon import Lexicon
from fieldfare.matching.lists import NamedList, parse_lexicon, parse_list
from fieldfare.matching.repositories import LEXICON, ListRecord
from fieldfare.policies import PolicyPack, load_pack
from fieldfare.rules import RuleSet, Vocabulary, load_rule_set

K = TypeVar("K")
T = TypeVar("T")
ReadList: TypeAlias = NamedList | Lexicon
MOST: Final = 16
"""How many of a kind are kept; a running installation has five rule sets at the most in use."""
MOST_LISTS: Final = 64


class Compiler:
    """Remembers what it made, the newest; safe to use from any thread, at the worst twice."""

    def __init__(self) -> None:
        self._packs: OrderedDict[str, PolicyPack] = OrderedDict()
        self._lists: OrderedDict[tuple[str, str, str], ReadList] = OrderedDict()
        self._rules: OrderedDict[tuple[str, frozenset[str] | None], tuple[Vocabulary, RuleSet]]
        self._rules = OrderedDict()

    def pack(self, text: str) -> PolicyPack:
        """Read a policy pack. Raises BadInput for one that is wrong."""
        known = self._packs.get(text)
        if known is None:
            known = load_pack(text)
            _keep(self._packs, text, known, MOST)
        return known

    def read_list(self, record: ListRecord) -> ReadList:
        """Read a list or lexicon. Raises ListDoesNotRead."""
        name = (record.kind, record.name, record.text)
        known = self._lists.get(name)
        if known is None:
            read = parse_lexicon if record.kind == LEXICON else parse_list
            known = read(record.name, record.text)
        _keep(self._lists, name, known, MOST_LISTS)
        return known

    def rules(self, files: Mapping[str, str], vocabulary: Vocabulary) -> RuleSet:
        """Compile a rule set. Raises RuleSetDoesNotCompile with every problem.

        Banks come and go more often than rules, and nothing but their names is checked: what is
        kept serves under any that hold the ones it names.
        """
        content, banks = digest(dict(files)), vocabulary.banks
        words = replace(vocabulary, banks=None)
        for name in ((content, None), (content, banks)):
            known = self._rules.get(name)
            if known is None or known[0] != words:
                continue
            if name[1] == banks or _hold(banks, known[1]):
                return known[1]
        made = load_rule_set(files, vocabulary=vocabulary)
        _keep(self._rules, (content, None if _hold(banks, made) else banks), (words, made), MOST)
        return made


IN_THIS_PROCESS: Final = Compiler()
"""What a process made of a text once serves every installation it opens, and each anew."""


def _hold(banks: frozenset[str] | None, rules: RuleSet) -> bool:
    return banks is None or rules.needs.banks <= banks


def _keep(kept: OrderedDict[K, T], name: K, value: T, most: int) -> None:
    """Keep a value as the newest."""
    kept.pop(name, None)
    kept[name] = value
    while len(kept) > most:
        kept.popitem(last=False)
