"""Facts about the words of an item.

Flows in: its text fields by name. Flows out: one plain spelling of them, their language and what
the lexicons found, with every hit's place in the text as it was written.
"""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Final

from fieldfare.kernel import JsonValue, Span, Unknown, digest
from fieldfare.matching.lexicon import Hit, Lexicon, Lexicons
from fieldfare.matching.normalise import normalise
from fieldfare.policies import PolicyPack
from fieldfare.records import Fact, FactValue
from fieldfare.signals.language import language_of

TEXT_NORMALISED: Final = "text.normalised"
TEXT_LANGUAGE: Final = "text.language"
LEXICON_POLICY: Final = "text.lexicon.policy"
LEXICON_SEVERITY: Final = "text.lexicon.severity"
LEXICON_HITS: Final = "text.lexicon.hits"
TEXT_FACTS: Final = (
    TEXT_NORMALISED,
    TEXT_LANGUAGE,
    LEXICON_POLICY,
    LEXICON_SEVERITY,
    LEXICON_HITS,
)

VERSION: Final = "text-1"
_MS: Final = 1000.0


class TextSignal:
    """Finds facts in text fields. Holds only what it was made of; safe to share between threads.

    language: how the language is told; None leaves `text.language` Unknown.
    Raises UnknownPolicy if a lexicon names a policy the pack lacks.
    """

    name = "text"
    produces = TEXT_FACTS

    def __init__(
        self,
        lexicons: Sequence[Lexicon],
        pack: PolicyPack,
        *,
        language: Callable[[str], str | Unknown] | None = language_of,
    ) -> None:
        policies = {entry.policy for one in lexicons for entry in one.entries.values()}
        self._ranks = {code: pack.rank(code) for code in policies}
        self._severities = {code: str(pack.policy(code).severity) for code in policies}
        self._lexicons = Lexicons(lexicons)
        self._language = language
        self.version = f"{VERSION}+{digest(sorted(one.hash for one in lexicons))[:12]}"

    def facts(self, fields: Mapping[str, str]) -> tuple[Fact, ...]:
        """Give one fact for every name in `produces`. An item without words has an empty text."""
        begun = perf_counter()
        texts = {field: normalise(text) for field, text in fields.items() if text}
        hits = [(field, hit) for field, text in texts.items() for hit in self._lexicons.find(text)]
        plain = "\n".join(text.text for text in texts.values())
        searched = perf_counter()
        language = self._language_of(fields)
        spent = (searched - begun) * _MS
        policy = min((hit.policy for _, hit in hits), key=self._ranks.__getitem__, default=None)
        severity = None if policy is None else self._severities[policy]
        spans = tuple(Span(hit.start, hit.end, "char", field) for field, hit in hits)
        written: list[JsonValue] = [_written(field, hit) for field, hit in hits]
        return (
            self._fact(TEXT_NORMALISED, plain, cost_ms=spent),
            self._fact(TEXT_LANGUAGE, language, cost_ms=(perf_counter() - searched) * _MS),
            self._fact(LEXICON_POLICY, policy, spans=spans),
            self._fact(LEXICON_SEVERITY, severity, spans=spans),
            self._fact(LEXICON_HITS, written, spans=spans),
        )

    def _language_of(self, fields: Mapping[str, str]) -> str | Unknown:
        if self._language is None:
            return Unknown("language is not looked at here")
        return self._language(" ".join(fields.values()))

    def _fact(
        self,
        name: str,
        value: FactValue | Unknown,
        *,
        spans: tuple[Span, ...] = (),
        cost_ms: float = 0.0,
    ) -> Fact:
        return Fact(name=name, version=self.version, value=value, spans=spans, cost_ms=cost_ms)


def _written(field: str, hit: Hit) -> dict[str, JsonValue]:
    return {
        "list": hit.lexicon,
        "term": hit.term,
        "policy": hit.policy,
        "field": field,
        "start": hit.start,
        "end": hit.end,
    }
