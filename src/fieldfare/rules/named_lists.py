"""Asking named lists: whether a value is on one, or a text says what is on one.

In: the entries of a list, folded as they were imported, and a value of the event. Out: yes or no.
What a list is for shows in its entries: words and ids as they are, `*.example` for a host and all
below it, `10.0.0.0/8` for the addresses of a network.
"""

from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Final

from fieldfare.matching.alignment import Match
from fieldfare.matching.lexicon import Entry, Lexicon, Lexicons, TermDoesNotFold, letters_of
from fieldfare.matching.normalise import fold, normalise
from fieldfare.rules.signatures import FACT, Fixed, function
from fieldfare.rules.words import PATTERNS

MAX_TEXT: Final = 10_000
MAX_HOST: Final = 253
"""Characters of a name in the DNS (RFC 1035); whatever is longer is below no host."""
BANK_CALLS: Final = frozenset({"HashMatch", "HashDistance"})
"""Functions whose `bank=` names a bank of known content."""
_KEPT: Final = 64


def on_list(entries: Collection[str], value: object) -> bool:
    """Tell whether a value is on a list, whatever its case and invisible characters."""
    if value in entries:
        return True
    if not isinstance(value, str) or not entries:
        return False
    text = fold(value).strip()
    if text in entries:
        return True
    if len(text) > MAX_HOST:  # each dot of it would be one more look, at a text as long
        return False
    above, lists = text, frozenset(entries)
    while "." in above:
        if f"*.{above}" in lists:
            return True
        above = above.partition(".")[2]
    return _in_network(_networks(lists), text)


@lru_cache(_KEPT)
def _networks(entries: frozenset[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    found = []
    for entry in entries:
        if "/" in entry:
            try:
                found.append(ip_network(entry, strict=False))
            except ValueError:
                continue
    return tuple(found)


def _in_network(networks: tuple[IPv4Network | IPv6Network, ...], text: str) -> bool:
    if not networks:
        return False
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)


def says(entries: Collection[str], text: object) -> bool:
    """Tell whether a text has an entry of a list as words of its own, evasions seen through."""
    if not isinstance(text, str) or not entries:
        return False
    return bool(_search(frozenset(entries)).find(normalise(text[:MAX_TEXT])))


@lru_cache(_KEPT)
def _search(entries: frozenset[str]) -> Lexicons:
    terms = {
        entry: Entry(policy="", match=Match.WORD) for entry in sorted(entries) if _folds(entry)
    }
    return Lexicons([Lexicon(name="list", entries=terms)])


def _folds(entry: str) -> bool:
    try:
        return bool(letters_of(entry))
    except TermDoesNotFold:
        return False


@function(name="HashMatch", topic=PATTERNS, example="HashMatch(bank='known_fakes')")
def hash_match(
    bank: Fixed[str], found: Annotated[dict[str, object], FACT + "hash.match.banks"]
) -> bool:
    """Tell whether the media match a bank of known content; Unknown where nobody could look."""
    return bank in found


@function(name="HashDistance", topic=PATTERNS, example="HashDistance(bank='known_fakes') <= 12")
def hash_distance(
    bank: Fixed[str], found: Annotated[dict[str, object], FACT + "hash.match.banks"]
) -> int | None:
    """Give how far the nearest entry of a bank is, of 256 bits; Unknown if the media match none."""
    distance = found.get(bank)
    return distance if isinstance(distance, int) else None
