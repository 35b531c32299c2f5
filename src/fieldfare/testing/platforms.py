"""A whole platform for a test: real store, real rules, a clock that moves only when told.

No thread runs. `settle` does by hand what the threads of `serve` do, until nothing is left to do,
so that a test sees every state in between if it wants to.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from fieldfare.decisions.gate import Answer, Viewer
from fieldfare.engine.administration import put_list, put_webhook
from fieldfare.engine.intake import Accepted
from fieldfare.engine.scanning import Remote
from fieldfare.engine.settings import Settings
from fieldfare.engine.setup import MAIN
from fieldfare.ingest.schemas import EVENT_KINDS, PostedItem
from fieldfare.installation import create_installation
from fieldfare.kernel import FieldfareError, Org, SimulatedClock, unix_ms
from fieldfare.platform import Platform
from fieldfare.records import ACCOUNT, Decision, MediaRef, Subject, Webhook

BEGINNING = unix_ms("2026-03-02T09:00:00Z")
BAD_WORDS = """
policy: HS.SLUR
terms: [zorblat]
"""


@dataclass(frozen=True, slots=True)
class Community:
    """A platform with the words a test says to it."""

    platform: Platform
    clock: SimulatedClock
    org: Org = MAIN
    password: str = ""
    key: str = field(default="", repr=False)

    def post(self, item: PostedItem, *media: Path) -> Accepted:
        """Post an item with its media and give the answer; nothing is decided yet."""
        return self.platform.intake.post(self.org, item, self.keep(item.author, *media)).result(30)

    def keep(self, author: str, *media: Path) -> tuple[MediaRef, ...]:
        """Store media as the author's."""
        owner = Subject(ACCOUNT, author)
        kept = []
        for path in media:
            with path.open("rb") as stream:
                kept.append(self.platform.blobs.put(self.org, owner, stream, name=path.name))
        return tuple(kept)

    def send(self, *events: Mapping[str, Any]) -> list[Accepted | FieldfareError]:
        """Send events as /v1/events would, and settle."""
        decoded = [_decoded(event) for event in events]
        answers = self.platform.intake.post_events(self.org, decoded).result(30)
        self.settle()
        return answers

    def settle(self) -> None:
        """Scan, evaluate and carry until nothing is left to do."""
        platform = self.platform
        while platform.scanning.step() or platform.evaluator.step() or platform.recognising.step():
            pass
        platform.confirm_watermark()

    def posted(self, item: PostedItem, *media: Path) -> Decision:
        """Post an item, settle, and give its decision."""
        self.post(item, *media)
        self.settle()
        decision = self.decision(item.kind, item.host_id)
        if decision is None:
            raise AssertionError(f"{item.kind}:{item.host_id} is undecided")
        return decision

    def decision(self, kind: str, host_id: str) -> Decision | None:
        """Give the latest decision on a subject."""
        made = self.platform.store.read(
            lambda uow: uow.decisions.of_subject(self.org, Subject(kind, host_id))
        )
        return made[-1] if made else None

    def may_see(
        self, kind: str, host_id: str, *, surface: str = "feed", age_band: str = "18_plus"
    ) -> Answer:
        """Ask the gate for a viewer in Germany."""
        viewer = Viewer(surface=surface, age_band=age_band, market="DE")
        (found,) = self.platform.gate.answers(self.org, viewer, [(kind, host_id)])
        return found

    def bank(self, text: str, *, name: str = "words") -> None:
        """Put a lexicon in force."""
        self.platform.store.write(
            lambda uow: put_list(uow, self.org, name, text, lexicon=True, by="test")
        )
        self.settle()

    def subscribe(self, webhook: Webhook) -> None:
        """Register a webhook."""
        self.platform.store.write(lambda uow: put_webhook(uow, webhook, by="test"))


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation that is set up and not open: copy its folder to have another.

    database: its URL, "" for SQLite in the folder.
    """

    home: Path
    password: str
    key: str
    database: str = ""


def an_installation(home: Path, *, words: str = BAD_WORDS, database: str = "") -> Installed:
    """Set up an installation in a folder, with one lexicon of invented words."""
    clock = SimulatedClock(BEGINNING)
    settings = Settings(home=home, database=database, workers=1)
    secrets = create_installation(settings, clock=clock)
    with reopened(settings, clock) as platform:
        community = Community(platform, clock)
        community.settle()
        if words:
            community.bank(words)
    return Installed(home, secrets.password, secrets.key, database)


@contextmanager
def a_community(
    home: Path,
    installed: Installed | None = None,
    *,
    database: str = "",
    remote: Remote | None = None,
) -> Iterator[Community]:
    """Open an installation of its own in `home`: a copy of `installed`, or a new one.

    database: the URL of a copy of its database, if that is not in the folder. remote: where a
    media_url is fetched from.
    """
    if installed is None:
        made = an_installation(home, database=database)
    else:
        shutil.copytree(installed.home, home)
        made = installed
    clock = SimulatedClock(BEGINNING)
    # Exchanges of tests are on this machine.
    settings = Settings(home=home, database=database, workers=1, exchange_hosts=("127.0.0.1",))
    with reopened(settings, clock, remote=remote) as platform:
        community = Community(platform, clock, password=made.password, key=made.key)
        community.settle()
        yield community


@contextmanager
def reopened(
    settings: Settings, clock: SimulatedClock, *, remote: Remote | None = None
) -> Iterator[Platform]:
    """Open an installation as a restart would."""
    platform = Platform.open(settings, clock=clock, remote=remote)
    try:
        platform.evaluator.restore(platform.snapshots)
        yield platform
    finally:
        platform.close()


def a_comment(text: str = "sarno wivel", *, host_id: str = "c1", **more: Any) -> PostedItem:  # noqa: ANN401
    """Make a comment; anything else of PostedItem by name."""
    told = {"author": "ana", "market": "DE", **more}
    return PostedItem(kind="comment", host_id=host_id, text=text, **told)


def a_video(*, host_id: str = "v1", caption: str = "", **more: Any) -> PostedItem:  # noqa: ANN401
    """Make a video's metadata; anything else of PostedItem by name."""
    told = {"author": "ben", "market": "DE", **more}
    return PostedItem(kind="video", host_id=host_id, caption=caption, **told)


def _decoded(event: Mapping[str, Any]) -> Any:  # noqa: ANN401  # a HostEvent or what is wrong
    try:
        return EVENT_KINDS.decode(msgspec.json.encode(dict(event)))
    except FieldfareError as error:
        return error
