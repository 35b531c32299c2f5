"""Exchanges: what others share comes into a bank, changes with them, and goes again."""

import logging
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import structlog

from fieldfare.engine.banks import remove_bank
from fieldfare.engine.exchange_administration import (
    NewExchange,
    add_exchange,
    change_exchange,
    remove_exchange,
)
from fieldfare.engine.exchange_http import HttpAsk, StopWaiting
from fieldfare.engine.exchange_records import ExchangeRecord, FetchCounts, FetchState
from fieldfare.engine.exchanges import Exchanges, due_at, the_exchange
from fieldfare.kernel import BadInput, Conflict, EventId, JsonValue, NotFound, Org, SimulatedClock
from fieldfare.ledger import Vault
from fieldfare.matching.exchanges import Ask, Asked, ExchangeRefused, ExchangeUnavailable
from fieldfare.matching.fingerprints import unpack_frames
from fieldfare.matching.repositories import BankEntryRecord, EntryState, Feedback, Opinion
from fieldfare.policies import load_pack
from fieldfare.records import NewEvent, Subject
from fieldfare.storage import SqlStore
from fieldfare.storage.unit import SqlUnit
from fieldfare.testing.exchanges import (
    FEEDBACK_KEY,
    FUNCTION_KEY,
    LOOPBACK,
    PASSWORD,
    SECRETS,
    SUBSCRIPTION_KEY,
    TOKEN,
    USER,
    Answered,
    FakeExchange,
    FakeNcmec,
    FakeStopNcii,
    FakeThreatExchange,
    an_exchange,
)

NAME = "SHARED"
PACK = Path(__file__).parents[2] / "packs" / "default" / "policies.yaml"
ONE, TWO, THREE = "1a" * 32, "2b" * 32, "3c" * 32
ASK = HttpAsk(lambda _: None, hosts=frozenset({LOOPBACK}), random=Random(1))
OF_NCMEC: dict[str, JsonValue] = {"user": USER, "password": PASSWORD}
OF_STOPNCII: dict[str, JsonValue] = {
    "fetch_function_key": FUNCTION_KEY,
    "subscription_key": SUBSCRIPTION_KEY,
    "feedback_function_key": FEEDBACK_KEY,
}


class World:
    """A store with one organisation, and the exchange that feeds one of its banks."""

    def __init__(self, store: SqlStore, clock: SimulatedClock, folder: Path) -> None:
        self.store = store
        self.clock = clock
        self.org = Org("main")
        self.pack = load_pack(PACK)
        self.folder = folder
        folder.mkdir()
        self.exchanges = self.working(ASK)
        store.write(lambda uow: uow.organisations.add(self.org, "main"))

    def working(self, ask: Ask | None) -> Exchanges:
        hosts = frozenset({LOOPBACK})
        return Exchanges(self.store, self.clock, folder=self.folder, hosts=hosts, ask=ask)

    def add(
        self,
        api: str,
        config: dict[str, JsonValue],
        credentials: dict[str, JsonValue],
        *,
        tells: bool = False,
    ) -> None:
        wanted = NewExchange(
            name=NAME,
            api=api,
            policy="AD.NUDE",
            config=config,
            credentials=credentials,
            tells=tells,
        )
        self.store.write(lambda uow: add_exchange(uow, self.org, wanted, self.pack, by="nora"))

    def fetch(self) -> FetchCounts:
        return self.exchanges.fetch(self.org, NAME, budget_s=600.0).counts

    def exchange(self) -> ExchangeRecord:
        return self.store.read(lambda uow: the_exchange(uow, self.org, NAME))

    def entries(self) -> dict[str, BankEntryRecord]:
        found = self.store.read(
            lambda uow: uow.entry_pages.of_bank(self.org, NAME, after=EventId(0), limit=999)
        )
        return {entry.source_id: entry for entry in found}

    def pdq(self, key: str) -> list[str]:
        entry = self.entries()[key]
        hashes = self.store.read(lambda uow: uow.entries.hashes(self.org, entry.id))
        assert hashes is not None
        return [row.tobytes().hex() for row in unpack_frames(hashes.frames).bits]

    def say(self, key: str, opinion: Opinion) -> None:
        """Give feedback on a match of an entry."""
        entry = self.entries()[key]

        def write(uow: SqlUnit) -> None:
            event = uow.log.append(
                self.org, NewEvent(kind="match.judged", subject=Subject("video", "v"), data={})
            )
            uow.feedback.put(
                Feedback(
                    org=self.org,
                    entry=entry.id,
                    item=Subject("video", "v"),
                    by="nora",
                    opinion=opinion,
                    note="",
                    at=event.at,
                    event_id=event.id,
                )
            )

        self.store.write(write)


