"""The community as a plan: who there is, who posts what and when, who reports it, who would see it.

A seed and a size flow in; one Community flows out, with the truth written beside every posting. The
plan knows nothing of the platform: what is shown, and so what is seen, is decided when it is
played.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from fieldfare.simulator.edits import Edit
from fieldfare.simulator.rendering import Scene

DAYS: Final = 3
MINUTES: Final = DAYS * 24 * 60
TICK_MIN: Final = 120
"""Views are served in windows of this many simulated minutes."""

PostingKind = Literal["video", "comment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account and when it is made. minute: of the simulation, 0 for those there before."""

    host_id: str
    market: str
    minute: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClip:
    """A clip that a vetted bank knows before anybody posts it."""

    bank: str
    policy: str
    scene: Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmPlan:
    """The film of a video: a scene of its own, or a known clip under an edit."""

    scene: Scene
    edit: Edit = Edit.SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A video or a comment. truth: the policy it breaks, "" if none.

    how: what kind of posting it is, e.g. "repost: trim" or "term: leetspeak", for the report.
    """

    minute: int
    kind: PostingKind
    host_id: str
    author: str
    market: str
    text: str
    how: str
    truth: str = ""
    film: FilmPlan | None = None
    parent: str = ""

    @property
    def name(self) -> tuple[str, str]:
        """(kind, host_id), as the platform names it."""
        return self.kind, self.host_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A user's report of a video. It is filed only if somebody could have seen the video."""

    minute: int
    reporter: str
    video: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """What one group of viewers would be shown in one tick without a platform: item -> views."""

    minute: int
    age_band: str
    market: str
    views: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """The whole plan, each part in order of time. flooders: accounts made only to flood."""

    seed: int
    accounts: tuple[Account, ...]
    known: tuple[KnownClip, ...]
    postings: tuple[Posting, ...]
    reports: tuple[Report, ...]
    showings: tuple[Showing, ...]
    flooders: frozenset[str]
