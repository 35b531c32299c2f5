"""Counters over the life of an installation: new rules, restarts, kills, imported history."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Final

import msgspec

from fieldfare.engine.administration import activate_rules
from fieldfare.engine.history import import_history
from fieldfare.engine.settings import Settings
from fieldfare.ingest.schemas import EVENT_KINDS
from fieldfare.platform import Platform
from fieldfare.records import ACCOUNT, Subject
from fieldfare.testing.platforms import Community, a_comment, reopened

COUNTING: Final = """
Author: str = JsonData(path='$.item.author')
Text: str = JsonData(path='$.item.text')
Posts = Count(key=Author, window='{window}')
Many = Rule(when_all=[Posts >= {most}], description=f'{{Posts}} posts')
WhenRules(rules_any=[Many], then=[Limit(policy='IN.SPAM')])
"""


def put_rules(community: Community, *, window: str = "1h", most: int = 3) -> None:
    """Put rules in force that limit the comment of an author who posted so much."""
    platform, org = community.platform, community.org
    files = {"main.sml": COUNTING.format(window=window, most=most)}
    platform.store.write(lambda uow: activate_rules(uow, org, files, platform.pack(org), by="test"))
    community.settle()


def posts(community: Community, *numbers: int) -> list[str]:
    """Post a comment each, and give what was decided."""
    made = [community.posted(a_comment(f"wivel {n}", host_id=f"c{n}")) for n in numbers]
    return [decision.judgement.action for decision in made]


def test_a_new_counter_knows_what_came_before_its_rules(community: Community) -> None:
    assert posts(community, 1, 2) == ["allow", "allow"]

    put_rules(community)

    assert posts(community, 3) == ["limit"]


def test_a_counter_that_stays_as_it_is_goes_on_under_new_rules(community: Community) -> None:
    put_rules(community, most=9)
    running = community.platform.grounds._running[community.org]
    posts(community, 1, 2)

    put_rules(community, most=3)

    assert running.cold == frozenset()
    assert posts(community, 3) == ["limit"]


def test_a_counter_of_another_window_counts_its_own_past(community: Community) -> None:
    put_rules(community, most=9, window="1h")
    posts(community, 1)
    community.clock.advance(7_200_000)
    posts(community, 2)

    put_rules(community, most=3, window="1d")

    assert posts(community, 3) == ["limit"]


def test_a_counter_that_comes_back_knows_what_it_missed(community: Community) -> None:
    put_rules(community, most=3)
    posts(community, 1)
    put_rules(community, most=9, window="2h")
    posts(community, 2)

    put_rules(community, most=3)

    assert posts(community, 3) == ["limit"]


@contextmanager
def another_start(community: Community, home: Path) -> Iterator[tuple[Community, int]]:
    """Start anew from what is on the disk now; says how many events were read for the counters."""
    copytree(community.platform.settings.home, home)
    settings = Settings(home=home, workers=1)
    platform = Platform.open(settings, clock=community.clock)
    try:
        yield (
            Community(platform, community.clock),
            platform.evaluator.restore(platform.snapshots),
        )
    finally:
        platform.close()


def test_a_restart_goes_on_from_the_snapshot(community: Community, tmp_path: Path) -> None:
    put_rules(community)
    posts(community, 1)
    community.platform.snapshots.save()
    posts(community, 2)

    with another_start(community, tmp_path / "copy") as (other, read):
        assert read == 1
        assert posts(other, 3) == ["limit"]


def test_what_stands_is_saved_at_the_end(community: Community, tmp_path: Path) -> None:
    put_rules(community)
    posts(community, 1, 2)
    with another_start(community, tmp_path / "copy") as (other, _):
        pass

    with another_start(other, tmp_path / "again") as (again, read):
        assert read == 0
        assert posts(again, 3) == ["limit"]


def test_without_a_snapshot_the_windows_are_read(community: Community, tmp_path: Path) -> None:
    put_rules(community)
    posts(community, 1, 2)

    with another_start(community, tmp_path / "copy") as (other, read):
        assert read == 2
        assert posts(other, 3) == ["limit"]


def test_a_damaged_snapshot_is_none(community: Community, tmp_path: Path) -> None:
    put_rules(community)
    posts(community, 1, 2)
    community.platform.snapshots.save()
    file = community.platform.settings.home / "counters" / "main.counters"
    file.write_bytes(file.read_bytes()[:-7])

    with another_start(community, tmp_path / "copy") as (other, read):
        assert read == 2
        assert posts(other, 3) == ["limit"]


def test_a_snapshot_from_after_a_restored_backup_is_none(
    community: Community, tmp_path: Path
) -> None:
    put_rules(community)
    copytree(community.platform.settings.home, tmp_path / "backup")
    posts(community, 1, 2)
    community.platform.snapshots.save()
    snapshot = community.platform.settings.home / "counters"
    copytree(snapshot, tmp_path / "backup" / "counters", dirs_exist_ok=True)
    settings = Settings(home=tmp_path / "backup", workers=1)

    with reopened(settings, community.clock) as platform:
        other = Community(platform, community.clock)

        assert posts(other, 11, 12, 13) == ["allow", "allow", "limit"]


def test_a_snapshot_from_before_other_rules_is_used_for_what_stays(
    community: Community, tmp_path: Path
) -> None:
    put_rules(community, most=9)
    posts(community, 1)
    community.platform.snapshots.save()
    posts(community, 2)
    put_rules(community, most=3)

    with another_start(community, tmp_path / "copy") as (other, read):
        assert read == 1
        assert posts(other, 3) == ["limit"]


def test_history_imported_after_the_snapshot_counts(community: Community, tmp_path: Path) -> None:
    put_rules(community, window="400d")
    posts(community, 1)
    community.platform.snapshots.save()
    past = {
        "kind": "item.posted",
        "key": "k1",
        "item": {
            "kind": "comment",
            "host_id": "c0",
            "author": "ana",
            "market": "DE",
            "text": "sarno",
            "occurred_at": "2026-01-05T00:00:00Z",
        },
    }
    platform, now_ms = community.platform, community.clock.now_ms()
    event = EVENT_KINDS.decode(msgspec.json.encode(past))
    platform.store.write(lambda uow: import_history(uow, community.org, [event], now_ms=now_ms))
    community.settle()

    with another_start(community, tmp_path / "copy") as (other, _):
        assert posts(other, 3) == ["limit"]


def test_who_is_erased_is_in_no_snapshot(community: Community, tmp_path: Path) -> None:
    put_rules(community)
    posts(community, 1)
    platform = community.platform
    platform.snapshots.save()

    platform.erase(community.org, Subject(ACCOUNT, "ana"), "test")

    assert not (platform.settings.home / "counters" / "main.counters").exists()
    assert platform.grounds.counted()["keys"] == 0
    with another_start(community, tmp_path / "copy") as (other, _):
        assert posts(other, 4, 5, 6) == ["allow", "allow", "limit"]


def test_health_says_what_is_counted_and_saved(community: Community) -> None:
    put_rules(community)
    posts(community, 1)
    community.platform.snapshots.save()

    parts = {part.name: part for part in community.platform.health().parts}

    detail = parts["counters"].detail
    assert (detail["keys"], detail["keys_evicted"]) == (1, 0)
    assert int(str(detail["saved_up_to"])) > 0
    assert int(str(detail["saved_bytes"])) > 100
