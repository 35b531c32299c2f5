"""The match debugger without a browser: what matches, why, and what only just does not."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from fieldfare.access import RoleName
from fieldfare.engine.banks import KnownPiece, add_to_bank
from fieldfare.engine.word_entries import known_piece
from fieldfare.matching.fingerprints import FrameTable, pack_frames
from fieldfare.matching.repositories import BankRecord, EntryHashes
from fieldfare.testing.clips import Clip, texture
from fieldfare.testing.sites import Caller, Site

JSON, HTML = {"accept": "application/json"}, {"accept": "text/html"}
BITS = np.random.default_rng(5).integers(0, 256, 32).astype(np.uint8)


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


@pytest.fixture
def reader(site: Site) -> Caller:
    return site.signed_in("reader", RoleName.REVIEWER)


def a_bank(site: Site, bank: BankRecord, *pieces: KnownPiece) -> None:
    store = site.community.platform.store
    store.write(lambda uow: uow.banks.put(bank))
    store.write(lambda uow: add_to_bank(uow, bank.org, bank.name, pieces, by="test"))


def a_record(site: Site, name: str, policy: str = "VE.TERROR") -> BankRecord:
    return BankRecord(org=site.community.org, name=name, policy=policy, vetted=True)


def a_picture(seed: int) -> bytes:
    file = BytesIO()
    Image.fromarray(texture(Clip(width=256, height=256, seed=seed), 0)).save(file, "PNG")
    return file.getvalue()


def a_piece(bits: np.ndarray[tuple[int], np.dtype[np.uint8]], label: str) -> KnownPiece:
    table = FrameTable.of(np.zeros(1), bits[None], np.array([100], np.uint8))
    return KnownPiece(label=label, frames=1, hashes=EntryHashes(frames=pack_frames(table)))


def flipped(count: int) -> str:
    """Give BITS with some of its bits the other way, as hex."""
    bits = np.unpackbits(BITS)
    bits[:count] ^= 1
    return np.packbits(bits).tobytes().hex()


def test_a_file_is_shown_with_the_pair_of_frames_it_matches_by(
    client: TestClient, reader: Caller, site: Site
) -> None:
    name, picture = "pond.png", a_picture(3)
    a_bank(
        site, a_record(site, "files"), site.community.platform.known_file(name, BytesIO(picture))
    )
    mirrored = BytesIO()
    Image.open(BytesIO(picture)).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mirrored, "PNG")
    files = {"file": ("mirrored.png", BytesIO(mirrored.getvalue()), "image/png")}

    twin = client.post("/match/file", files=files, headers={**reader.headers, **JSON}).json()

    (match,) = [each for each in twin["matches"] if each["bank"] == "files"]
    assert (match["label"], match["means"], match["transform"]) == ("pond.png", "pdq", "mirrored")
    assert match["distance"] <= match["radius"] == 31
    (pair,) = match["pairs"]
    assert pair["query"]["set"].count("M") > 60
    assert pair["query"]["differ"].count("M") == pair["distance"] == match["distance"]
    assert twin["hashed"]["name"] == "mirrored.png"


def test_a_frame_that_only_just_misses_says_which_threshold(
    client: TestClient, reader: Caller, site: Site
) -> None:
    bank = replace(a_record(site, "strict"), radius=10)
    a_bank(site, bank, a_piece(BITS, "a frame"))

    twin = client.post(
        "/match/hash", data={"hash": flipped(14)}, headers={**reader.headers, **JSON}
    ).json()
    page = client.post(
        "/match/hash", data={"hash": flipped(14)}, headers={**reader.headers, **HTML}
    ).text
    within = client.post(
        "/match/hash", data={"hash": flipped(9)}, headers={**reader.headers, **JSON}
    ).json()

    (near,) = [each for each in twin["near"] if each["bank"] == "strict"]
    assert near["why"] == ["its nearest frame differs in 14 bits, the bank takes 10"]
    assert "differs in 14 bits, the bank takes 10" in page
    assert [each["distance"] for each in within["matches"] if each["bank"] == "strict"] == [9]


def test_nothing_of_child_safety_is_pictured_not_even_hashes(
    client: TestClient, reader: Caller, site: Site
) -> None:
    bits = BITS ^ np.uint8(255)
    a_bank(site, a_record(site, "sealed", "CS.CSAM"), a_piece(bits, "an entry"))
    asked = {"hash": bits.tobytes().hex()}

    twin = client.post("/match/hash", data=asked, headers={**reader.headers, **JSON}).json()
    page = client.post("/match/hash", data=asked, headers={**reader.headers, **HTML}).text

    (match,) = [each for each in twin["matches"] if each["bank"] == "sealed"]
    assert match["has_no_pictures"] is True
    shown = ("query", "reference", "query_still", "reference_still")
    assert [[pair[each] for each in shown] for pair in match["pairs"]] == [[None] * 4]
    assert "hash-grid" not in page
    assert "No frames are compared here" in page


def test_a_text_is_looked_up_with_the_urls_in_it(
    client: TestClient, reader: Caller, site: Site
) -> None:
    text = known_piece("come to the old bridge at nine and bring your friends", is_url=False)
    url = known_piece("https://clips.example/watch/7", is_url=True)
    a_bank(site, a_record(site, "words"), text, url)
    asked = {
        "text": "Come to the OLD bridge at nine and bring your friends clips[.]example/watch/7"
    }

    twin = client.post("/match/text", data=asked, headers={**reader.headers, **JSON}).json()

    assert {(each["bank"], each["means"]) for each in twin["words"]} >= {("words", "url")}
    assert any(each["means"] in {"near", "exact"} for each in twin["words"])


def test_banks_that_were_not_asked_say_why(client: TestClient, reader: Caller, site: Site) -> None:
    a_bank(site, replace(a_record(site, "silent"), enabled=False), a_piece(BITS, "off"))

    for path, asked in (("/match/hash", {"hash": flipped(0)}), ("/match/text", {"text": "x"})):
        twin = client.post(path, data=asked, headers={**reader.headers, **JSON}).json()

        assert {"name": "silent", "why": "the bank is off"} in twin["silent"]


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/match/hash", {"hash": ""}, "Paste a hash."),
        ("/match/hash", {"hash": f"{'a' * 64}\nxyz"}, "Line 2 is no hash"),
        ("/match/hash", {"hash": "0,x,abc,1"}, "Line 1 is no hash"),
        ("/match/hash", {"hash": f"0,100,{'a' * 64},nan"}, "Line 1 is no hash"),
        ("/match/hash", {"hash": f"0,100,{'a' * 64},1e300"}, "Line 1 is no hash"),
        ("/match/text", {"text": "  "}, "Paste a text"),
    ],
)
def test_what_cannot_be_looked_up_is_said_and_kept(
    client: TestClient, reader: Caller, path: str, fields: dict[str, str], said: str
) -> None:
    page = client.post(path, data=fields, headers={**reader.headers, **HTML})
    program = client.post(path, data=fields, headers={**reader.headers, **JSON})

    assert page.status_code == program.status_code == 400
    assert said in page.text
    assert said in program.json()["detail"]


def test_hashes_in_vpdq_lines_are_the_frames_of_one_video(
    client: TestClient, reader: Caller
) -> None:
    lines = "\n".join(f"{n},100,{flipped(n * 20)},{n * 0.5:.3f}" for n in range(4))

    twin = client.post("/match/hash", data={"hash": lines}, headers={**reader.headers, **JSON})

    hashed = twin.json()["hashed"]
    assert [frame["t"] for frame in hashed["frames"]] == [0.0, 0.5, 1.0, 1.5]
    assert hashed["sha256"] == ""


def test_a_file_that_is_none_says_so_and_matches_nothing(
    client: TestClient, reader: Caller
) -> None:
    files = {"file": ("noise.mp4", BytesIO(b"no clip" * 100), "video/mp4")}

    page = client.post("/match/file", files=files, headers={**reader.headers, **HTML})
    nothing = client.post("/match/file", headers={**reader.headers, **HTML})

    assert page.status_code == 200
    assert "It cannot be looked at" in page.text
    assert nothing.status_code == 400
    assert "No file was chosen." in nothing.text
