"""Known texts and URLs over HTTP and on the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fieldfare.matching.long_texts import tlsh_of
from fieldfare.testing.platforms import Community
from fieldfare.web.app import create_app

SPAM = "Get free sarnos now, send your number to the norfling club today"
LONG = " ".join(f"word{n * n} of{n} this{n % 7} story{n * 31}" for n in range(60))


@pytest.fixture
def http(community: Community) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(community.platform), headers=headers) as client:
        bank = {"name": "waves", "policy": "IN.SPAM", "vetted": True}
        assert client.post("/v1/banks", json=bank).status_code == 201
        yield client


def test_words_that_are_added_match_at_once_and_say_where(
    http: TestClient, community: Community
) -> None:
    entries = [
        {"text": f"  {SPAM}\n", "label": "wave 7", "note": "seen twice", "labels": ["x"]},
        {"url": "https://www.Evil.example/win?utm_source=a"},
        {"tlsh": tlsh_of(LONG)},
    ]
    added = http.post("/v1/banks/waves/words", json={"entries": entries})
    community.settle()
    text = f"{SPAM}! hxxps://evil[.]example/win"

    told = http.post("/v1/match/text", json={"text": text}).json()
    long = http.post("/v1/match/text", json={"text": LONG}).json()

    assert added.status_code == 201
    rows = added.json()["entries"]
    assert [(row["kind"], row["content"]) for row in rows] == [
        ("text", SPAM),
        ("url", "evil.example/win"),
        ("text", f"tlsh:{tlsh_of(LONG)}"),
    ]
    [near], [url] = told["texts"], told["urls"]
    assert (near["bank"], near["label"], near["means"]) == ("waves", "wave 7", "near")
    assert text[near["start"] : near["end"]] == SPAM
    assert (url["means"], url["entry"]) == ("url", rows[1]["id"])
    assert [match["means"] for match in long["texts"]] == ["tlsh"]
    listed = http.get("/v1/banks/waves/entries").json()["entries"]
    assert [entry["kind"] for entry in listed] == ["text", "url", "text"]
    assert (listed[0]["note"], listed[0]["labels"]) == ("seen twice", ["x"])


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ({"text": "?!"}, "/entries/1/text"),
        ({"url": "not a url"}, "/entries/1/url"),
        ({"tlsh": "T1"}, "/entries/1/tlsh"),
        ({}, "/entries/1"),
        ({"text": "a", "url": "b.example"}, "/entries/1"),
    ],
)
def test_an_entry_that_could_not_match_is_named_and_none_is_added(
    http: TestClient, entry: dict[str, str], pointer: str
) -> None:
    refused = http.post("/v1/banks/waves/words", json={"entries": [{"text": SPAM}, entry]})

    assert refused.status_code == 400
    assert refused.json()["pointer"] == pointer
    assert refused.json()["hint"]
    assert http.get("/v1/banks/waves/entries").json()["entries"] == []


def test_words_for_a_bank_that_is_not_there_are_refused(http: TestClient) -> None:
    refused = http.post("/v1/banks/wavs/words", json={"entries": [{"text": SPAM}]})

    assert refused.status_code == 404
    assert "waves" in refused.json()["hint"]


def test_a_file_of_words_is_read_line_by_line(tmp_path: Path) -> None:
    from fieldfare.cli.words import _lines  # the reader alone; commands are tried whole elsewhere

    file = tmp_path / "urls.txt"
    file.write_text("# known\nevil.example\n\n  bad.example/a \n#hash\n", "utf-8")

    assert list(_lines(file)) == ["evil.example", "bad.example/a", "#hash"]
