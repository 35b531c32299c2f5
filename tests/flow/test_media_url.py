"""Media posted as a URL: accepted at once, fetched by the scanner, judged like any other."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fieldfare.engine.banks import add_to_bank, put_bank
from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching.repositories import BankRecord
from fieldfare.records import ACCOUNT, ItemVersion, Subject
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.media_hosts import MediaHost, Page, a_media_host, a_page
from fieldfare.testing.platforms import (
    Community,
    Installed,
    a_comment,
    a_community,
    a_video,
    reopened,
)
from fieldfare.web.app import create_app

HALF_A_MINUTE_MS = 30_000
FIVE_MINUTES_MS = 300_000
QUARTER_OF_AN_HOUR_MS = 900_001


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("clips")
    return write_clip(folder / "clip.webm", Clip(codec="vp9")).read_bytes()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[MediaHost]:
    with a_media_host(tmp_path) as made:
        yield made


@pytest.fixture
def fetching(tmp_path: Path, installed: Installed, host: MediaHost) -> Iterator[Community]:
    """Open a platform to which `media.example` is the test's own host."""
    with a_community(tmp_path / "home", installed, remote=host.remote()) as made:
        yield made


def facts(community: Community, host_id: str = "v1") -> dict[str, JsonValue]:
    item = current(community, host_id)
    platform = community.platform
    return platform.store.read(lambda uow: platform.facts_of(uow, community.org, item))


def current(community: Community, host_id: str = "v1") -> ItemVersion:
    item = community.platform.store.read(
        lambda uow: uow.items.current(community.org, Subject("video", host_id))
    )
    assert item is not None
    return item


def scans(community: Community, host_id: str = "v1") -> int:
    found = community.platform.store.read(
        lambda uow: uow.log.of_subject(community.org, Subject("video", host_id), limit=20)
    )
    return sum(event.kind == "item.scanned" for event in found)


def test_a_video_behind_a_url_is_fetched_scanned_and_allowed(
    fetching: Community, host: MediaHost, clip: bytes
) -> None:
    host.pages["/clip"] = a_page(clip, content_type="video/webm")

    accepted = fetching.post(a_video(media_url=host.url("/clip")))

    assert accepted.state == "received"
    assert host.asked == []
    assert fetching.may_see("video", "v1").reason == "undecided"
    fetching.settle()
    answer = fetching.may_see("video", "v1")
    assert (answer.show, answer.version) == ("yes", 1)
    assert answer.media_sha256 == (hashlib.sha256(clip).hexdigest(),)
    assert len(host.asked) == 1


def test_what_was_fetched_is_the_author_s_blob_and_is_erased_with_them(
    fetching: Community, host: MediaHost, clip: bytes
) -> None:
    host.pages["/clip"] = a_page(clip, content_type="video/webm")
    fetching.posted(a_video(media_url=host.url("/clip")))
    platform, (part,) = fetching.platform, current(fetching).media

    author = Subject(ACCOUNT, "ben")

    assert (part.size, part.content_type) == (len(clip), "video/webm")
    assert platform.blobs.read(fetching.org, author, part.sha256) == clip
    platform.erase(fetching.org, author, "test")
    assert not platform.blobs.exists(fetching.org, author, part.sha256)


def test_what_was_fetched_is_known_after_a_restart(
    fetching: Community, host: MediaHost, clip: bytes
) -> None:
    host.pages["/clip"] = a_page(clip)
    fetching.posted(a_video(media_url=host.url("/clip")))
    fetching.platform.close()

    with reopened(fetching.platform.settings, fetching.clock) as platform:
        after = Community(platform, fetching.clock)
        platform.confirm_watermark()

        assert after.may_see("video", "v1").media_sha256 == (hashlib.sha256(clip).hexdigest(),)


def test_an_accepted_url_outlives_a_restart_before_its_fetch(
    fetching: Community, host: MediaHost, clip: bytes
) -> None:
    host.pages["/clip"] = a_page(clip)
    fetching.post(a_video(media_url=host.url("/clip")))
    fetching.platform.close()

    with reopened(fetching.platform.settings, fetching.clock, remote=host.remote()) as platform:
        after = Community(platform, fetching.clock)
        after.settle()

        assert after.may_see("video", "v1").show == "yes"


def test_a_copy_of_banked_content_behind_a_url_is_restricted(
    fetching: Community, host: MediaHost, clip: bytes
) -> None:
    host.pages["/clip"] = a_page(clip)
    platform, org = fetching.platform, fetching.org
    known = platform.known_file("clip", BytesIO(clip))
    record = BankRecord(org=org, name="known", policy="VE.TERROR", vetted=True)
    platform.store.write(lambda uow: put_bank(uow, record, platform.pack(org), by="test"))
    platform.store.write(lambda uow: add_to_bank(uow, org, "known", [known], by="test"))
    fetching.settle()

    decision = fetching.posted(a_video(media_url=host.url("/clip")))

    assert (decision.judgement.action, decision.judgement.policy) == ("remove", "VE.TERROR")


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (a_page(status=404), "media.example answered 404"),
        (a_page(status=302, location="https://10.0.0.1/c"), "not among the hosts"),
        (a_page(b"", content_length="1000001"), "larger than 1000000 bytes"),
    ],
    ids=["not found", "led astray", "too large"],
)
def test_what_cannot_be_fetched_is_held_with_its_reason(
    fetching: Community, host: MediaHost, page: Page, why: str
) -> None:
    host.pages["/clip"] = page

    decision = fetching.posted(a_video(media_url=host.url("/clip")))

    assert decision.judgement.action == "hold"
    told = set(decision.judgement.unknown.values())
    assert all("could not be fetched: " in each and why in each for each in told)
    assert told
    assert fetching.may_see("video", "v1").show == "no"
    problem = facts(fetching)["media.problem"]
    assert isinstance(problem, dict)
    assert why in str(problem["value"])
    assert len(host.asked) == 1


