"""What rule tests bring along: the lists and banks that cases give entries of.

In: a vocabulary and the texts of a folder. Out: the vocabulary with these names. So a rule can be
tested before anybody has imported the list it asks; that it is missing is for `check` to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from fieldfare.rules.case_files import case_entries, is_case_file
from fieldfare.rules.vocabulary import Vocabulary

_ONE_BANK: Final = "hash.match.bank"
_MORE_BANKS: Final = "hash.match.banks"


def with_given(
    vocabulary: Vocabulary, sources: Mapping[str, str], event: Mapping[str, object] | None = None
) -> Vocabulary:
    """Add the lists and banks that the cases of a folder give, and an event to be explained.

    Raises BadInput for a file of cases that is no YAML.
    """
    cases: list[object] = [
        case
        for file in sorted(filter(is_case_file, sources))
        for _, case in case_entries(file, sources[file])
    ]
    written = [case for case in (*cases, event) if isinstance(case, Mapping)]
    lists = frozenset(name for case in written for name in _names(case, "lists"))
    banks = frozenset(bank for case in written for step in _steps(case) for bank in _banks(step))
    known = None if vocabulary.banks is None else vocabulary.banks | banks
    return replace(vocabulary, lists=vocabulary.lists | lists, banks=known)


def _steps(case: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    yield case
    before = case.get("before")
    for step in before if isinstance(before, list) else ():
        if isinstance(step, Mapping):
            yield step


def _banks(step: Mapping[str, object]) -> Iterator[str]:
    facts = step.get("facts")
    if isinstance(facts, Mapping):
        if isinstance(facts.get(_ONE_BANK), str):
            yield facts[_ONE_BANK]
        if set(_names(facts, _MORE_BANKS)) != {"unknown"}:
            yield from _names(facts, _MORE_BANKS)


def _names(within: Mapping[str, object], key: str) -> Iterator[str]:
    found = within.get(key)
    if isinstance(found, Mapping):
        yield from filter(lambda name: isinstance(name, str), found)
