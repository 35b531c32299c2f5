"""Functions for rules in a package of their own: how much a text shouts and repeats itself.

Install the package beside Fieldfare (`pip install ./examples/rule_functions`), restart, and rules
may say `ShoutingShare(s=Caption) > 0.7`.
"""

from collections.abc import Sequence

from fieldfare.rules import function

_AT_MOST = 10_000


def shouting_shares(texts: Sequence[str]) -> list[float | None]:
    """Do for many texts what `shouting_share` does for one."""
    return [_share(text) for text in texts]


@function(
    topic="wordplay",
    example="ShoutingShare(s=Caption) > 0.7",
    columns=shouting_shares,
)
def shouting_share(s: str) -> float | None:
    """Give the share of letters that are capitals; Unknown for a text without letters."""
    return _share(s)


def _share(text: str) -> float | None:
    letters = [char for char in text[:_AT_MOST] if char.isalpha()]
    return sum(map(str.isupper, letters)) / len(letters) if letters else None


@function(topic="wordplay", example="MostRepeated(s=Caption, least=3) != ''")
def most_repeated(s: str, least: int = 2) -> str:
    """Give the word that stands most often in a text, '' if none stands `least` times."""
    counts: dict[str, int] = {}
    for word in s[:_AT_MOST].lower().split():
        counts[word] = counts.get(word, 0) + 1
    word = max(counts, key=lambda each: (counts[each], each), default="")
    return word if counts.get(word, 0) >= least else ""


FUNCTIONS = (shouting_share, most_repeated)
