"""Known texts and URLs: what of an item's words is in which bank.

In: the text and URL entries of an organisation's banks, and the text fields of an item. Out: its
matches, each with the stretch of the text it rests on. Held in memory, some 2.3 KB an entry;
whoever has a store keeps it up to date. Safe to use from several threads.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from fieldfare.kernel import BadInput, Span
from fieldfare.kernel.ids import LAST_ID
from fieldfare.matching.long_texts import TLSH_DISTANCE, TlshIndex, tlsh_of
from fieldfare.matching.repositories import BankRecord, Polarity
from fieldfare.matching.shingles import placed_skeleton, skeleton
from fieldfare.matching.text_copies import TextIndex
from fieldfare.matching.thresholds import Asking
from fieldfare.matching.url_copies import UrlIndex
from fieldfare.matching.url_finding import FoundUrl, find_urls
from fieldfare.matching.urls import read_url

TextMeans: TypeAlias = Literal["exact", "near", "tlsh", "url", "host", "domain"]
EXACT: Final = frozenset({"exact", "url"})
TLSH_PREFIX: Final = "tlsh:"
"""Begins the content of an entry of which only the TLSH digest is known."""

MOST_OF_A_BANK: Final = 20
"""Matches that are told of one bank, of its sure and of its doubtful entries each. A bank may hold
thousands of copies of one text.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEntry:
    """One known text or URL. sha256: of a URL that is known by its digest alone.

    is_question: it matches, but only for a person to look at. disabled_until: ms since 1970.
    """

    id: int
    bank: str
    content: str
    label: str = ""
    is_url: bool = False
    is_question: bool = False
    sha256: str = ""
    disabled_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """For which item, and as of when, known words are asked.

    as_of: entries with a greater id are passed over, so that what is judged again is told what it
    was told the first time.
    """

    asking: Asking
    as_of: int = LAST_ID


