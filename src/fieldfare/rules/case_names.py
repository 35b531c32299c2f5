"""Whether what a case names is there at all: rules, effects, policies, queues, labels, words.

In: a Case, the rule set it is about and the vocabulary. Out: one line a name that nothing has. A
misspelt name in `not_fired` would hold for ever, and the gate before going live would rest on it.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from fieldfare.kernel import did_you_mean
from fieldfare.rules.case_expectations import REMOVED, Shown, Wish, parted
from fieldfare.rules.case_files import Case
from fieldfare.rules.rule_set import RuleSet
from fieldfare.rules.vocabulary import Vocabulary

REVIEW: Final = "review"
"""What an expectation calls a review; the other effects are kinds of restriction."""
_MOST_KNOWN: Final = 12


def unknown_names(case: Case, rules: RuleSet, vocabulary: Vocabulary) -> Iterator[str]:
    """Say each name a case gives or expects that neither the rules nor the vocabulary have."""
    for change in case.labels:
        yield from _label("labels", change.label, change.entity.type, rules)
    for wish in case.expect.wishes:
        for entry in wish.entries:
            yield from _of_entry(wish, entry, rules, vocabulary)


def _of_entry(wish: Wish, entry: Any, rules: RuleSet, vocabulary: Vocabulary) -> Iterator[str]:  # noqa: ANN401 -- as YAML has it
    match wish.subject:
        case "fired":
            yield from _unknown(wish.word, "rule", entry, {info.name for info in rules.rules})
        case "effects":
            yield from _effect(wish.word, entry, vocabulary)
        case "labels":
            yield from _label_change(wish.word, entry, rules)
        case "declared" if rules.declares is not None:
            yield from _unknown(wish.word, "declared verdict", entry, rules.declares)
        case _:
            pass


def _effect(word: str, effect: Shown, vocabulary: Vocabulary) -> Iterator[str]:
    known = {
        "kind": ("effect", {REVIEW, *vocabulary.restriction_kinds}),
        "policy": ("policy", vocabulary.policies.keys()),
        "queue": ("queue", vocabulary.queues),
    }
    for key, (what, names) in known.items():
        # A review that only names its queue is about no policy.
        if key in effect and not (key == "policy" and not effect[key]):
            yield from _unknown(word, what, str(effect[key]), names)


def _label_change(word: str, written: str, rules: RuleSet) -> Iterator[str]:
    ways = [(label.removesuffix(REMOVED), entity) for label, entity in parted(written)]
    label, entity = next((way for way in ways if way[0] in rules.labels), ways[0])
    yield from _label(word, label, entity.partition(":")[0], rules)


def _label(word: str, label: str, entity_type: str, rules: RuleSet) -> Iterator[str]:
    terms = rules.labels.get(label)
    if terms is None:
        yield from _unknown(word, "label", label, rules.labels)
    elif not terms.fits(entity_type):
        types = ", ".join(terms.valid_for)
        yield f"{word}: {label!r} is no label for entities of type {entity_type!r}, but for {types}"


def _unknown(word: str, what: str, name: str, known: Collection[str]) -> Iterator[str]:
    if name in known:
        return
    hint = did_you_mean(name, known)
    if not hint and len(known) <= _MOST_KNOWN:
        hint = f"Known: {', '.join(sorted(known)) or 'none'}."
    yield f"{word}: there is no {what} {name!r}. {hint}".rstrip(". ")
