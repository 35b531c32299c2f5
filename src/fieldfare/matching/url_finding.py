"""URLs in what people write, disguised ones too: `hxxps://bad[.]example`, `bad (dot) example`.

In: a caption, comment or profile. Out: each URL in one spelling with the stretch of the text it
stands in. It finds rather too much: only what a bank knows becomes a match.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.matching.urls import Url, UrlDoesNotRead, read_url

MAX_URLS: Final = 1_000
MAX_TEXT: Final = 20_000
"""So much of a text is looked through, and so many URLs are taken: with few of them a known one
would hide behind others. A thousand take some 60 ms.
"""

_OPEN: Final = r"[\[({<]"
_CLOSE: Final = r"[\])}>]"
_GAP: Final = r"[^\S\n]{0,3}"
_WORDS: Final = "dot|punkt|punto|point"
_SPOKEN: Final = re.compile(_WORDS, re.IGNORECASE)
_SPOKEN_DOT: Final = rf"(?:\.|{_WORDS})"
_DISGUISES: Final = re.compile(
    rf"(?P<dot>{_GAP}{_OPEN}{_GAP}{_SPOKEN_DOT}{_GAP}{_CLOSE}{_GAP}"
    rf"|(?<=\w){_GAP}[^\S\n]{_SPOKEN_DOT}{_GAP}(?=\w))"
    rf"|(?P<colon>{_GAP}{_OPEN}:{_CLOSE}{_GAP}|{_GAP}:{_GAP}(?=/{_GAP}/))"
    rf"|(?P<slash>{_GAP}{_OPEN}/{_CLOSE}{_GAP}|(?<=:)/{_GAP}/{_GAP}"
    rf"|(?<=\w){_GAP}[^\S\n]/{_GAP}(?=\w))",
    re.IGNORECASE,
)
_HINT: Final = re.compile(
    rf"[\[({{<]\s*[.:/]|[\[({{<]\s*(?:{_WORDS})|\s[.:/]|:\s|/\s|\s(?:{_WORDS})\s", re.IGNORECASE
)
"""What every disguise has; quick to look for."""
_PLAIN: Final = {"dot": ".", "colon": ":", "slash": "/"}
_END: Final = r"[^\s<>\"'`{}|^]"
_URL: Final = re.compile(
    rf"(?:h[tx*]{{2}}ps?|f[tx]p)\s?:\s?[/\\]{{2,3}}{_END}{{1,2000}}"
    r"|(?<![\w@./-])(?:(?:\d{1,3}\.){3}\d{1,3}|(?:[\w-]{1,63}\.){1,20}[\w-]{2,63})(?![\w-])"
    rf"(?::\d{{1,5}}(?!\d))?(?:[/?#]{_END}{{0,2000}})?",
    re.IGNORECASE,
)
_TRAILING: Final = ".,;:!?…)]}>'\"*_~"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_ALL_NUMBERS: Final = re.compile(r"[\d.]+(?::\d+)?")
_DOTS_OF_AN_ADDRESS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUrl:
    """A URL and where it stands: [start, end) in code points of the text."""

    url: Url
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Line:
    """A text with disguises taken off, and for each character its stretch in the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def find_urls(text: str) -> tuple[FoundUrl, ...]:
    """Find URLs as they stand and, where there are disguises, without them. At most MAX_URLS."""
    if "." not in text and not _may_hide(text):
        return ()
    begin = _plain(text[:MAX_TEXT])
    lines = [begin]
    if _HINT.search(begin.text):
        lines.append(_without_disguises(begin))
    found: dict[str, FoundUrl] = {}
    for line in lines:
        for each in _in_line(line):
            found.setdefault(each.url.page, each)
            if len(found) >= MAX_URLS:
                return tuple(found.values())
    return tuple(found.values())


def _may_hide(text: str) -> bool:
    return not text.isascii() or _SPOKEN.search(text) is not None


def _plain(text: str) -> _Line:
    """Undo wide and stylised letters and drop what cannot be seen; letters keep their case."""
    if text.isascii():
        return _Line(text, range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    for place, char in enumerate(text):
        if unicodedata.category(char) == "Cf":
            continue
        piece = "." if char in "\u3002\uff0e\uff61\u2024" else unicodedata.normalize("NFKC", char)
        pieces.append(piece)
        starts.extend([place] * len(piece))
    return _Line("".join(pieces), starts, [start + 1 for start in starts])


def _without_disguises(line: _Line) -> _Line:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for hit in _DISGUISES.finditer(line.text):
        pieces.append(line.text[at : hit.start()])
        starts += line.starts[at : hit.start()]
        ends += line.ends[at : hit.start()]
        plain = _undisguised(hit)
        pieces.append(plain)
        starts += [line.starts[hit.start()]] * len(plain)
        ends += [line.ends[hit.end() - 1]] * len(plain)
        at = hit.end()
    pieces.append(line.text[at:])
    return _Line("".join(pieces), [*starts, *line.starts[at:]], [*ends, *line.ends[at:]])


def _undisguised(hit: re.Match[str]) -> str:
    plain = _PLAIN[str(hit.lastgroup)]
    return plain * max(1, hit[0].count(plain)) if plain == "/" else plain


def _in_line(line: _Line) -> Iterator[FoundUrl]:
    for hit in _URL.finditer(line.text):
        written = _trimmed(hit[0])
        if _is_a_number(written):
            continue
        try:
            url = read_url(written)
        except UrlDoesNotRead:
            continue
        end = hit.start() + len(written) - 1
        yield FoundUrl(url=url, start=line.starts[hit.start()], end=line.ends[end])


def _trimmed(written: str) -> str:
    """Take off the punctuation of the sentence a URL stands in."""
    while written and written[-1] in _TRAILING:
        opened = _PAIRS.get(written[-1])
        if opened and written.count(opened) >= written.count(written[-1]):
            break
        written = written[:-1]
    return written


def _is_a_number(written: str) -> bool:
    """Tell a price or a moment from an address: `3.50` is no host, `192.0.2.1` is one."""
    host = re.split(r"[/?#]", written, maxsplit=1)[0]
    return bool(_ALL_NUMBERS.fullmatch(host)) and host.count(".") != _DOTS_OF_AN_ADDRESS
