r"""Regular expressions: taken only if RE2 takes them, run so that hostile text cannot stall us.

In: a pattern as written. Out: a Pattern that knows whether it is a plain list of words (then no
regular expression runs at all), which words must stand in any match (a cheap test beforehand), and
whether Python's `re` stays linear on it. What is not linear runs in RE2, translated so that `\d`,
`\w` and `\s` keep Python's Unicode meaning; what RE2 cannot express that way is refused.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Final

import re2

from fieldfare.kernel import FieldfareError
from fieldfare.rules.pattern_tree import (
    Char,
    Choice,
    Edge,
    Piece,
    Repeat,
    Sequence_,
    Untranslatable,
    re2_text,
    read_tree,
)

MAX_TEXT: Final = 10_000
"""RegexMatch looks at the first 10,000 characters of its target."""

MAX_UNSAFE_TEXT: Final = 1_000
"""Under `osprey`, a pattern that is refused otherwise looks at the first 1,000 characters."""

_FLAGGED: Final = "(?i)"
_MAX_WORDS: Final = 256
_MAX_STEPS: Final = 1_000
_MAX_COUNTED: Final = 64


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked pattern.

    words: one of these stands in every match (case-folded if `case_insensitive`); () if unknown.
    is_words: a match is exactly that one of the words is there. engine: "re" or "re2". limit: how
    many characters of the target are looked at.
    """

    text: str
    case_insensitive: bool
    words: tuple[str, ...] = field(compare=False, default=())
    is_words: bool = field(compare=False, default=False)
    engine: str = field(compare=False, default="re")
    limit: int = field(compare=False, default=MAX_TEXT)

    def searcher(self) -> Callable[[str], object]:
        """Give the compiled search: truthy where the pattern is found."""
        return _searcher(self)


class PatternRefused(FieldfareError):
    """A pattern cannot be run safely; the message says which part, the hint what to write."""

    status = 400
    slug = "pattern-refused"


def fold_case(text: str) -> str:
    """Lower a text so that an ASCII letter is found in it exactly where `re.IGNORECASE` finds it.

    Python's `re` lets dotless and dotted i match `i` and the long s match `s`.
    """
    if text.isascii():
        return text.lower()
    text = text.replace("\u0130", "i").replace("\u0131", "i").replace("\u017f", "s")
    return text.lower()


def read_pattern(text: str, *, case_insensitive: bool = False) -> Pattern:
    """Check a pattern and find how to run it. Raises PatternRefused.

    `(?i)` in front is the same as `case_insensitive`.
    """
    if text.startswith(_FLAGGED):
        text, case_insensitive = text.removeprefix(_FLAGGED), True
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as e:
        raise PatternRefused(f"not a regular expression: {e}") from e
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except UnicodeEncodeError as e:
        raise PatternRefused("the pattern holds half a character (a lone surrogate)") from e
    except re2.error as e:
        why = e.args[0].decode() if isinstance(e.args[0], bytes) else str(e)
        raise PatternRefused(
            f"RE2 does not take this pattern: {why}",
            hint="Look-around and back-references can stall on hostile text; write it without.",
        ) from e
    return _planned(text, case_insensitive=case_insensitive)


def unsafe_pattern(text: str, *, case_insensitive: bool = False) -> Pattern:
    """Take a pattern that `read_pattern` refuses as it is, on little text: it may be slow.

    Raises PatternRefused if it is no regular expression at all.
    """
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as e:
        raise PatternRefused(f"not a regular expression: {e}") from e
    return Pattern(text, case_insensitive, limit=MAX_UNSAFE_TEXT)


def _planned(text: str, *, case_insensitive: bool) -> Pattern:
    try:
        tree = read_tree(text, case_insensitive=case_insensitive)
    except Untranslatable as e:
        raise PatternRefused(str(e), hint=e.hint) from e
    whole = _strings(tree)
    words, is_words = (whole, True) if whole else (_needed(tree), False)
    if case_insensitive:
        if not all(word.isascii() for word in words):
            words, is_words = frozenset(), False
        words = frozenset(word.lower() for word in words)
    if "" in words:
        words, is_words = frozenset(), False
    engine = "re"
    if not is_words and _steps(tree, last=True) > _MAX_STEPS:
        engine = "re2"
        _translated(tree, case_insensitive=case_insensitive)
    return Pattern(
        text,
        case_insensitive,
        words=tuple(_without_superfluous(words)),
        is_words=is_words,
        engine=engine,
    )


