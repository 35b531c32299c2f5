"""Terms that break a policy, found in text however they are typed.

Flows in: lexicons (term -> policy and way of matching) and normalised texts. Flows out: hits with
their place in the original text. All lexicons are searched in one pass over the text, with every
character reduced to the class of letters it may stand for and runs taken as one; what that pass
suggests is then compared letter by letter.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.kernel import BadInput, digest
from fieldfare.matching.alignment import Match, Term, end_of, is_letter
from fieldfare.matching.automaton import Automaton
from fieldfare.matching.confusables import PUNCTUATION_LETTERS, readings
from fieldfare.matching.normalise import Normalised, fold

MAX_HITS: Final = 64
"""More hits in one text say nothing more."""

_STARTS_TRIED: Final = 4
_GAP: Final = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a term stands for."""

    policy: str
    match: Match = Match.WORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """A named set of terms. `hash` names its content."""

    name: str
    entries: Mapping[str, Entry]

    @property
    def hash(self) -> str:
        return digest([self.name, self.entries])


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found. start, end: half-open, code points of the original text."""

    lexicon: str
    term: str
    policy: str
    start: int
    end: int


class TermDoesNotFold(BadInput):
    """A term has no letter left to look for."""

    slug = "term-does-not-fold"


def letters_of(term: str) -> str:
    """Reduce a term to what is looked for: letters, digits and symbols, words parted by one space.

    Raises TermDoesNotFold if nothing is left.
    """
    kept = "".join(c if _is_sought(c) else _GAP if c == _GAP else "" for c in fold(term))
    letters = _GAP.join(kept.split())
    if not letters:
        hint = "A term needs a letter, a digit or an emoji."
        raise TermDoesNotFold(f"{term!r} has nothing to look for.", hint=hint)
    return letters


def _is_sought(char: str) -> bool:
    return is_letter(char) or (not char.isascii() and unicodedata.category(char)[0] == "S")


class _Classes(dict[int, str]):
    """Code point -> one letter for all it may be read as, or a gap for what parts words."""

    def __init__(self, symbols: frozenset[str], signs: frozenset[str]) -> None:
        super().__init__()
        self._symbols = symbols
        self._gaps = signs

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = found = self._class(char)
        return found

    def _class(self, char: str) -> str:
        if char in self._gaps:
            return _GAP
        # Only `1` and `|` are read as two letters, i and l; so these two share a class.
        meant = readings(char)[-1].replace("l", "i")
        is_word = is_letter(char) or meant != char or char in self._symbols
        return meant if is_word else _GAP


@dataclass(frozen=True, slots=True)
class _Sought:
    lexicon: str
    term: str
    policy: str
    compared: Term


class Lexicons:
    """Several lexicons compiled into one search. Immutable; safe to share between threads."""

    __slots__ = ("_automaton", "_depths", "_signs_as_gaps", "_signs_as_letters", "_sought")

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        self._sought = tuple(
            _Sought(lexicon.name, term, entry.policy, Term(letters_of(term), entry.match))
            for lexicon in lexicons
            for term, entry in lexicon.entries.items()
        )
        together = [sought.compared.run_together for sought in self._sought]
        symbols = frozenset(c for letters in together for c in letters if not is_letter(c))
        self._signs_as_gaps = _Classes(symbols, PUNCTUATION_LETTERS)
        self._signs_as_letters = _Classes(symbols, frozenset())
        patterns = [_without_runs(letters.translate(self._signs_as_gaps)) for letters in together]
        self._automaton = Automaton(patterns)
        self._depths = tuple(map(len, patterns))

    def find(self, text: Normalised) -> tuple[Hit, ...]:
        """Give the hits in the order in which they begin, at most MAX_HITS of them."""
        if not self._sought:
            return ()
        folded = text.folded
        found = dict.fromkeys(self._hits(folded, folded.translate(self._signs_as_gaps)))
        if not PUNCTUATION_LETTERS.isdisjoint(folded):
            found |= dict.fromkeys(self._hits(folded, folded.translate(self._signs_as_letters)))
        ordered = sorted(found, key=lambda one: (one[1], one[2], one[0]))[:MAX_HITS]
        return tuple(self._hit(number, text.span(start, end)) for number, start, end in ordered)

    def _hit(self, number: int, span: tuple[int, int]) -> Hit:
        sought = self._sought[number]
        return Hit(sought.lexicon, sought.term, sought.policy, *span)

    def _hits(self, folded: str, classes: str) -> Iterator[tuple[int, int, int]]:
        """Yield (number of the term, start, end) in the folded text."""
        count = 0
        reached: dict[int, int] = {}
        for number, starts in self._suggestions(classes):
            compared = self._sought[number].compared
            for start in starts:
                if start < reached.get(number, 0):
                    continue  # inside the hit before
                end = end_of(compared, folded, start)
                if end is not None:
                    yield number, start, end
                    reached[number] = end
                    count += 1
                    break
            if count == MAX_HITS:
                return

    def _suggestions(self, classes: str) -> Iterator[tuple[int, list[int]]]:
        """Yield terms whose classes stand in the text, gaps and runs left out, with the places
        where they may begin.
        """
        automaton = self._automaton
        steps, fallback, endings = automaton.steps, automaton.fallback, automaton.endings
        state, before = 0, _GAP
        runs: list[int] = []
        for place, char in enumerate(classes):
            if char in (before, _GAP):
                continue
            before = char
            runs.append(place)
            # `Automaton.step`, written out: this line runs once a character.
            while (following := steps[state].get(char)) is None and state:
                state = fallback[state]
            state = following or 0
            for number in endings[state]:
                depth = self._depths[number]
                until = runs[-depth + 1] if depth > 1 else _end_of_run(classes, place)
                yield number, _starts(classes, runs[-depth], until)


def _starts(classes: str, first: int, until: int) -> list[int]:
    """Pick where in a run of one class a term may begin: the first places of the first and the
    last few stretches without a gap, and the last few places. All of them would be quadratic.
    """
    places = [place for place in range(first, until) if classes[place] == classes[first]]
    stretches = [place for place in places if place == first or classes[place - 1] == _GAP]
    tried = {first, *stretches[-_STARTS_TRIED:], *places[-_STARTS_TRIED:]}
    return sorted(tried)


def _without_runs(classes: str) -> str:
    return "".join(c for place, c in enumerate(classes) if place == 0 or classes[place - 1] != c)


def _end_of_run(classes: str, place: int) -> int:
    end = place
    while end < len(classes) and classes[end] in (classes[place], _GAP):
        end += 1
    return end