SOME_TIME: Final = When(asking=Asking(at_ms=LAST_ID, item=""))
"""When nothing is off for a time any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatch:
    """One entry that an item's words match.

    means: "exact" and "near" copies, "tlsh" by the digest of a long text; "url", "host" and
    "domain" for a URL. similarity: 0..1, 1 for an exact copy and a URL. found: the page of a URL.
    span: where, in code points of a text field.
    """

    bank: str
    policy: str
    vetted: bool
    entry: int
    label: str
    means: TextMeans
    similarity: float
    span: Span
    found: str = ""
    is_good: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatches:
    """What the words of an item match, the weightiest first.

    good: entries known to be harmless that stand against others. passes_for: the plain names that
    hosts in it look like, with where.
    """

    texts: tuple[TextMatch, ...] = ()
    urls: tuple[TextMatch, ...] = ()
    good: tuple[TextMatch, ...] = ()
    passes_for: tuple[tuple[str, Span], ...] = ()


@dataclass(slots=True)
class _Held:
    entries: dict[int, TextEntry] = field(default_factory=dict)
    texts: TextIndex = field(default_factory=TextIndex)
    urls: UrlIndex = field(default_factory=UrlIndex)
    digests: TlshIndex = field(default_factory=TlshIndex)


class KnownText:
    """The known texts and URLs of one organisation."""

    def __init__(self) -> None:
        self._banks: Mapping[str, BankRecord] = {}
        self._held = _Held()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held.entries)

    def put_banks(self, banks: Iterable[BankRecord]) -> None:
        """Say which banks there are from now on; entries of others stay and match nothing."""
        self._banks = {bank.name: bank for bank in banks}

    def add(self, entries: Iterable[TextEntry]) -> None:
        """Hold entries, in the place of those of the same id.

        What cannot be read as what it says it is matches nothing: `checked` refuses it on arrival.
        """
        with self._lock:
            found = list(entries)
            self._let_go(entry.id for entry in found)
            texts: list[tuple[int, str]] = []
            for entry in found:
                self._held.entries[entry.id] = _lean(entry)
                if entry.is_url or entry.content.startswith(TLSH_PREFIX):
                    with suppress(BadInput):  # one entry must not keep all others from matching
                        self._add_read(entry)
                else:
                    texts.append((entry.id, entry.content))
            self._held.texts.add(texts)

    def remove(self, ids: Iterable[int]) -> None:
        """Let go of entries; unknown ones are passed over."""
        with self._lock:
            self._let_go(ids)

    def match(self, fields: Mapping[str, str], when: When = SOME_TIME) -> TextMatches:
        """Find what the text fields of an item match."""
        if not fields:
            return TextMatches()
        with self._lock:
            texts = [m for name, text in fields.items() for m in self._texts(name, text, when)]
            urls, looks = self._urls(fields, when)
        good = tuple(match for match in (*texts, *urls) if match.is_good)
        return TextMatches(
            texts=_standing(texts, good), urls=_standing(urls, good), good=good, passes_for=looks
        )

    def _add_read(self, entry: TextEntry) -> None:
        """Hold a URL or a TLSH digest. Raises BadInput if it is none."""
        if not entry.is_url:
            self._held.digests.add(entry.id, entry.content.removeprefix(TLSH_PREFIX))
        elif entry.content:
            self._held.urls.add(entry.id, read_url(entry.content))
        elif entry.sha256:
            self._held.urls.add_digest(entry.id, entry.sha256)

    def _let_go(self, ids: Iterable[int]) -> None:
        known = [each for each in ids if self._held.entries.pop(each, None) is not None]
        self._held.texts.remove(known)
        self._held.digests.remove(known)
        for each in known:
            self._held.urls.remove(each)

    def _texts(self, name: str, text: str, when: When) -> list[TextMatch]:
        held = self._held
        found: list[TextMatch] = []
        hits = held.texts.search(text) if len(held.texts) else []
        placed = placed_skeleton(text) if hits else None
        told: Counter[tuple[str, bool]] = Counter()
        for hit in hits:
            entry = held.entries[hit.owner]
            kind = (entry.bank, entry.is_question)
            if placed is None or told[kind] == MOST_OF_A_BANK:
                continue
            if self._asked(entry, when) is None:
                continue
            told[kind] += 1
            whole = (0, len(text))
            start, end = held.texts.stretch(hit.owner, placed) if hit.means == "near" else whole
            span = Span(start, end, "char", name)
            found += self._made(hit.owner, hit.means, hit.similarity, span, when=when)
        for owner, distance in held.digests.search(text) if len(held.digests) else ():
            likeness = 1.0 - distance / (2 * TLSH_DISTANCE)
            span = Span(0, len(text), "char", name)
            found += self._made(owner, "tlsh", likeness, span, when=when)
        return found

    def _urls(
        self, fields: Mapping[str, str], when: When
    ) -> tuple[list[TextMatch], tuple[tuple[str, Span], ...]]:
        matches: list[TextMatch] = []
        looks: list[tuple[str, Span]] = []
        for name, text in fields.items():
            for found in find_urls(text):
                span = Span(found.start, found.end, "char", name)
                if found.url.passes_for:
                    looks.append((found.url.passes_for, span))
                matches += self._known_url(found, span, when)
        return matches, tuple(looks)

    def _known_url(self, found: FoundUrl, span: Span, when: When) -> list[TextMatch]:
        matches: list[TextMatch] = []
        for hit in self._held.urls.search(found.url) if len(self._held.urls) else ():
            means = _REACHES[hit.reach]
            matches += self._made(hit.owner, means, 1.0, span, when=when, found=found.url.page)
        return matches

    def _asked(self, entry: TextEntry, when: When) -> BankRecord | None:
        """Give the bank of an entry; None if either is not asked, or the entry came later."""
        bank = self._banks.get(entry.bank)
        if bank is None or entry.id > when.as_of or when.asking.silence_of(bank):
            return None
        return None if (entry.disabled_until or 0) > when.asking.at_ms else bank

    def _made(
        self,
        owner: int,
        means: TextMeans,
        similarity: float,
        span: Span,
        *,
        when: When,
        found: str = "",
    ) -> list[TextMatch]:
        """Make the match, or none if its bank is not asked or the entry came later."""
        entry = self._held.entries[owner]
        bank = self._asked(entry, when)
        if bank is None:
            return []
        return [
            TextMatch(
                bank=bank.name,
                policy=bank.policy,
                vetted=bank.vetted and not entry.is_question,
                entry=owner,
                label=entry.label,
                means=means,
                similarity=round(similarity, 4),
                span=span,
                found=found,
                is_good=bank.polarity is Polarity.KNOWN_GOOD,
            )
        ]


_REACHES: Final[tuple[TextMeans, TextMeans, TextMeans]] = ("url", "host", "domain")
_ORDER: Final = {"exact": 0, "near": 1, "tlsh": 2, "url": 0, "host": 1, "domain": 2}


def checked(content: str, *, is_url: bool) -> str:
    """Give what an entry keeps of a text or URL. Raises BadInput for what could never match."""
    plain = content.strip()
    if is_url:
        return read_url(plain).page
    if plain.startswith(TLSH_PREFIX):
        TlshIndex().add(0, plain.removeprefix(TLSH_PREFIX))
    elif not skeleton(plain):
        hint = "A text needs letters, digits or pictures."
        raise BadInput(f"{content[:80]!r} has nothing to compare", hint=hint)
    return plain


def digest_of_words(content: str, *, is_url: bool) -> str:
    """Give the SHA-256 by which an entry of such content is told from others: that of a URL's page
    or of a text's key.
    """
    key = content if is_url or content.startswith(TLSH_PREFIX) else skeleton(content)
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def digest_of(text: str) -> str:
    """Give the TLSH digest of a text in the form an entry takes it, or "" if it is too short."""
    found = tlsh_of(text)
    return TLSH_PREFIX + found if found else ""


def _lean(entry: TextEntry) -> TextEntry:
    """Keep of an entry what a match tells; its words are in the indexes."""
    return TextEntry(
        id=entry.id,
        bank=entry.bank,
        content="",
        label=entry.label,
        is_question=entry.is_question,
        disabled_until=entry.disabled_until,
    )


def _standing(matches: Sequence[TextMatch], good: Sequence[TextMatch]) -> tuple[TextMatch, ...]:
    """Order the harmful matches that no harmless one of the same words outdoes, the first of each
    bank.

    What is known to be good stands against a match of the same stretch that is no more exact.
    """
    standing = (match for match in matches if not match.is_good and not _is_outdone(match, good))
    ordered = sorted(
        standing, key=lambda m: (not m.vetted, _ORDER[m.means], -m.similarity, m.bank, m.entry)
    )
    told: Counter[tuple[str, bool]] = Counter()
    kept: list[TextMatch] = []
    for match in ordered:
        told[match.bank, match.vetted] += 1
        if told[match.bank, match.vetted] <= MOST_OF_A_BANK:
            kept.append(match)
    return tuple(kept)


def _is_outdone(match: TextMatch, good: Sequence[TextMatch]) -> bool:
    about_url = match.means in _REACHES
    return any(
        other.span.field == match.span.field
        and (other.means in _REACHES) == about_url
        and (not about_url or other.span == match.span)
        and (_ORDER[other.means], -other.similarity) <= (_ORDER[match.means], -match.similarity)
        for other in good
    )