def _translated(tree: Sequence_, *, case_insensitive: bool) -> str:
    try:
        return ("(?i)" if case_insensitive else "") + re2_text(tree)
    except Untranslatable as e:
        hint = "Bound the repetition ({1,20} instead of +) and this part can stay."
        raise PatternRefused(
            f"this pattern can take more than linear time, and {e}", hint=hint
        ) from e


@lru_cache(maxsize=4096)
def _searcher(pattern: Pattern) -> Callable[[str], object]:
    flags = re.IGNORECASE if pattern.case_insensitive else 0
    if pattern.engine == "re":
        return re.compile(pattern.text, flags).search
    tree = read_tree(pattern.text, case_insensitive=pattern.case_insensitive)
    options = re2.Options()
    options.log_errors = False
    translated = _translated(tree, case_insensitive=pattern.case_insensitive)
    search: Callable[[str], object] = re2.compile(translated, options).search
    return search


def _without_superfluous(words: Iterable[str]) -> list[str]:
    """Drop a word that holds another: where it is, the shorter one is too."""
    kept: list[str] = []
    for word in sorted(words, key=lambda w: (len(w), w)):
        if not any(short in word for short in kept):
            kept.append(word)
    return kept


def _strings(pieces: Iterable[Piece]) -> frozenset[str] | None:
    """List all strings the pieces match, or None if they are many or an edge is asked for."""
    found = frozenset({""})
    for piece in pieces:
        options = _options(piece)
        if options is None or len(found) * len(options) > _MAX_WORDS:
            return None
        found = frozenset(a + b for a, b in product(found, options))
    return found


def _options(piece: Piece) -> frozenset[str] | None:
    match piece:
        case Char(options=options):
            return frozenset(options) if options else None
        case Edge():
            return None
        case Choice(branches=branches):
            lists = [_strings(branch) for branch in branches]
            together = [option for options in lists for option in options or ()]
            return frozenset(together) if None not in lists else None
        case Repeat(low=0, high=1, body=body):
            once = _strings(body)
            return once | {""} if once is not None else None
        case Repeat(low=low, high=high, body=body):
            once = _strings(body)
            if once is None or low != high or len(once) ** low > _MAX_WORDS:
                return None
            return frozenset("".join(parts) for parts in product(once, repeat=low))


def _needed(pieces: Sequence_) -> frozenset[str]:
    """Find words one of which stands in every match; the set whose shortest word is longest."""
    candidates: list[frozenset[str]] = []
    start = 0
    while start < len(pieces):
        run: frozenset[str] | None = None
        end = start
        while end < len(pieces) and (longer := _strings(pieces[start : end + 1])) is not None:
            run, end = longer, end + 1
        if run is not None:
            candidates.append(run)
            start = end
        else:
            candidates.append(_needed_in(pieces[start]))
            start += 1
    usable = [words for words in candidates if words and "" not in words]
    return max(usable, key=lambda w: (min(map(len, w)), -len(w)), default=frozenset())


def _needed_in(piece: Piece) -> frozenset[str]:
    match piece:
        case Repeat(low=low, body=body) if low > 0:
            return _needed(body)
        case Choice(branches=branches):
            lists = [_needed(branch) for branch in branches]
            return frozenset().union(*lists) if all(lists) else frozenset()
        case _:
            return frozenset()


def _steps(pieces: Sequence_, *, last: bool) -> int:
    """Bound the ways a backtracking matcher can go from one start; above the limit: not linear.

    `last`: nothing follows, so that an unbounded repeat of one character never has to give back.
    """
    steps = 1
    for at, piece in enumerate(pieces):
        steps *= _ways(piece, last=last and at == len(pieces) - 1)
        if steps > _MAX_STEPS:
            break
    return steps


def _ways(piece: Piece, *, last: bool) -> int:
    match piece:
        case Choice(branches=branches):
            return sum(_steps(branch, last=last) for branch in branches)
        case Repeat(low=low, high=high, body=body):
            is_one = len(body) == 1 and isinstance(body[0], Char)
            if last and is_one and low <= _MAX_COUNTED:
                return 1
            if high is None or high > _MAX_COUNTED:
                return _MAX_STEPS + 1
            inner = _steps(body, last=False)
            return int(min(inner**high, _MAX_STEPS + 1)) * (high - low + 1)
        case _:
            return 1
