"""The demo: a seed and a size flow in; a moderated community and a report of it flow out.

It installs into a throw-away folder, starts a server, makes banks and lexicons known to it, plays
the community and measures what came of it. With `once` that is all; otherwise the server stays up,
time goes on at its own pace, and there are cases to review.
"""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console

from fieldfare.kernel import BadInput, rfc3339, unix_ms
from fieldfare.matching.lists import parse_lexicon
from fieldfare.policies import packs_dir
from fieldfare.simulator.community import DAYS, Community, FilmPlan
from fieldfare.simulator.films import Films, films_of
from fieldfare.simulator.host import Host
from fieldfare.simulator.planning import plan
from fieldfare.simulator.play import Seen, play
from fieldfare.simulator.report import figures_json, print_report
from fieldfare.simulator.reviewers import Reviewers
from fieldfare.simulator.server import BEGINS, Installed, install, serving
from fieldfare.simulator.trial import try_in_shadow
from fieldfare.simulator.truth import (
    Measured,
    Outcome,
    measure,
    outcome_of,
    prevented,
    views_without,
)
from fieldfare.simulator.wording import Wording

HOME: Final = Path("demo-data")
PORT: Final = 8000
MOST_VIDEOS: Final = 2_000
RENDERERS: Final = 2
DAY_MIN: Final = 24 * 60
HEARTBEAT_S: Final = 0.5
"""How often the clock is moved once the play is over; the gate takes two seconds for stale."""

ROLES: Final = ("reviewer", "rule_author", "rule_approver")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWords:
    """What the demo's folder of lists holds: lexicons and plain lists, name -> text."""

    lexicons: Mapping[str, str]
    lists: Mapping[str, str]

    @classmethod
    def shipped(cls) -> "DemoWords":
        """Read the invented words that come with Fieldfare."""
        folder = packs_dir() / "demo" / "lists"
        return cls(lexicons=_texts(folder, "*.yaml"), lists=_texts(folder, "*.txt"))

    def wording(self) -> Wording:
        """Let the community write with the words that speak for a policy in any disguise."""
        terms: dict[str, tuple[str, ...]] = {}
        for name, text in self.lexicons.items():
            for term, entry in parse_lexicon(name, text).entries.items():
                if entry.match == "word":
                    terms[entry.policy] = (*terms.get(entry.policy, ()), term)
        return Wording(terms)


def run_demo(
    *,
    seed: int,
    videos: int,
    once: bool,
    as_json: bool,
    home: Path | None = None,
    port: int = PORT,
) -> None:
    """Run the demo; with `once` it ends by itself, otherwise when it is interrupted.

    home: ./demo-data, or with `once` a folder that is gone afterwards. port: of the console; the
    next free one if it is taken. Raises BadInput for a size out of range, Conflict if the
    folder is not a demo's, Unavailable if the server does not do its part.
    """
    if not 1 <= videos <= MOST_VIDEOS:
        raise BadInput(f"{videos} videos", hint=f"Choose 1 to {MOST_VIDEOS}.")
    tell = _telling()
    with _ended_by_signals(), _home(home, once=once) as folder:
        tell("Setting up an installation of its own.")
        installed = install(folder)
        with serving(folder, port=0 if once else port) as url:
            trial = _run(installed, url, seed=seed, videos=videos, as_json=as_json, tell=tell)
            if not once:
                _stay(installed, url, trial, tell)


def measured_of(host: Host, community: Community, seen: Seen) -> Measured:
    """Ask the platform what became of every posting, and measure it against the truth."""
    planned = views_without(community)
    outcomes: list[Outcome] = []
    for posting in community.postings:
        count = planned[posting.name]
        if posting.name in seen.posted:
            item = host.item(posting.name)
            outcomes.append(outcome_of(posting, item, seen, views_without=count))
        else:
            outcomes.append(prevented(posting, views_without=count))
    return measure(community, outcomes, seen)