@pytest.fixture
def backend() -> str:
    """Run on SQLite alone: what the backends differ in, the tables, test_organisations walks."""
    return "sqlite"


@pytest.fixture
def world(store: SqlStore, clock: SimulatedClock, tmp_path: Path) -> World:
    return World(store, clock, tmp_path / "exchanges")


@pytest.fixture
def ncmec(world: World) -> Iterator[tuple[FakeNcmec, FakeExchange]]:
    service = FakeNcmec()
    now_s = world.clock.now_ms() // 1000
    service.share(now_s - 100, "image0", pdq=ONE, md5="ab" * 16)
    service.share(now_s - 90, "clip0", media="video", md5="cd" * 16)
    service.share(now_s - 80, "image1", pdna="not matched by us")
    with an_exchange(service) as at:
        world.add("ncmec", {"environment": "test_Industry", "base_url": at.base}, OF_NCMEC)
        yield service, at


@pytest.mark.usefixtures("ncmec")
def test_what_is_shared_comes_into_the_bank_and_is_matched(world: World) -> None:
    counts = world.fetch()

    entries = world.entries()
    assert counts == FetchCounts(added=2, unusable=1)
    assert sorted(entries) == ["42-clip0", "42-image0"]
    assert entries["42-image0"].md5 == "ab" * 16
    assert entries["42-image0"].labels == ("A1", "confirmed")
    assert entries["42-image0"].source == f"exchange:{NAME}"
    assert world.pdq("42-image0") == [ONE]
    assert world.exchange().progress.state is FetchState.IDLE


def test_a_second_fetch_takes_only_what_has_changed(
    world: World, ncmec: tuple[FakeNcmec, FakeExchange]
) -> None:
    service, at = ncmec
    world.fetch()
    asked = len(at.calls)
    world.clock.advance(3_600_000)
    now_s = world.clock.now_ms() // 1000
    service.delete(now_s - 60, "image0")
    service.share(now_s - 50, "clip0", media="video", md5="ef" * 16)

    counts = world.fetch()

    assert counts == FetchCounts(changed=1, removed=1)
    assert {key: entry.md5 for key, entry in world.entries().items()} == {"42-clip0": "ef" * 16}
    assert "1970" not in at.calls[asked].query["from"]


