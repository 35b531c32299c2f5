"""Where in an item a value rests that a rule saw: the spans of its fact.

In: the name of a fact and the event. Out: its spans, from the scan the event carries, or from the
hits of the lexicons and the known words in its text.
"""

from collections.abc import Mapping
from typing import Any, Final

from fieldfare.kernel import Span, Unknown
from fieldfare.records import FactValue

MAX_SPANS: Final = 20
_LEXICON: Final = "text.lexicon."
_HITS: Final = "text.lexicon.hits"
_COPIES: Final = ("text.match.", "url.match.")
_ALL: Final = "all"


def spans_of(
    name: str, data: Mapping[str, Any], facts: Mapping[str, FactValue | Unknown]
) -> tuple[Span, ...]:
    """Give the spans of a fact, at most 20; none where it has none or is no fact."""
    if name not in facts:
        return ()
    if name.startswith(_LEXICON):
        return _hits(facts.get(_HITS))
    if name.startswith(_COPIES):
        return _hits(facts.get(f"{name.rpartition('.')[0]}.{_ALL}"))
    scanned = data.get("facts")
    told = scanned.get(name) if isinstance(scanned, dict) else None
    spans = told.get("spans") if isinstance(told, dict) else None
    return tuple(filter(None, map(_stretch, spans[:MAX_SPANS]))) if isinstance(spans, list) else ()


def _hits(listed: object) -> tuple[Span, ...]:
    if not isinstance(listed, list):
        return ()
    return tuple(dict.fromkeys(filter(None, map(_hit, listed[:MAX_SPANS]))))


def _hit(hit: object) -> Span | None:
    match hit:
        case {"start": int(start), "end": int(end), "field": str(field)} if start <= end:
            return Span(start, end, "char", field)
        case _:
            return None


def _stretch(span: object) -> Span | None:
    match span:
        case [int() | float() as start, int() | float() as end] if start <= end:
            return Span(start, end)
        case _:
            return None
