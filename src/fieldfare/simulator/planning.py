"""Makes the plan of a community: films, comments, attacks and reports, each from its own chance.

In: seed, number of videos, the wording. Out: a Community. Shares are fixed, so that a community of
any size has every kind of trouble in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from fieldfare.simulator.audience import showings
from fieldfare.simulator.chance import chance
from fieldfare.simulator.community import (
    MINUTES,
    Account,
    Community,
    FilmPlan,
    KnownClip,
    Posting,
    Report,
)
from fieldfare.simulator.edits import Edit
from fieldfare.simulator.rendering import Scene
from fieldfare.simulator.wording import Trick, Wording

MARKETS: Final = ("DE", "US")
CREATORS: Final = 20
READERS: Final = 80
ADVERSARIES: Final = 10
KNOWN_POLICIES: Final = ("GV.GORE", "VE.TERROR")
KNOWN_EACH: Final = 3
SHARES: Final = {"repost": 0.22, "new": 0.05, "term": 0.12, "look-alike": 0.12}
"""Of all videos; the rest is clean and plain."""

COMMENTS_A_VIDEO: Final = 5
TERM_EVERY: Final = 6
LOOK_ALIKE_EVERY: Final = 7
BURSTS: Final = 2
BURST_ACCOUNTS: Final = 30
FLOODERS: Final = 2
FLOOD_COMMENTS: Final = 30
NEWBORN_MIN: Final = 5
LAST_POST_MIN: Final = MINUTES - 12 * 60
QUIET_MIN: Final = 30
"""Nothing is posted in the first minutes, so that all accounts are older than a burst."""

GORE: Final = "GV.GORE"
SPAM: Final = "IN.SPAM"


def plan(seed: int, videos: int, wording: Wording) -> Community:
    """Make the plan. videos: at least 1. The same arguments give the same plan."""
    return _Planner(seed, videos, wording).community()


@dataclass(frozen=True, slots=True)
class _Planner:
    seed: int
    videos: int
    wording: Wording

    def community(self) -> Community:
        known = tuple(self._known())
        films = self._videos(known)
        comments = self._comments(films)
        clean = [film for film in films if film.how == "clean"] or films
        bursts, floods = [*self._bursts(clean)], [*self._floods(clean)]
        postings = sorted(
            [*films, *comments, *bursts, *floods], key=lambda p: (p.minute, p.host_id)
        )
        return Community(
            seed=self.seed,
            accounts=(*_settled(), *_newborn(floods)),
            known=known,
            postings=tuple(postings),
            reports=tuple(sorted(self._reports(films), key=lambda r: (r.minute, r.reporter))),
            showings=tuple(showings(self.seed, postings)),
            flooders=frozenset(posting.author for posting in floods),
        )

    def _known(self) -> Iterator[KnownClip]:
        draw = chance(self.seed, "known")
        for policy in KNOWN_POLICIES:
            for _ in range(KNOWN_EACH):
                title = self.wording.word(draw)
                scene = Scene(
                    seed=draw.getrandbits(32), palette=draw.randrange(8), title=title, seconds=3.0
                )
                yield KnownClip(bank=_bank_of(policy), policy=policy, scene=scene)

    def _videos(self, known: Sequence[KnownClip]) -> list[Posting]:
        draw = chance(self.seed, "videos")
        hows = [
            how for how, share in SHARES.items() for _ in range(max(1, round(share * self.videos)))
        ]
        hows = (hows + ["clean"] * self.videos)[: self.videos]
        draw.shuffle(hows)
        span = LAST_POST_MIN - QUIET_MIN
        edits, clips = cycle(Edit), cycle(known)
        tricks, policies = cycle(Trick), cycle(self.wording.policies)
        films = []
        for number, how in enumerate(hows):
            minute = QUIET_MIN + number * span // self.videos
            match how:
                case "repost":
                    clip, edit = next(clips), next(edits)
                    film = FilmPlan(scene=clip.scene, edit=edit)
                    made = _Made(how=f"repost: {edit.value}", truth=clip.policy, film=film)
                case "new":
                    made = _Made(how="new: in no bank", truth=GORE)
                case "term":
                    trick, policy = next(tricks), next(policies)
                    text = self.wording.violating(policy, trick, draw)
                    made = _Made(how=f"term: {trick.value}", truth=policy, text=text)
                case "look-alike":
                    film = self._film(draw.getrandbits(32), like=next(clips).scene)
                    made = _Made(how=how, film=film, text=self.wording.look_alike(draw))
                case _:
                    made = _Made(how=how)
            films.append(self._video(number, minute, made))
        return films

    def _film(self, seed: int, *, like: Scene | None = None) -> FilmPlan:
        draw = chance(self.seed, "film", seed)
        scene = Scene(
            seed=seed,
            palette=like.palette if like else draw.randrange(8),
            seconds=draw.choice((2.0, 2.5, 3.0, 4.0)),
            title=like.title if like else self.wording.word(draw),
            pitch_hz=draw.choice((196.0, 220.0, 262.0, 330.0)),
        )
        return FilmPlan(scene=scene)

    def _video(self, number: int, minute: int, made: "_Made") -> Posting:
        draw = chance(self.seed, "video", number)
        is_adverse = made.how.startswith(("repost", "new"))
        crowd, size = ("adv", ADVERSARIES) if is_adverse else ("maker", CREATORS)
        return Posting(
            minute=minute,
            kind="video",
            host_id=f"v{number:04d}",
            author=f"{crowd}-{draw.randrange(size)}",
            market=draw.choice(MARKETS),
            text=made.text or self.wording.clean(draw),
            how=made.how,
            truth=made.truth,
            film=made.film or self._film(draw.getrandbits(32)),
        )

    def _comments(self, films: Sequence[Posting]) -> Iterator[Posting]:
        draw = chance(self.seed, "comments")
        tricks, policies = cycle(Trick), cycle(self.wording.policies)
        for number in range(len(films) * COMMENTS_A_VIDEO):
            film = films[number // COMMENTS_A_VIDEO]
            how, truth, text = "clean", "", self.wording.clean(draw)
            if number % TERM_EVERY == 0:
                trick, truth = next(tricks), next(policies)
                how, text = f"term: {trick.value}", self.wording.violating(truth, trick, draw)
            elif number % LOOK_ALIKE_EVERY == 0:
                how, text = "look-alike", self.wording.look_alike(draw)
            yield Posting(
                minute=_rounded(film.minute + draw.randrange(10, 600)),
                kind="comment",
                host_id=f"c{number:05d}",
                author=f"reader-{draw.randrange(READERS)}",
                market=draw.choice(MARKETS),
                text=text,
                how=how,
                truth=truth,
                parent=film.host_id,
            )

    def _bursts(self, clean: Sequence[Posting]) -> Iterator[Posting]:
        """Let many accounts write one text within ten minutes."""
        for burst in range(BURSTS):
            draw = chance(self.seed, "burst", burst)
            film = clean[len(clean) * (burst + 1) // (BURSTS + 1)]
            text = self.wording.clean(draw)
            for number in range(BURST_ACCOUNTS):
                yield Posting(
                    minute=film.minute + 20 + number * 9 // BURST_ACCOUNTS,
                    kind="comment",
                    host_id=f"burst-{burst}-{number:03d}",
                    author=f"bot-{burst}-{number}",
                    market=draw.choice(MARKETS),
                    text=text,
                    how="burst",
                    truth=SPAM,
                    parent=film.host_id,
                )

    def _floods(self, clean: Sequence[Posting]) -> Iterator[Posting]:
        """Let accounts some minutes old write many different texts within five minutes."""
        for flooder in range(FLOODERS):
            draw = chance(self.seed, "flood", flooder)
            film = clean[len(clean) * (2 * flooder + 1) // (2 * FLOODERS)]
            for number in range(FLOOD_COMMENTS):
                yield Posting(
                    minute=film.minute + 45 + number * 4 // FLOOD_COMMENTS,
                    kind="comment",
                    host_id=f"flood-{flooder}-{number:03d}",
                    author=f"flood-{flooder}",
                    market="US",
                    text=self.wording.clean(draw),
                    how="flood",
                    truth=SPAM,
                    parent=film.host_id,
                )

    def _reports(self, films: Sequence[Posting]) -> Iterator[Report]:
        """Let four readers report what no bank knows; a few others report clean films."""
        draw = chance(self.seed, "reports")
        clean = [film for film in films if film.how == "clean"]
        for number, film in enumerate(films):
            if film.how.startswith("new"):
                yield from self._told(film, 4, "violence", number)
        for film in draw.sample(clean, k=min(len(clean), max(1, len(films) // 12))):
            yield from self._told(film, 1, "other", 1000 + int(film.host_id[1:]))
        if clean:
            yield from self._told(draw.choice(clean), 3, "harassment", 9999)

    def _told(self, film: Posting, people: int, reason: str, number: int) -> Iterator[Report]:
        draw = chance(self.seed, "told", number)
        for reader in draw.sample(range(READERS), k=people):
            minute = _rounded(film.minute + draw.randrange(180, 480))
            yield Report(
                minute=minute, reporter=f"reader-{reader}", video=film.host_id, reason=reason
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What is special about a video; the rest is drawn."""

    how: str
    truth: str = ""
    film: FilmPlan | None = None
    text: str = ""


def _settled() -> Iterator[Account]:
    names = [
        *(f"maker-{n}" for n in range(CREATORS)),
        *(f"reader-{n}" for n in range(READERS)),
        *(f"adv-{n}" for n in range(ADVERSARIES)),
        *(f"bot-{burst}-{n}" for burst in range(BURSTS) for n in range(BURST_ACCOUNTS)),
    ]
    for number, host_id in enumerate(names):
        yield Account(host_id=host_id, market=MARKETS[number % len(MARKETS)])


def _newborn(floods: Sequence[Posting]) -> Iterator[Account]:
    """Accounts that are made minutes before they flood."""
    first: dict[str, Posting] = {}
    for posting in floods:
        first.setdefault(posting.author, posting)
    for author, posting in first.items():
        yield Account(host_id=author, market=posting.market, minute=posting.minute - NEWBORN_MIN)


def _bank_of(policy: str) -> str:
    return f"known-{policy.rpartition('.')[2].lower()}"


def _rounded(minute: int) -> int:
    """Gather what people do into steps of ten minutes, so that there are fewer to play."""
    return min(-(-minute // 10) * 10, MINUTES - 1)
