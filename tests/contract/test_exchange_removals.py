"""Entries that are gone at an exchange: they leave the bank, unless they are suspiciously many."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from fieldfare.engine.exchange_administration import NewExchange, add_exchange
from fieldfare.engine.exchange_http import HttpAsk
from fieldfare.engine.exchange_records import ExchangeProgress, FetchCounts, FetchState
from fieldfare.engine.exchange_removals import FEW
from fieldfare.engine.exchanges import Exchanges, due_at, the_exchange
from fieldfare.kernel import Conflict, EventId, JsonValue, NotFound, Org, SimulatedClock
from fieldfare.matching.exchanges import local_file
from fieldfare.policies import load_pack
from fieldfare.storage import SqlStore
from fieldfare.testing.exchanges import LOOPBACK, PASSWORD, USER, FakeNcmec, an_exchange

ORG, NAME = Org("main"), "SHARED"
PACK = load_pack(Path(__file__).parents[2] / "packs" / "default" / "policies.yaml")
MANY = 2 * FEW + 10


@pytest.fixture
def backend() -> str:
    """Run on SQLite alone; test_organisations walks the tables of both."""
    return "sqlite"


class Share:
    """A file of hashes, and the exchange that reads it."""

    def __init__(self, store: SqlStore, clock: SimulatedClock, folder: Path) -> None:
        self.store, self.clock = store, clock
        self.path = folder / "known.txt"
        ask = HttpAsk(lambda _: None, hosts=frozenset({LOOPBACK}), random=Random(1))
        self.exchanges = Exchanges(store, clock, folder=folder, ask=ask)
        store.write(lambda uow: uow.organisations.add(ORG, "main"))

    def add(self, api: str, config: dict[str, JsonValue], **secrets: str) -> None:
        wanted = NewExchange(
            name=NAME, api=api, policy="AD.NUDE", config=config, credentials=secrets
        )
        self.store.write(lambda uow: add_exchange(uow, ORG, wanted, PACK, by="nora"))

    def lists(self, *numbers: int) -> None:
        self.path.write_text("".join(f"sha256 {number:064x}\n" for number in numbers))

    def fetch(self, budget_s: float = 600.0) -> FetchCounts:
        return self.exchanges.fetch(ORG, NAME, budget_s=budget_s).counts

    def confirm(self, entries: int) -> int:
        return self.exchanges.confirm(ORG, NAME, entries=entries, by="nora")

    def progress(self) -> ExchangeProgress:
        return self.store.read(lambda uow: the_exchange(uow, ORG, NAME)).progress

    def entries(self) -> int:
        found = self.store.read(
            lambda uow: uow.entry_pages.of_bank(ORG, NAME, after=EventId(0), limit=999)
        )
        return len(found)


@pytest.fixture
def empty(store: SqlStore, clock: SimulatedClock, tmp_path: Path) -> Share:
    return Share(store, clock, tmp_path)


@pytest.fixture
def share(empty: Share) -> Share:
    """Give a file of MANY hashes that has been fetched."""
    empty.add("local_file", {"filename": "known.txt"})
    empty.lists(*range(MANY))
    empty.fetch()
    return empty


def test_most_of_a_bank_does_not_go_by_itself(share: Share) -> None:
    share.lists(1, 2, 1_000)

    counts = share.fetch()

    progress = share.progress()
    assert counts == FetchCounts(added=1, unchanged=2, withheld=MANY - 2)
    assert share.entries() == MANY + 1
    assert progress.state is FetchState.HELD
    assert progress.error.startswith(f"{MANY - 2} of the {MANY + 1} entries it brought are gone")
    assert f"fieldfare exchange confirm {NAME} --entries {MANY - 2}" in progress.error
    assert progress.succeeded_at == share.clock.now_ms()


def test_what_is_held_back_stays_until_it_is_confirmed(share: Share) -> None:
    share.lists(1, 2)
    share.fetch()

    with pytest.raises(Conflict, match=f"{MANY - 2} entries would go, not 9"):
        share.confirm(9)
    again = share.fetch()
    removed = share.confirm(MANY - 2)

    progress = share.progress()
    assert again == FetchCounts(withheld=MANY - 2)
    assert (removed, share.entries()) == (MANY - 2, 2)
    assert (progress.state, progress.error, progress.sweeping) == (FetchState.IDLE, "", False)
    assert progress.counts.withheld == 0
    assert share.fetch() == FetchCounts()
    with pytest.raises(Conflict, match="waits to be confirmed"):
        share.confirm(MANY)


def test_what_is_there_again_was_never_gone(share: Share) -> None:
    share.lists(1)
    share.fetch()
    share.lists(*range(MANY))

    counts = share.fetch()

    assert counts == FetchCounts(unchanged=MANY)
    assert share.progress().state is FetchState.IDLE
    assert share.entries() == MANY


@pytest.mark.parametrize(("left", "gone"), [(MANY // 2, MANY - MANY // 2), (MANY - 1, 1)])
def test_half_and_less_goes_by_itself(share: Share, left: int, gone: int) -> None:
    share.lists(*range(left))

    assert share.fetch().removed == gone
    assert share.entries() == left


def test_few_entries_go_whatever_their_share(empty: Share) -> None:
    empty.add("local_file", {"filename": "known.txt"})
    empty.lists(*range(FEW))
    empty.fetch()
    empty.lists()

    assert empty.fetch().removed == FEW
    assert empty.entries() == 0


def test_a_new_listing_that_is_cut_off_does_not_count_what_it_has_not_shown_as_gone(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    share.lists(1)
    share.fetch()
    share.lists(*range(MANY))
    monkeypatch.setattr(local_file, "LINES", FEW)

    first = share.fetch(budget_s=0.0)
    with pytest.raises(Conflict, match="being fetched"):
        share.confirm(MANY)
    rest = share.fetch()

    assert (first.unchanged, rest) == (FEW, FetchCounts(unchanged=MANY - FEW))
    assert share.entries() == MANY


@pytest.fixture
def ncmec(empty: Share) -> Iterator[FakeNcmec]:
    service = FakeNcmec()
    for number in range(MANY):
        service.share(empty.clock.now_ms() // 1000 - 100, f"i{number}", md5=f"{number:032x}")
    with an_exchange(service) as at:
        config: dict[str, JsonValue] = {"environment": "NGO", "base_url": at.base}
        empty.add("ncmec", config, user=USER, password=PASSWORD)
        empty.fetch()
        empty.clock.advance(3_600_000)
        yield service


def test_entries_called_deleted_are_held_back_as_well(empty: Share, ncmec: FakeNcmec) -> None:
    now_s = empty.clock.now_ms() // 1000
    for number in range(MANY - 5):
        ncmec.delete(now_s - 50, f"i{number}")
    held = empty.fetch()
    empty.clock.advance(3_600_000)
    waits = due_at(empty.store.read(lambda uow: the_exchange(uow, ORG, NAME)))
    for number in range(MANY - 10):
        ncmec.share(empty.clock.now_ms() // 1000 - 50, f"i{number}", md5=f"{number:032x}")
    mended = empty.fetch()

    assert held == FetchCounts(withheld=MANY - 5)
    assert waits <= empty.clock.now_ms()
    assert mended == FetchCounts(unchanged=MANY - 10, removed=5)
    assert empty.entries() == MANY - 5


def test_an_exchange_that_is_not_there_has_nothing_to_confirm(empty: Share) -> None:
    with pytest.raises(NotFound):
        empty.confirm(1)


def test_a_dry_run_says_what_would_go_and_what_would_be_held_back(share: Share) -> None:
    share.lists(*range(FEW, MANY + 3))
    some = share.exchanges.try_out(ORG, NAME).counts
    share.lists(1)
    nearly_all = share.exchanges.try_out(ORG, NAME).counts

    assert (some.added, some.unchanged, some.removed, some.withheld) == (3, MANY - FEW, FEW, 0)
    assert (nearly_all.unchanged, nearly_all.removed, nearly_all.withheld) == (1, 0, MANY - 1)
    assert share.entries() == MANY
