"""Facts about words that are known already: copies of known texts, and known URLs in them.

In: the text fields of an item and the known texts of its organisation. Out: one Fact for every name
in COPY_FACTS. No match is known: policy None.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Final

from fieldfare.kernel import JsonValue, Span, Unknown
from fieldfare.matching.known_text import SOME_TIME, KnownText, TextMatch, When
from fieldfare.records import Fact, FactValue

VERSION: Final = "copies-1"
TEXT_MATCHES: Final = (
    "text.match.policy",
    "text.match.bank",
    "text.match.vetted",
    "text.match.means",
    "text.match.similarity",
    "text.match.all",
)
URL_MATCHES: Final = (
    "url.match.policy",
    "url.match.bank",
    "url.match.vetted",
    "url.match.means",
    "url.match.found",
    "url.match.all",
)
URL_LOOKALIKE: Final = "url.lookalike"
COPY_FACTS: Final = (*TEXT_MATCHES, *URL_MATCHES, URL_LOOKALIKE)
_NOTHING: Final[Mapping[str, FactValue | Unknown]] = {
    **dict.fromkeys((*TEXT_MATCHES, *URL_MATCHES), None),
    URL_LOOKALIKE: Unknown("nobody asks for look-alikes here"),
}
_MS: Final = 1000.0


class CopySignal:
    """Finds known words in text fields. Safe to share between threads.

    lookalikes: look for hosts that pass for others also where no words are known.
    """

    name = "copies"
    version = VERSION
    produces = COPY_FACTS

    def __init__(self, known: KnownText, *, lookalikes: bool = True) -> None:
        self._known = known
        self._lookalikes = lookalikes

    def values(
        self, fields: Mapping[str, str], when: When = SOME_TIME
    ) -> Mapping[str, FactValue | Unknown]:
        """Give what is found by name; nothing is looked for where nothing can be found."""
        if not len(self._known) and not self._lookalikes:
            return _NOTHING
        return {fact.name: fact.value for fact in self.facts(fields, when)}

    def facts(self, fields: Mapping[str, str], when: When = SOME_TIME) -> tuple[Fact, ...]:
        """Give one fact for every name in `produces`."""
        begun = perf_counter()
        found = self._known.match(fields, when)
        spent = (perf_counter() - begun) * _MS
        looks = found.passes_for
        return (
            *_of(TEXT_MATCHES, found.texts, cost_ms=spent),
            *_of(URL_MATCHES, found.urls),
            Fact(
                name=URL_LOOKALIKE,
                version=VERSION,
                value=looks[0][0] if looks else None,
                spans=tuple(span for _, span in looks),
            ),
        )


def _of(
    names: Sequence[str], matches: Sequence[TextMatch], *, cost_ms: float = 0.0
) -> tuple[Fact, ...]:
    spans = tuple(dict.fromkeys(match.span for match in matches))
    values = _values(matches) if matches else {}
    return tuple(
        Fact(
            name=name,
            version=VERSION,
            value=values.get(name.rpartition(".")[2]),
            spans=spans,
            cost_ms=cost_ms if place == 0 else 0.0,
        )
        for place, name in enumerate(names)
    )


def _values(matches: Sequence[TextMatch]) -> dict[str, FactValue]:
    best = matches[0]
    return {
        "policy": best.policy,
        "bank": best.bank,
        "vetted": best.vetted,
        "means": best.means,
        "similarity": best.similarity,
        "found": best.found,
        "all": [match_json(match) for match in matches],
    }


def match_json(match: TextMatch) -> dict[str, JsonValue]:
    """Write a match as facts and answers carry it."""
    return {
        "bank": match.bank,
        "policy": match.policy,
        "vetted": match.vetted,
        "entry": str(match.entry),
        "label": match.label,
        "means": match.means,
        "similarity": match.similarity,
        "found": match.found,
        **_placed(match.span),
    }


def _placed(span: Span) -> dict[str, JsonValue]:
    return {"field": span.field, "start": int(span.start), "end": int(span.end)}
