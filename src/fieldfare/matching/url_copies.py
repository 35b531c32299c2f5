"""Known URLs: whether one leads to a page, a host or a domain that is known.

In: URLs under their owners' ids, and URLs found in a text. Out: the owners that know them. An entry
with a path or a query knows that page, a host name knows that host and those below it, and a
registered domain knows all of its hosts. About 0.5 KB an entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from fieldfare.matching.urls import Url

SHA256_DIGITS: Final = 64


class Reach(IntEnum):
    """How much of the web an entry knows; a smaller one is more exact."""

    URL = 0
    HOST = 1
    DOMAIN = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlHit:
    """An entry that knows a URL, and by what."""

    owner: int
    reach: Reach


@dataclass(slots=True)
class UrlIndex:
    """Known URLs by owner. Adding and removing take effect at once; one thread at a time."""

    _known: dict[tuple[Reach, str], list[int]] = field(default_factory=dict)
    _place_of: dict[int, tuple[Reach, str]] = field(default_factory=dict)
    _digests: int = 0

    def __len__(self) -> int:
        return len(self._place_of)

    def add(self, owner: int, url: Url) -> None:
        """Hold a URL under its owner; an owner that is known gets the new URL."""
        self._hold(owner, place_of(url))

    def add_digest(self, owner: int, sha256: str) -> None:
        """Hold a page of which only the digest is known (`Url.sha256`)."""
        self._hold(owner, (Reach.URL, sha256))
        self._digests += 1

    def remove(self, owner: int) -> None:
        """Let go of an owner; an unknown one is passed over."""
        place = self._place_of.pop(owner, None)
        if place is None:
            return
        owners = self._known[place]
        owners.remove(owner)
        if not owners:
            del self._known[place]
        self._digests -= _is_digest(place)

    def search(self, url: Url) -> list[UrlHit]:
        """Find who knows a URL, the most exact first."""
        places = [(Reach.URL, url.page)]
        if self._digests:
            places.append((Reach.URL, url.sha256))
        places += [(Reach.HOST, host) for host in _hosts_above(url.host)]
        places.append((Reach.DOMAIN, url.domain))
        return [
            UrlHit(owner=owner, reach=place[0])
            for place in places
            for owner in self._known.get(place, ())
        ]

    def _hold(self, owner: int, place: tuple[Reach, str]) -> None:
        self.remove(owner)
        self._place_of[owner] = place
        self._known.setdefault(place, []).append(owner)


def place_of(url: Url) -> tuple[Reach, str]:
    """Say what an entry that was written like this knows."""
    if not url.is_host_alone:
        return Reach.URL, url.page
    return (Reach.DOMAIN, url.domain) if url.host == url.domain else (Reach.HOST, url.host)


def _is_digest(place: tuple[Reach, str]) -> bool:
    return place[0] is Reach.URL and "." not in place[1] and len(place[1]) == SHA256_DIGITS


def _hosts_above(host: str) -> Iterable[str]:
    """Give a host and the names it lies below."""
    while host:
        yield host
        host = host.partition(".")[2]