def test_what_cannot_be_fetched_stays_held_when_it_is_reported(
    fetching: Community, host: MediaHost
) -> None:
    fetching.posted(a_video(media_url=host.url("/missing")))

    item = {"kind": "video", "host_id": "v1"}
    for number in range(3):
        who = {"key": f"r{number}", "reporter": f"u{number}"}
        fetching.send({"kind": "report.filed", "reason": "harassment", "item": item, **who})

    decision = fetching.decision("video", "v1")
    assert decision is not None
    assert decision.judgement.action == "hold"
    assert [wish.policy for wish in decision.judgement.review][:1] == ["HB.BULLY"]


def test_a_host_that_fails_is_asked_again_later(
    fetching: Community, host: MediaHost, clip: bytes
) -> None:
    host.pages["/clip"] = a_page(status=503)
    fetching.post(a_video(media_url=host.url("/clip")))
    fetching.settle()
    asked = len(host.asked)
    host.pages["/clip"] = a_page(clip)

    fetching.clock.advance(HALF_A_MINUTE_MS - 1)
    fetching.settle()
    early = fetching.may_see("video", "v1").reason
    fetching.clock.advance(1)
    fetching.settle()

    assert (asked, early) == (1, "undecided")
    assert fetching.may_see("video", "v1").show == "yes"


def test_a_host_that_goes_on_failing_is_given_up(fetching: Community, host: MediaHost) -> None:
    host.pages["/clip"] = a_page(status=503)
    fetching.post(a_video(media_url=host.url("/clip")))

    for wait_ms in (0, HALF_A_MINUTE_MS, FIVE_MINUTES_MS):
        assert fetching.decision("video", "v1") is None
        fetching.clock.advance(wait_ms)
        fetching.settle()

    decision = fetching.decision("video", "v1")
    assert decision is not None
    assert decision.judgement.action == "hold"
    assert len(host.asked) == 3
    assert fetching.platform.scanning.waiting() == 0


def test_another_url_is_another_version_and_the_same_is_the_same(
    fetching: Community, host: MediaHost, clip: bytes
) -> None:
    host.pages |= {"/a": a_page(clip), "/b": a_page(clip)}

    first = fetching.post(a_video(media_url=host.url("/a")))
    again = fetching.post(a_video(media_url=host.url("/a")))
    other = fetching.post(a_video(media_url=host.url("/b")))
    fetching.settle()

    assert (first.event_id, first.version) == (again.event_id, again.version)
    assert other.version == 2
    assert [path for path, _ in host.asked] == ["/b"]
    assert scans(fetching) == 1


def test_files_and_a_url_at_once_are_refused(fetching: Community, tmp_path: Path) -> None:
    file = tmp_path / "clip.webm"
    file.write_bytes(b"sarno")

    with pytest.raises(BadInput, match="two ways at once"):
        fetching.post(a_video(media_url="https://media.example/c"), file)


def test_a_url_that_can_never_be_followed_is_refused_at_once(fetching: Community) -> None:
    with pytest.raises(BadInput, match="only https") as refused:
        fetching.post(a_video(media_url="http://media.example/c"))

    assert refused.value.pointer == "/media_url"


def test_a_comment_has_no_media_to_fetch(fetching: Community) -> None:
    with pytest.raises(BadInput, match="carries no media"):
        fetching.post(a_comment(media_url="https://media.example/c"))


def test_an_item_posted_event_brings_its_media_by_url(
    fetching: Community, host: MediaHost, clip: bytes
) -> None:
    host.pages["/clip"] = a_page(clip)
    item = {"kind": "video", "host_id": "v1", "author": "ben", "market": "DE"}

    good, bad = fetching.send(
        {"kind": "item.posted", "key": "e1", "item": {**item, "media_url": host.url("/clip")}},
        {"kind": "item.posted", "key": "e2", "item": {**item, "media_url": "ftp://x/"}},
    )

    assert not isinstance(good, Exception)
    assert isinstance(bad, BadInput)
    assert bad.pointer == "/item/media_url"
    assert fetching.may_see("video", "v1").show == "yes"


def test_over_http_a_url_is_accepted_with_202_and_nothing_is_kept_of_a_refused_call(
    fetching: Community, host: MediaHost
) -> None:
    headers = {"Authorization": f"Bearer {fetching.key}"}
    item = {"kind": "video", "host_id": "v1", "author": "ben", "market": "DE"}
    blobs = fetching.platform.settings.home / "blobs"

    with TestClient(create_app(fetching.platform), headers=headers) as client:
        accepted = client.post("/v1/items", json={**item, "media_url": host.url("/clip")})
        refused = client.post(
            "/v1/items",
            data={"metadata": '{"kind": "comment", "host_id": "c", "author": "ana"}'},
            files={"file": ("clip.webm", b"sarno")},
        )

    assert (accepted.status_code, accepted.json()["state"]) == (202, "received")
    assert refused.status_code == 400
    assert not [path for path in blobs.rglob("*") if path.is_file()]


def test_media_nobody_fetched_in_time_are_held_and_people_are_asked(
    fetching: Community, host: MediaHost
) -> None:
    fetching.post(a_video(media_url=host.url("/clip")))
    fetching.clock.advance(QUARTER_OF_AN_HOUR_MS)

    fetching.platform.deadlines.step()

    decision = fetching.decision("video", "v1")
    assert decision is not None
    assert decision.judgement.action == "hold"
    assert "not scanned in time" in decision.judgement.review[0].reason