def _run(
    installed: Installed,
    url: str,
    *,
    seed: int,
    videos: int,
    as_json: bool,
    tell: Callable[[str], None],
) -> str:
    """Play and measure; answers the version of the rules that was tried in the shadow."""
    words = DemoWords.shipped()
    community = plan(seed, videos, words.wording())
    tell(f"Rendering the films of {videos} videos.")
    films = films_of(community, processes=min(RENDERERS, videos))
    with Host.at(url, installed.key) as host:
        _prepare(host, community, films, words)
        with Host.at(url, host.create_key("admin")) as approver:
            trial = try_in_shadow(host, approver)
        with Host.at(url, host.create_key("review")) as desk:
            reviewers = Reviewers(desk, seed=seed, postings=community.postings)
            seen = play(host, community, films, progress=_by_day(tell), reviewers=reviewers)
        measured = measured_of(host, community, seen)
    _print(measured, seed=seed, as_json=as_json)
    return trial


def _prepare(host: Host, community: Community, films: Films, words: DemoWords) -> None:
    for name, text in words.lexicons.items():
        host.import_list(name, text, is_lexicon=True)
    for name, text in words.lists.items():
        host.import_list(name, text, is_lexicon=False)
    banks: dict[tuple[str, str], dict[str, bytes]] = {}
    for clip in community.known:
        known = banks.setdefault((clip.bank, clip.policy), {})
        known[f"clip-{len(known) + 1}.webm"] = films.bytes_of(FilmPlan(scene=clip.scene))
    for (bank, policy), clips in banks.items():
        host.create_bank(bank, policy)
        host.add_to_bank(bank, clips)


def _print(measured: Measured, *, seed: int, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(
            json.dumps(figures_json(measured, seed=seed), separators=(",", ":")) + "\n"
        )
    else:
        print_report(measured, Console())
    sys.stdout.flush()


def _stay(installed: Installed, url: str, trial: str, tell: Callable[[str], None]) -> None:
    with Host.at(url, installed.key) as host:
        # What the trial would have done to the whole play is worked out while one signs in.
        host.start_backtest(trial, from_=BEGINS, to=host.advance_to(BEGINS))
        passwords = {installed.admin: installed.password} | {
            role: host.create_person(role, [role]) for role in ROLES
        }
        tell(f"\nThe console is open at {url}; sign in as")
        for name, password in passwords.items():
            tell(f"  {name:<14} {password}")
        tell(f"Everything is in {installed.home}, and is deleted when the demo starts again.")
        tell("End with Ctrl-C.")
        with suppress(KeyboardInterrupt):
            _keep_time(host)


def _keep_time(host: Host) -> None:
    """Let simulated time pass as fast as real time. Raises Unavailable once the server is gone."""
    begin_ms = unix_ms(host.advance_to("2024-01-01T00:00:00Z"))
    begin_s = time.monotonic()
    while True:
        host.advance_to(rfc3339(begin_ms + round((time.monotonic() - begin_s) * 1000)))
        time.sleep(HEARTBEAT_S)


def _by_day(tell: Callable[[str], None]) -> Callable[[int], None]:
    told: set[int] = set()

    def progress(minute: int) -> None:
        day = minute // DAY_MIN + 1
        if day not in told and day <= DAYS:
            told.add(day)
            tell(f"Playing day {day} of {DAYS}.")

    return progress


def _telling() -> Callable[[str], None]:
    """Speak on standard error, so that standard output is the report alone."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    return console.print


@contextmanager
def _home(home: Path | None, *, once: bool) -> Iterator[Path]:
    if home is not None or not once:
        yield home or HOME
        return
    with tempfile.TemporaryDirectory(prefix="fieldfare-demo-") as folder:
        yield Path(folder)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let TERM and HUP end the demo as Ctrl-C does, so that the server never outlives it."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _texts(folder: Path, pattern: str) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob(pattern))}
