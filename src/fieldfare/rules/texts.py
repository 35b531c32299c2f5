"""The standard functions on texts and lists of texts.

Plain functions on plain values; an argument is never Unknown, None as a result means Unknown. What
could grow without bound is bounded and raises ValueError beyond.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fieldfare.rules.signatures import Fixed, function
from fieldfare.rules.strings import MAX_MADE, bounded

TEXT: Final = "text"
LISTS: Final = "lists"


@function(name="StringLength", topic=TEXT, inline="len({0})", example="StringLength(s=Bio) > 400")
def length(s: str) -> int:
    """Give the number of characters."""
    return len(s)


@function(
    name="StringToLower",
    topic=TEXT,
    inline="{0}.lower()",
    example="StringToLower(s=Tag) == 'thistle'",
)
def lowered(s: str) -> str:
    """Give the text in lower case."""
    return s.lower()


@function(
    name="StringToUpper", topic=TEXT, inline="{0}.upper()", example="StringToUpper(s=Code) == 'AB1'"
)
def raised(s: str) -> str:
    """Give the text in upper case."""
    return s.upper()


@function(
    name="StringStartsWith",
    topic=TEXT,
    inline="{0}.startswith({1})",
    example="StringStartsWith(s=Link, start='https://')",
)
def starts_with(s: str, start: str) -> bool:
    """Tell whether the text begins with `start`."""
    return s.startswith(start)


@function(
    name="StringEndsWith",
    topic=TEXT,
    inline="{0}.endswith({1})",
    example="StringEndsWith(s=FileName, end='.apk')",
)
def ends_with(s: str, end: str) -> bool:
    """Tell whether the text ends with `end`."""
    return s.endswith(end)


@function(name="StringStrip", topic=TEXT, example="StringStrip(s=Name, chars='.- ')")
def stripped(s: str, chars: str | None = None) -> str:
    """Take white space, or any of `chars`, off both ends."""
    return s.strip(chars)


@function(name="StringLStrip", topic=TEXT, example="StringLStrip(s=Handle, chars='@')")
def stripped_left(s: str, chars: str | None = None) -> str:
    """Take white space, or any of `chars`, off the start."""
    return s.lstrip(chars)


@function(name="StringRStrip", topic=TEXT, example="StringRStrip(s=Host, chars='.')")
def stripped_right(s: str, chars: str | None = None) -> str:
    """Take white space, or any of `chars`, off the end."""
    return s.rstrip(chars)


@function(name="StringReplace", topic=TEXT, example="StringReplace(s=Caption, old='_', new=' ')")
def replaced(s: str, old: str, new: str) -> str:
    """Put `new` in the place of every `old`."""
    if len(s) + s.count(old) * len(new) > MAX_MADE:
        raise ValueError("the string after the replacement is longer than a rule may make")
    return s.replace(old, new)


@function(name="StringJoin", topic=TEXT, example="StringJoin(s=', ', iterable=Tags)")
def joined(s: str, iterable: list[str]) -> str:
    """Join the parts with `s` between them."""
    if len(s) * len(iterable) > MAX_MADE:
        raise ValueError("the joined string is longer than a rule may make")
    return bounded(s.join(iterable))


@function(name="StringSplit", topic=TEXT, example="StringSplit(s=Caption, sep='#')")
def split(s: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    """Split at `sep`, or at white space; at most `maxsplit` times unless that is negative."""
    return s.split(sep, max(-1, min(maxsplit, len(s))))


def _slice(literals: Mapping[str, Any]) -> str:
    start, end = literals["start"], literals["end"]
    if start < 0 or end < 0:
        return "start and end count from the beginning: neither can be negative"
    return "start stands after end" if start > end else ""


@function(
    name="StringSlice",
    topic=TEXT,
    check=_slice,
    example="StringSlice(s=Country, start=0, end=2) == 'zz'",
)
def sliced(s: str, start: Fixed[int], end: Fixed[int]) -> str:
    """Give the characters from `start` up to `end`, which is not among them."""
    return s[start:end]


@function(
    name="ListLength", topic=LISTS, inline="len({0})", example="ListLength(list=Mentions) > 20"
)
def list_length(list: list[object]) -> int:  # noqa: A002 -- the name of Osprey's argument
    """Give the number of items."""
    return len(list)


@function(
    name="ListRead",
    topic=LISTS,
    example="ListRead(list=StringSplit(s=Caption), index=-1) == 'nettle'",
)
def list_read(list: Sequence[object], index: int = 0) -> str | None:  # noqa: A002 -- likewise
    """Give the item at `index` as a text, -1 being the last; Unknown outside of the list."""
    return bounded(str(list[index])) if -len(list) <= index < len(list) else None


@function(name="ListSort", topic=LISTS, example="ListSort(list=Tags, reverse=True)")
def list_sort(
    list: Sequence[object],  # noqa: A002 -- likewise
    reverse: bool = False,  # noqa: FBT001, FBT002 -- the arguments of the language
) -> list[object] | None:
    """Sort the items; Unknown where they cannot be compared with each other."""
    try:
        return sorted(list, reverse=reverse)  # type: ignore[type-var]  # that is what is tried
    except TypeError:
        return None