def test_what_people_set_about_an_entry_outlives_a_change_of_its_hash(
    world: World, ncmec: tuple[FakeNcmec, FakeExchange]
) -> None:
    service, _ = ncmec
    world.fetch()
    entry = world.entries()["42-image0"]
    kept = replace(entry, state=EntryState.DISABLED, note="a poster")
    world.store.write(lambda uow: uow.entries.change(kept))
    world.clock.advance(3_600_000)
    service.share(world.clock.now_ms() // 1000 - 50, "image0", pdq=TWO)

    world.fetch()

    changed = world.entries()["42-image0"]
    assert (changed.state, changed.note) == (EntryState.DISABLED, "a poster")
    assert world.pdq("42-image0") == [TWO]


@pytest.mark.usefixtures("ncmec")
def test_a_dry_run_says_what_it_would_do_and_does_nothing(world: World) -> None:
    tried = world.exchanges.try_out(world.org, NAME)

    assert tried.counts == FetchCounts(added=2, unusable=1)
    assert world.entries() == {}
    assert world.exchange().progress.checkpoint is None


def test_a_fetch_that_is_cut_off_goes_on_where_it_was(
    world: World, ncmec: tuple[FakeNcmec, FakeExchange]
) -> None:
    service, at = ncmec
    service.page = 1

    first = world.exchanges.fetch(world.org, NAME, budget_s=0.0)
    rest = world.fetch()

    assert first.more
    assert (first.counts.added, rest.added) == (1, 1)
    assert [call.query.get("start", "0") for call in at.calls] == ["0", "1", "2"]


def test_a_page_and_its_checkpoint_are_stored_together_or_not_at_all(
    world: World, ncmec: tuple[FakeNcmec, FakeExchange]
) -> None:
    service, _ = ncmec
    service.page = 1
    calls = 0

    def breaking(request: Asked) -> bytes:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise KeyboardInterrupt
        return ASK(request)

    cut = world.working(breaking)
    with pytest.raises(KeyboardInterrupt):
        cut.fetch(world.org, NAME)

    progress = world.exchange().progress
    assert progress.state is FetchState.FETCHING
    assert due_at(world.exchange()) == 0
    assert list(world.entries()) == ["42-image0"]
    assert world.fetch().added == 1


def test_a_service_that_is_down_is_left_alone_for_longer_each_time(
    world: World, ncmec: tuple[FakeNcmec, FakeExchange]
) -> None:
    _, at = ncmec
    at.troubles += [Answered(status=503)] * 10
    waits = []
    for _ in range(2):
        with pytest.raises(ExchangeUnavailable):
            world.fetch()
        waits.append(due_at(world.exchange()) - world.clock.now_ms())

    progress = world.exchange().progress
    assert (progress.state, progress.failures) == (FetchState.FAILED, 2)
    assert "answered 503" in progress.error
    assert waits == [60_000, 300_000]
    assert world.fetch().added == 2
    assert world.exchange().progress.failures == 0


@pytest.mark.usefixtures("ncmec")
def test_due_exchanges_are_fetched_by_themselves_and_a_broken_one_stops_none(world: World) -> None:
    world.store.write(
        lambda uow: add_exchange(
            uow,
            world.org,
            NewExchange(
                name="AFILE", api="local_file", policy="AD.NUDE", config={"filename": "no.txt"}
            ),
            world.pack,
            by="nora",
        )
    )

    assert world.exchanges.step() == 1
    assert world.exchanges.step() == 0
    world.clock.advance(3_600_000)
    assert world.exchanges.step() == 1
    assert len(world.entries()) == 2


def test_what_a_whole_listing_lacks_is_gone(world: World) -> None:
    path = world.folder / "known.txt"
    path.write_text(f"pdq {ONE}\npdq {TWO}\nnonsense\n")
    world.add("local_file", {"filename": "known.txt"}, {})
    first = world.fetch()
    problems = world.exchange().progress.problems
    path.write_text(f"pdq {TWO}\npdq {THREE}\n")

    second = world.fetch()

    assert (first.added, first.skipped) == (2, 1)
    assert problems == ("row 3: no kind of signal 'nonsense'",)
    assert second == FetchCounts(added=1, unchanged=1, removed=1)
    assert sorted(world.entries()) == [f"pdq:{TWO}", f"pdq:{THREE}"]


def test_texts_and_urls_become_entries_of_words(world: World) -> None:
    service = FakeThreatExchange()
    service.share(1_000, "https://Bad.Example/x?utm_source=a", kind="URI")
    service.share(1_001, "a sentence that is known by all its words", kind="TEXT_STRING")
    service.share(1_002, "…", kind="TEXT_STRING")
    with an_exchange(service) as at:
        config: dict[str, JsonValue] = {"privacy_group": 1234, "base_url": at.base}
        world.add("fb_threatexchange", config, {"api_token": TOKEN})
        counts = world.fetch()

    found = sorted((entry.kind.value, entry.content) for entry in world.entries().values())
    assert counts == FetchCounts(added=2, unusable=1)
    assert [kind for kind, _ in found] == ["text", "url"]
    assert "bad.example/x" in found[1][1]


def test_a_bank_that_an_exchange_feeds_is_not_taken_away(world: World) -> None:
    world.add("local_file", {"filename": "a.txt"}, {})

    with pytest.raises(Conflict, match="an exchange feeds the bank"):
        world.store.write(lambda uow: remove_bank(uow, world.org, NAME, by="nora"))


def test_a_removed_exchange_leaves_its_entries_unless_told_otherwise(world: World) -> None:
    (world.folder / "a.txt").write_text(f"pdq {ONE}\n")
    world.add("local_file", {"filename": "a.txt"}, {})
    world.fetch()
    store = world.store

    store.write(lambda uow: remove_exchange(uow, world.org, NAME, entries=False, by="nora"))
    kept = len(world.entries())
    world.add("local_file", {"filename": "a.txt"}, {})
    store.write(lambda uow: remove_exchange(uow, world.org, NAME, entries=True, by="nora"))

    assert kept == 1
    with pytest.raises(NotFound):
        world.exchange()


def test_opinions_are_passed_on_once_and_only_those_given_since(world: World) -> None:
    service = FakeStopNcii()
    service.share(1_000, ONE)
    service.share(1_001, TWO)
    key_one, key_two = f"ImagePDQ:{ONE}", f"ImagePDQ:{TWO}"
    with an_exchange(service) as at:
        world.add("stop_ncii", {"base_url": at.base}, OF_STOPNCII)
        world.fetch()
        world.say(key_one, Opinion.CONFIRMED)
        world.store.write(
            lambda uow: change_exchange(uow, world.org, NAME, {"tells": True}, by="nora")
        )
        before = world.exchanges.tell(world.org, NAME)
        world.say(key_one, Opinion.DENIED)
        world.say(key_two, Opinion.SUGGESTED_DENIAL)
        after = world.exchanges.tell(world.org, NAME)
        again = world.exchanges.tell(world.org, NAME)

    assert (before, after, again) == ((0, 0), (1, 0), (0, 0))
    told = {"hashValue": ONE, "feedbackValue": "NotBlocked", "tags": []}
    assert service.feedback == [{"count": 1, "hashFeedbacks": [told]}]
    assert world.exchange().progress.told == 1


def test_an_opinion_that_is_refused_is_counted_and_does_not_stand_in_the_way(
    world: World,
) -> None:
    service = FakeThreatExchange()
    service.share(1_000, ONE)
    service.share(1_001, TWO)
    with an_exchange(service) as at:
        config: dict[str, JsonValue] = {"privacy_group": 1234, "base_url": at.base}
        world.add("fb_threatexchange", config, {"api_token": TOKEN}, tells=True)
        world.fetch()
        world.say(f"HASH_PDQ:{ONE}", Opinion.DENIED)
        world.say(f"HASH_PDQ:{TWO}", Opinion.CONFIRMED)
        at.troubles.append(Answered(status=400))
        told = world.exchanges.tell(world.org, NAME)

    assert told == (1, 1)
    assert service.reactions == [("9001", "HELPFUL")]
    assert world.exchange().progress.untold == 1


def test_opinions_wait_for_a_service_that_is_not_there(world: World) -> None:
    service = FakeThreatExchange()
    service.share(1_000, ONE)
    with an_exchange(service) as at:
        config: dict[str, JsonValue] = {"privacy_group": 1234, "base_url": at.base}
        world.add("fb_threatexchange", config, {"api_token": TOKEN}, tells=True)
        world.fetch()
        world.say(f"HASH_PDQ:{ONE}", Opinion.CONFIRMED)
        at.troubles.append(Answered(status=503))
        with pytest.raises(ExchangeUnavailable):
            world.exchanges.tell(world.org, NAME)
        later = world.exchanges.tell(world.org, NAME)

    assert later == (1, 0)


def test_opinions_that_take_long_are_told_in_turns(world: World) -> None:
    service = FakeThreatExchange()
    service.share(1_000, ONE)
    service.share(1_000, TWO)
    with an_exchange(service) as at:
        config: dict[str, JsonValue] = {"privacy_group": 1234, "base_url": at.base}
        world.add("fb_threatexchange", config, {"api_token": TOKEN}, tells=True)
        world.fetch()
        world.say(f"HASH_PDQ:{ONE}", Opinion.CONFIRMED)
        world.say(f"HASH_PDQ:{TWO}", Opinion.CONFIRMED)

        def slowly(request: Asked) -> bytes:
            if request.method == "POST":
                world.clock.advance(21_000)
            return ASK(request)

        told: list[int] = []
        working = world.working(slowly)
        for _ in range(3):
            world.clock.advance(3_600_000)
            working.step()
            told.append(world.exchange().progress.told)

    assert told == [1, 2, 2]


def add_a_file(world: World, name: str) -> None:
    """Set up an exchange that is a file of one hash."""
    (world.folder / f"{name}.txt").write_text(f"pdq {THREE}\n")
    config: dict[str, JsonValue] = {"filename": f"{name}.txt"}
    wanted = NewExchange(name=name, api="local_file", policy="AD.NUDE", config=config)
    world.store.write(lambda uow: add_exchange(uow, world.org, wanted, world.pack, by="nora"))


@pytest.mark.usefixtures("ncmec")
def test_an_exchange_is_fetched_once_at_a_time_and_holds_up_no_other(world: World) -> None:
    add_a_file(world, "FILE")
    others: list[int] = []

    def meanwhile(_: Asked) -> bytes:
        with pytest.raises(Conflict, match="being fetched"):
            busy.fetch(world.org, NAME)
        others.append(busy.fetch(world.org, "FILE").counts.added)
        raise ExchangeRefused("enough")

    busy = world.working(meanwhile)
    with pytest.raises(ExchangeRefused, match="enough"):
        busy.fetch(world.org, NAME)
    with pytest.raises(ExchangeRefused, match="enough"):
        busy.fetch(world.org, NAME)

    assert others == [1, 0]


def test_a_long_listing_takes_turns_with_what_else_is_due(world: World) -> None:
    service = FakeNcmec(page=1)
    for number in range(5):
        service.share(world.clock.now_ms() // 1000 - 100 + number, f"i{number}", pdq=ONE)
    fetched: list[bool] = []

    def slowly(request: Asked) -> bytes:
        world.clock.advance(21_000)
        file = world.store.read(lambda uow: the_exchange(uow, world.org, "ZFILE"))
        fetched.append(bool(file.progress.succeeded_at))
        return ASK(request)

    with an_exchange(service) as at:
        world.add("ncmec", {"environment": "NGO", "base_url": at.base}, OF_NCMEC)
        add_a_file(world, "ZFILE")
        done = world.working(slowly).step()

    assert done == 2
    assert fetched[:3] == [False, True, True]
    assert len(world.entries()) == 5


def test_a_process_that_ends_cuts_the_waiting_short(
    world: World, ncmec: tuple[FakeNcmec, FakeExchange]
) -> None:
    _, at = ncmec
    at.troubles += [Answered(status=503)] * 5
    ending = world.working(None)
    ending.close()

    with pytest.raises((StopWaiting, RuntimeError, ExchangeUnavailable)):
        ending.fetch(world.org, NAME)


def test_a_bank_without_a_policy_cannot_be_made(world: World) -> None:
    wanted = NewExchange(name="NEW", api="local_file", config={"filename": "a.txt"})

    with pytest.raises(BadInput, match="no bank 'NEW'") as wrong:
        world.store.write(lambda uow: add_exchange(uow, world.org, wanted, world.pack, by="nora"))

    assert wrong.value.pointer == "/policy"


def test_opinions_are_not_switched_on_where_none_are_taken(world: World) -> None:
    with pytest.raises(BadInput, match="takes no opinions"):
        world.add("local_file", {"filename": "a.txt"}, {}, tells=True)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Hear everything that is logged, whichever way."""
    lines: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    ear = Ear(logging.DEBUG)
    root = logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as logs:
            yield lines
            lines += map(repr, logs)
    finally:
        root.removeHandler(ear)
        root.setLevel(level)


def everything_written(folder: Path) -> bytes:
    """Read all that is on disk of an installation, the database with what it has not merged."""
    rows = b""
    for path in folder.glob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            rows += "\n".join(database.iterdump()).encode()
    return rows + b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_credentials_are_nowhere_but_under_the_vault(world: World) -> None:
    service = FakeThreatExchange(page=1)
    service.share(1_000, ONE)
    service.share(1_001, TWO)
    with heard() as lines, an_exchange(service) as at:
        config: dict[str, JsonValue] = {"privacy_group": 1234, "base_url": at.base}
        world.add("fb_threatexchange", config, {"api_token": TOKEN}, tells=True)
        world.fetch()
        world.say(f"HASH_PDQ:{ONE}", Opinion.CONFIRMED)
        world.exchanges.tell(world.org, NAME)
        at.troubles += [Answered(status=400), *[Answered(status=500)] * 5]
        for _ in range(2):
            with pytest.raises((ExchangeRefused, ExchangeUnavailable)):
                world.fetch()
        world.exchanges.step()

    written = everything_written(world.folder.parent)
    logged = "\n".join(lines)
    assert world.exchange().credentials == {"api_token": TOKEN}
    for secret in (*SECRETS, TOKEN.partition("|")[2], TOKEN.replace("|", "%7C")):
        assert secret.encode() not in written
        assert secret not in logged
    assert TOKEN not in repr(world.exchange())


FETCHER = """
import sys
from pathlib import Path
from fieldfare.engine.exchanges import Exchanges
from fieldfare.kernel import Org, SimulatedClock
from fieldfare.ledger import Vault
from fieldfare.storage import SqlStore
url, folder, now_ms = sys.argv[1:]
clock = SimulatedClock(int(now_ms))
store = SqlStore.open(url, clock=clock, vault=Vault(bytes(range(32))))
at_work = Exchanges(store, clock, folder=Path(folder), hosts=frozenset({"127.0.0.1"}))
at_work.fetch(Org("main"), "SHARED", budget_s=600.0)
"""


def test_a_process_that_is_killed_is_gone_on_from_after_its_last_page(
    url: str, clock: SimulatedClock, vault: Vault, tmp_path: Path
) -> None:
    service = FakeNcmec(page=1)
    now_s = clock.now_ms() // 1000
    for number in range(12):
        service.share(now_s - 100 + number, f"image{number}", pdq=f"{number:064x}")
    arguments = [url, str(tmp_path / "exchanges"), str(clock.now_ms())]
    with an_exchange(service) as at:
        store = SqlStore.open(url, clock=clock, vault=vault)
        config: dict[str, JsonValue] = {"environment": "NGO", "base_url": at.base}
        World(store, clock, tmp_path / "exchanges").add("ncmec", config, OF_NCMEC)
        store.close()
        at.hold_at = 6
        fetching = subprocess.Popen([sys.executable, "-c", FETCHER, *arguments])
        at.reached.wait_for(6)
        fetching.kill()
        fetching.wait()
        at.released.set()
        before = len(at.calls)
        store = SqlStore.open(url, clock=clock, vault=vault)
        working = Exchanges(store, clock, folder=tmp_path / "exchanges", ask=ASK)
        rest = working.fetch(Org("main"), NAME, budget_s=600.0).counts
        page = store.read(
            lambda uow: uow.entry_pages.of_bank(Org("main"), NAME, after=EventId(0), limit=99)
        )
        store.close()

    assert fetching.returncode == -signal.SIGKILL
    assert sorted(entry.source_id for entry in page) == sorted(f"42-image{n}" for n in range(12))
    assert rest.added == 12 - 5
    assert at.calls[before].query["start"] == "5"


@pytest.mark.usefixtures("ncmec")
def test_another_address_takes_its_credentials_along_only_if_they_are_given_again(
    world: World,
) -> None:
    elsewhere: dict[str, JsonValue] = {"base_url": "https://elsewhere.example"}

    def change(changes: dict[str, JsonValue]) -> None:
        world.store.write(lambda u: change_exchange(u, world.org, NAME, changes, by="nora"))

    with pytest.raises(BadInput, match="its own credentials"):
        change({"config": elsewhere})
    with pytest.raises(BadInput, match="its own credentials"):
        change({"config": elsewhere, "credentials": {"user": "other"}})
    with pytest.raises(BadInput, match="its own credentials"):
        change({"config": {"environment": "test_NGO"}})
    change({"config": elsewhere, "credentials": {**OF_NCMEC}})

    assert world.exchange().config["base_url"] == "https://elsewhere.example"
