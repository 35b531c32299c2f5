"""The scanner between a post and its decision: what may happen while it works."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fieldfare.engine.scanning import MAX_ATTEMPTS
from fieldfare.ingest.remote import RemoteFile
from fieldfare.ingest.schemas import EVENT_KINDS, HostEvent
from fieldfare.records import ACCOUNT, Event, ItemState, Subject
from fieldfare.signals.scanner import ScanResult
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, Installed, a_community, a_video

VIDEO = Subject("video", "v1")
NAME = {"kind": "video", "host_id": "v1"}
URL = "https://media.example/clip"


@dataclass
class Meanwhile:
    """A source of media during whose fetch something else happens."""

    body: bytes
    happens: Callable[[], object] = lambda: None

    @contextmanager
    def open(self, _url: str) -> Iterator[RemoteFile]:
        self.happens()
        yield RemoteFile(stream=BytesIO(self.body), content_type="video/webm")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.webm", Clip(codec="vp9"))


@pytest.fixture
def source(clip: Path) -> Meanwhile:
    return Meanwhile(clip.read_bytes())


@pytest.fixture
def fetching(tmp_path: Path, installed: Installed, source: Meanwhile) -> Iterator[Community]:
    with a_community(tmp_path / "home", installed, remote=source) as made:
        yield made


def scans(community: Community) -> list[Event]:
    found = community.platform.store.read(
        lambda uow: uow.log.of_subject(community.org, VIDEO, limit=50)
    )
    return [event for event in found if event.kind == "item.scanned"]


def test_a_video_deleted_while_it_is_scanned_stays_deleted(
    fetching: Community, source: Meanwhile
) -> None:
    def delete() -> None:
        fetching.platform.intake.post_events(
            fetching.org, [_decoded({"kind": "item.deleted", "key": "d", "item": NAME})]
        ).result(30)

    source.happens = delete
    fetching.post(a_video(media_url=URL))
    fetching.settle()

    item = fetching.platform.store.read(lambda uow: uow.items.current(fetching.org, VIDEO))
    assert item is not None
    assert item.state is ItemState.DELETED
    assert scans(fetching) == []
    assert fetching.may_see("video", "v1").reason == "deleted"


def test_a_video_changed_while_it_is_scanned_is_scanned_anew_and_only_so(
    fetching: Community, source: Meanwhile
) -> None:
    def change() -> None:
        source.happens = lambda: None
        fetching.post(a_video(media_url=URL, caption="sarno"))

    source.happens = change
    fetching.post(a_video(media_url=URL))
    fetching.settle()

    (scan,) = scans(fetching)
    assert scan.data is not None
    assert scan.data["number"] == 2
    assert fetching.may_see("video", "v1").version == 2


def test_a_person_erased_while_their_video_is_fetched_leaves_nothing(
    fetching: Community, source: Meanwhile
) -> None:
    platform, author = fetching.platform, Subject(ACCOUNT, "ben")
    source.happens = lambda: platform.erase(fetching.org, author, "test")
    fetching.post(a_video(media_url=URL))
    fetching.settle()

    pseudonym = platform.vault.pseudonym(fetching.org, author)
    assert platform.store.read(lambda uow: uow.data_keys.get(fetching.org, pseudonym)) is None
    blobs = platform.settings.home / "blobs"
    assert not [path for path in blobs.rglob("*") if path.is_file()]
    assert platform.scanning.waiting() == 0


def test_a_person_erased_while_their_video_is_looked_at_leaves_nothing(
    community: Community, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, author = community.platform, Subject(ACCOUNT, "ben")
    scan = platform.scanner.scan

    def erased_meanwhile(*told: Any, **more: Any) -> ScanResult:  # noqa: ANN401  # as it is called
        found = scan(*told, **more)
        platform.erase(community.org, author, "test")
        return found

    monkeypatch.setattr(platform.scanner, "scan", erased_meanwhile)
    community.post(a_video(), clip)
    community.settle()

    pseudonym = platform.vault.pseudonym(community.org, author)
    assert platform.store.read(lambda uow: uow.data_keys.get(community.org, pseudonym)) is None
    assert scans(community) == []


def test_a_scan_done_twice_is_recorded_once(fetching: Community, source: Meanwhile) -> None:
    platform = fetching.platform

    def lapse_and_let_another_do_it() -> None:
        source.happens = lambda: None
        platform.store.write(lambda uow: uow.scans.release_all(now_ms=platform.clock.now_ms()))
        assert platform.scanning.step() == 1

    source.happens = lapse_and_let_another_do_it
    fetching.post(a_video(media_url=URL))
    fetching.settle()

    assert len(scans(fetching)) == 1


def test_a_scan_that_breaks_is_tried_again_and_then_held_with_the_reason(
    fetching: Community, source: Meanwhile
) -> None:
    def breaks() -> None:
        raise OSError("the disk is full")

    source.happens = breaks
    fetching.post(a_video(media_url=URL))
    for _ in range(4):
        assert fetching.decision("video", "v1") is None
        fetching.settle()
        fetching.clock.advance(300_000)

    decision = fetching.decision("video", "v1")
    assert decision is not None
    assert decision.judgement.action == "hold"
    assert [reason.by for reason in decision.judgement.reasons] == ["MediaUnreadable"]


def test_a_scan_cut_off_by_restarts_is_done_in_the_end_and_holds_nothing(
    community: Community, clip: Path
) -> None:
    platform, now_ms = community.platform, community.clock.now_ms
    community.post(a_video(), clip)
    for _ in range(10):
        platform.store.write(lambda uow: uow.scans.release_all(now_ms=now_ms()))
        community.clock.advance(60_000)
        taken = platform.store.write(
            lambda uow: uow.scans.claim(now_ms=now_ms(), until_ms=now_ms() + 1, limit=1)
        )
        assert [task.failures for task in taken] == [0]
    community.clock.advance(60_000)
    community.settle()

    decision = community.decision("video", "v1")
    assert decision is not None
    assert decision.judgement.action == "allow"


def test_a_scan_that_takes_the_process_down_every_time_is_given_up_and_held(
    community: Community, clip: Path
) -> None:
    platform, now_ms = community.platform, community.clock.now_ms
    community.post(a_video(), clip)
    for _ in range(MAX_ATTEMPTS):
        platform.store.write(
            lambda uow: uow.scans.claim(now_ms=now_ms(), until_ms=now_ms() + 1, limit=1)
        )
        community.clock.advance(60_000)
    community.settle()

    decision = community.decision("video", "v1")
    assert decision is not None
    assert decision.judgement.action == "hold"


def test_a_report_before_the_scan_shows_nothing_and_the_scan_decides_anew(
    community: Community, clip: Path
) -> None:
    community.post(a_video(), clip)
    for number in range(3):
        report = {"kind": "report.filed", "reason": "harassment", "item": NAME}
        community.platform.intake.post_events(
            community.org, [_decoded({**report, "key": f"r{number}", "reporter": f"u{number}"})]
        ).result(30)
    while community.platform.evaluator.step():
        pass
    community.platform.confirm_watermark()
    before = community.may_see("video", "v1")

    community.settle()

    assert (before.show, before.reason) == ("no", "hold")
    assert community.may_see("video", "v1").show == "yes"


def _decoded(event: dict[str, object]) -> HostEvent:
    return EVENT_KINDS.decode(msgspec.json.encode(event))
