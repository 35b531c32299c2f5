"""Blobs in files: what goes in comes out sealed, and nobody reads it once its key is gone."""

import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldfare.ingest.blobs import Blobs
from fieldfare.kernel import BadInput, NotFound, Org
from fieldfare.ledger import Vault, erase
from fieldfare.records import MediaRef, Subject
from fieldfare.storage import FileBlobs, SqlStore
from fieldfare.storage.blobs import CHUNK_BYTES

MAIN, OTHER = Org("main"), Org("other")
ANNA, BEA = Subject("account", "anna"), Subject("account", "bea")


@pytest.fixture
def backend() -> str:
    """Keys are the only thing blobs ask of a store, and those have their own contract."""
    return "sqlite"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(root: Path, store: SqlStore, vault: Vault) -> FileBlobs:
    return FileBlobs(root, vault, store)


class Drips(io.BytesIO):
    """A stream that gives a few bytes at a time, as sockets do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 100_003))


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]
)
def test_what_goes_in_comes_out(blobs: FileBlobs, root: Path, size: int) -> None:
    body = bytes(n % 251 for n in range(1000)) * (size // 1000 + 1)
    body = body[:size]
    protocol: Blobs = blobs

    ref = protocol.put(MAIN, ANNA, Drips(body), name="a.mp4", content_type="video/mp4")

    assert ref == MediaRef(
        sha256=hashlib.sha256(body).hexdigest(),
        size=size,
        name="a.mp4",
        content_type="video/mp4",
    )
    assert blobs.read(MAIN, ANNA, ref.sha256) == body
    descriptor = blobs.open(MAIN, ANNA, ref.sha256)
    with os.fdopen(descriptor, "rb") as file:
        assert file.read() == body
    (path,) = files(root)
    assert path.name == ref.sha256
    assert "anna" not in str(path)
    assert size < 100 or body[:100] not in path.read_bytes()


def test_an_open_blob_cannot_be_written(blobs: FileBlobs) -> None:
    ref = blobs.put(MAIN, ANNA, io.BytesIO(b"blorp"))
    descriptor = blobs.open(MAIN, ANNA, ref.sha256)

    with os.fdopen(descriptor, "rb") as file:
        with pytest.raises(PermissionError):
            os.write(file.fileno(), b"x")
        with pytest.raises(PermissionError):
            os.ftruncate(file.fileno(), 0)
        assert file.read() == b"blorp"


def test_the_same_bytes_are_kept_once_a_person(blobs: FileBlobs, root: Path) -> None:
    for person in (ANNA, ANNA, BEA, None):
        blobs.put(MAIN, person, io.BytesIO(b"blorp"))

    assert len(files(root)) == 3


def test_a_blob_is_its_owners_alone(blobs: FileBlobs) -> None:
    ref = blobs.put(MAIN, ANNA, io.BytesIO(b"blorp"))

    assert blobs.exists(MAIN, ANNA, ref.sha256)
    for org, person in ((MAIN, BEA), (MAIN, None), (OTHER, ANNA)):
        assert not blobs.exists(org, person, ref.sha256)
        with pytest.raises(NotFound):
            blobs.open(org, person, ref.sha256)


def test_one_blob_goes_and_the_others_stay(blobs: FileBlobs) -> None:
    one, other = (blobs.put(MAIN, ANNA, io.BytesIO(body)).sha256 for body in (b"a", b"b"))

    assert blobs.delete(MAIN, ANNA, one) is True

    assert blobs.delete(MAIN, ANNA, one) is False
    assert not blobs.exists(MAIN, ANNA, one)
    assert blobs.read(MAIN, ANNA, other) == b"b"


def test_an_erasure_takes_the_blobs(
    blobs: FileBlobs, root: Path, store: SqlStore, vault: Vault
) -> None:
    mine = blobs.put(MAIN, ANNA, io.BytesIO(b"blorp"))
    theirs = blobs.put(MAIN, BEA, io.BytesIO(b"fnark"))

    store.write(lambda uow: erase(uow, vault, MAIN, ANNA))
    with pytest.raises(NotFound, match="erased"):
        blobs.read(MAIN, ANNA, mine.sha256)
    deleted = blobs.delete_person(MAIN, ANNA)

    assert deleted == 1
    assert [path.name for path in files(root)] == [theirs.sha256]
    assert blobs.delete_person(MAIN, ANNA) == 0
    assert blobs.read(MAIN, BEA, theirs.sha256) == b"fnark"


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)
@given(place=st.integers(0, 2 * CHUNK_BYTES), cut=st.booleans())
def test_a_damaged_file_gives_nothing(
    blobs: FileBlobs, root: Path, *, place: int, cut: bool
) -> None:
    ref = blobs.put(MAIN, ANNA, io.BytesIO(b"ab" * CHUNK_BYTES))
    (path,) = files(root)
    body = bytearray(path.read_bytes())
    place %= len(body)
    if cut:
        del body[place:]
    else:
        body[place] ^= 1
    path.write_bytes(body)

    with pytest.raises(NotFound):
        blobs.read(MAIN, ANNA, ref.sha256)


def test_a_whole_chunk_cannot_be_cut_off(blobs: FileBlobs, root: Path) -> None:
    ref = blobs.put(MAIN, ANNA, io.BytesIO(b"a" * 2 * CHUNK_BYTES))
    (path,) = files(root)
    path.write_bytes(path.read_bytes()[: -(CHUNK_BYTES + 16)])

    with pytest.raises(NotFound, match="damaged"):
        blobs.read(MAIN, ANNA, ref.sha256)


def test_a_stream_that_breaks_leaves_nothing(blobs: FileBlobs, root: Path) -> None:
    class Breaks(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("gone")
            return super().read(min(size or 0, 10))

    with pytest.raises(OSError, match="gone"):
        blobs.put(MAIN, ANNA, Breaks(b"a" * 100))

    assert files(root) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_name_that_is_no_digest_is_refused(blobs: FileBlobs, name: str) -> None:
    with pytest.raises(BadInput):
        blobs.read(MAIN, ANNA, name)


@pytest.mark.parametrize("org", ["", "..", ".hidden", "a/b", "a" * 65])
def test_an_organisation_that_is_no_folder_is_refused(blobs: FileBlobs, org: str) -> None:
    with pytest.raises(BadInput):
        blobs.put(Org(org), ANNA, io.BytesIO(b"x"))
