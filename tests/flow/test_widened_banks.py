"""A bank that is vetted, switched on or widened meets what was posted before it was."""

from pathlib import Path

import pytest

from fieldfare.engine import widened_banks
from fieldfare.engine.banks import KnownPiece, add_to_bank, change_bank, put_bank
from fieldfare.engine.retroactive import READER
from fieldfare.engine.widened_banks import WidenedBanks
from fieldfare.kernel import EventId
from fieldfare.matching.repositories import BankRecord, Polarity
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", Clip())


@pytest.fixture
def posted(community: Community, clip: Path) -> Community:
    community.posted(a_video(), clip)
    return community


def known(community: Community, clip: Path, **fields: object) -> list[EventId]:
    """Bank a clip among entries that nothing matches, and let the platform follow."""
    platform, org = community.platform, community.org
    given = {"policy": "VE.TERROR", "vetted": True, **fields}
    record = BankRecord(org=org, name="known", **given)  # type: ignore[arg-type]  # fields of a bank
    with clip.open("rb") as stream:
        piece = platform.known_file(clip.name, stream)
    others = [KnownPiece(md5=f"{number:032x}") for number in range(1, 4)]
    platform.store.write(lambda uow: put_bank(uow, record, platform.pack(org), by="test"))
    added = platform.store.write(
        lambda uow: add_to_bank(uow, org, "known", [*others, piece], by="test")
    )
    community.settle()
    return added


def change(community: Community, **fields: object) -> None:
    community.platform.store.write(
        lambda uow: change_bank(uow, community.org, "known", fields, by="test")
    )
    community.settle()


def action(community: Community) -> str:
    decision = community.decision("video", "v1")
    assert decision is not None
    return decision.judgement.action


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ({"vetted": False}, {"vetted": True}),
        ({"enabled": False}, {"enabled": True}),
        ({"enabled_ratio": 0.0}, {"enabled_ratio": 1.0}),
        ({"polarity": Polarity.KNOWN_GOOD}, {"polarity": Polarity.HARMFUL}),
    ],
    ids=["vetted", "switched on", "asked about all", "no longer known good"],
)
def test_what_was_posted_before_is_held(
    posted: Community, clip: Path, before: dict[str, object], then: dict[str, object]
) -> None:
    known(posted, clip, **before)
    at_first = action(posted)

    change(posted, **then)

    assert at_first != "remove"
    assert action(posted) == "remove"


def test_a_narrower_bank_asks_for_nothing(posted: Community, clip: Path) -> None:
    known(posted, clip, vetted=False)

    change(posted, radius=10, note="narrower")

    assert WidenedBanks(posted.platform.store, READER).next_page(posted.org) is None


def test_a_long_bank_is_read_page_by_page_and_goes_on_after_a_restart(
    posted: Community, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widened_banks, "ENTRIES", 2)
    entries = known(posted, clip, vetted=False)
    store, org = posted.platform.store, posted.org
    store.write(lambda uow: WidenedBanks(store, "test").ask(uow, org, ["known"], EventId(7)))

    first_run = WidenedBanks(store, "test")
    first = first_run.next_page(org)
    assert first is not None
    first_run.finish(first)
    second_run = WidenedBanks(store, "test")
    second = second_run.next_page(org)
    assert second is not None
    again = WidenedBanks(store, "test").next_page(org)
    second_run.finish(second)

    assert [entry.id for entry in (*first.entries, *second.entries)] == entries
    assert (first.asked, second.asked) == (7, 7)
    assert again == second
    assert second_run.next_page(org) is None
    assert WidenedBanks(store, "test").next_page(org) is None


def test_a_further_change_begins_the_bank_anew(posted: Community, clip: Path) -> None:
    entries = known(posted, clip, vetted=False)
    store, org = posted.platform.store, posted.org
    banks = WidenedBanks(store, "test")
    store.write(lambda uow: banks.ask(uow, org, ["known"], EventId(7)))
    page = banks.next_page(org)
    assert page is not None
    banks.finish(page)

    store.write(lambda uow: banks.ask(uow, org, ["known"], EventId(8)))
    banks.seen(org, ["known"])
    page = banks.next_page(org)

    assert page is not None
    assert (page.asked, [entry.id for entry in page.entries]) == (8, entries)
