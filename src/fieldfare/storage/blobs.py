"""Blobs in files, encrypted at rest under the person's data key.

Bytes flow in as a stream and are written chunk by chunk; they flow out through a memory file that
nobody can write to any more, so that a sealed child gets a descriptor and no path. The layout is
<root>/<org>/<pseudonym>/<first two digits>/<sha256>.

A file is a header (magic, salt of 16 bytes) and chunks of 1 MiB, each AES-256-GCM under a key of
this file alone: HMAC-SHA256(data key, "fieldfare/blob" || salt). The nonce is the number of the
chunk and whether it is the last (STREAM, Hoang et al. 2015), so that no chunk can be left out.
"""

import fcntl
import hashlib
import hmac
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fieldfare.kernel import BadInput, NotFound, Org
from fieldfare.ledger.keys import ORGANISATION, DataKey, Vault
from fieldfare.ledger.repositories import DataKeys
from fieldfare.records import MediaRef, Subject

T = TypeVar("T")
CHUNK_BYTES: Final = 1 << 20
TAG_BYTES: Final = 16
SALT_BYTES: Final = 16
MAGIC: Final = b"FFB1"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FOLDER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_OWN: Final = "_organisation"


class KeyUnit(Protocol):
    """The part of a unit of work that blobs need."""

    @property
    def data_keys(self) -> DataKeys: ...


class KeyStore(Protocol):
    """The store as blobs see it."""

    def read(self, work: Callable[[KeyUnit], T], /) -> T: ...

    def write(self, work: Callable[[KeyUnit], T], /) -> T: ...


class FileBlobs:
    """`ingest.blobs.Blobs` in a folder. Safe to use from any thread and process."""

    def __init__(self, root: Path, vault: Vault, store: KeyStore) -> None:
        self._root = root
        self._vault = vault
        self._store = store

    def put(
        self,
        org: Org,
        person: Subject | None,
        stream: BinaryIO,
        /,
        *,
        name: str = "",
        content_type: str = "",
    ) -> MediaRef:
        owner = self._owner(org, person)
        key = self._writing_key(org, owner)
        folder = self._folder(org, owner)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(prefix=".new-", dir=folder)
        fresh = Path(path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                sha256, size = _encrypt(stream, file, key)
                file.flush()
                os.fsync(file.fileno())
            _settle(fresh, folder / sha256[:2] / sha256)
        finally:
            fresh.unlink(missing_ok=True)
        return MediaRef(sha256=sha256, size=size, name=name, content_type=content_type)

    def open(self, org: Org, person: Subject | None, sha256: str, /) -> int:
        descriptor = os.memfd_create("media", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            for chunk in self._chunks(org, person, sha256):
                _write_all(descriptor, chunk)
            os.lseek(descriptor, 0, os.SEEK_SET)
            seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def read(self, org: Org, person: Subject | None, sha256: str, /) -> bytes:
        return b"".join(self._chunks(org, person, sha256))

    def exists(self, org: Org, person: Subject | None, sha256: str, /) -> bool:
        return self._path(org, person, sha256).is_file()

    def delete(self, org: Org, person: Subject | None, sha256: str, /) -> bool:
        try:
            self._path(org, person, sha256).unlink()
        except FileNotFoundError:
            return False
        return True

    def delete_person(self, org: Org, person: Subject, /) -> int:
        folder = self._folder(org, self._owner(org, person))
        count = sum(1 for path in folder.rglob("*") if path.is_file())
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
        return count

    def _chunks(self, org: Org, person: Subject | None, sha256: str) -> Iterator[bytes]:
        """Give the clear chunks; the last one only after the whole was found to be what it is."""
        path, owner = self._path(org, person, sha256), self._owner(org, person)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise NotFound(f"there is no blob {sha256}", hint="Was it posted here?") from None
        with file:
            key = self._store.read(lambda unit: self._vault.reading_key(unit.data_keys, org, owner))
            if key is None:
                raise NotFound(f"blob {sha256} was erased", hint="Its owner's key was destroyed.")
            yield from _decrypt(file, key, sha256)

    def _owner(self, org: Org, person: Subject | None) -> str:
        return ORGANISATION if person is None else self._vault.pseudonym(org, person)

    def _writing_key(self, org: Org, owner: str) -> DataKey:
        """Find or make the key; a new one is durable before anything is encrypted under it."""
        known = self._store.read(lambda unit: self._vault.reading_key(unit.data_keys, org, owner))
        return known or self._store.write(
            lambda unit: self._vault.writing_key(unit.data_keys, org, owner)
        )

    def _path(self, org: Org, person: Subject | None, sha256: str) -> Path:
        if _SHA256.fullmatch(sha256) is None:
            raise BadInput(f"{sha256[:80]!r} is no SHA-256", hint="It has 64 lower-case digits.")
        return self._folder(org, self._owner(org, person)) / sha256[:2] / sha256

    def _folder(self, org: Org, owner: str) -> Path:
        if _FOLDER.fullmatch(org) is None:
            raise BadInput(
                f"organisation {org[:80]!r} cannot keep media",
                hint="Its name may have 64 letters, digits, dots, hyphens and underscores.",
            )
        return self._root / org / (owner or _OWN)


def _encrypt(stream: BinaryIO, file: BinaryIO, key: DataKey) -> tuple[str, int]:
    salt = os.urandom(SALT_BYTES)
    cipher = _cipher(key, salt)
    file.write(MAGIC + salt)
    digest, size, number = hashlib.sha256(), 0, 0
    chunk = _full_chunk(stream)
    while True:
        following = _full_chunk(stream)
        digest.update(chunk)
        size += len(chunk)
        file.write(cipher.encrypt(_nonce(number, is_last=not following), chunk, None))
        if not following:
            return digest.hexdigest(), size
        chunk, number = following, number + 1


def _decrypt(file: BinaryIO, key: DataKey, sha256: str) -> Iterator[bytes]:
    header = file.read(len(MAGIC) + SALT_BYTES)
    if not header.startswith(MAGIC):
        raise _damaged(sha256)
    cipher = _cipher(key, header[len(MAGIC) :])
    digest, number = hashlib.sha256(), 0
    sealed = file.read(CHUNK_BYTES + TAG_BYTES)
    while True:
        following = file.read(CHUNK_BYTES + TAG_BYTES)
        try:
            chunk = cipher.decrypt(_nonce(number, is_last=not following), sealed, None)
        except (InvalidTag, ValueError):
            raise _damaged(sha256) from None
        digest.update(chunk)
        if not following and digest.hexdigest() != sha256:
            raise _damaged(sha256)
        yield chunk
        if not following:
            return
        sealed, number = following, number + 1


def _cipher(key: DataKey, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key.secret, b"fieldfare/blob" + salt, "sha256"))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _full_chunk(stream: BinaryIO) -> bytes:
    """Read a whole chunk, also from a stream that gives less at a time."""
    parts: list[bytes] = []
    missing = CHUNK_BYTES
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _settle(fresh: Path, path: Path) -> None:
    """Give a finished file its name, and make the name durable."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh.replace(path)
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_all(descriptor: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(descriptor, left) :]


def _damaged(sha256: str) -> NotFound:
    return NotFound(
        f"blob {sha256} is damaged", hint="It was changed on disk; restore it from a backup."
    )
