"""Snapshots of counters in files, one for each organisation, encrypted under its own key.

Pieces flow in and are written one by one; they flow out again or, if anything about the file is not
as it was written, nothing does: a snapshot only saves reading the log. A file is a header (magic,
salt of 16 bytes) and pieces, each its length and AES-256-GCM under a key of this file alone. The
nonce is the number of the piece and whether it is the last (STREAM, Hoang et al. 2015).
"""

import hmac
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fieldfare.kernel import Org
from fieldfare.ledger.keys import Vault

MAGIC: Final = b"FFC1"
SALT_BYTES: Final = 16
LENGTH_BYTES: Final = 4
LARGEST: Final = 1 << 28
_SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class FileSnapshots:
    """`engine.Snapshots` in a folder. A save replaces the file of before whole or not at all."""

    def __init__(self, root: Path, vault: Vault) -> None:
        self._root = root
        self._vault = vault

    def save(self, org: Org, pieces: Iterable[bytes], /) -> int:
        """Write the pieces, durable once this returns; gives the size in bytes."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Of one name, so that those of killed processes do not pile up: one process saves.
        fresh = self._path(org).with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                self._write(org, pieces, file)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            fresh.replace(self._path(org))
            self._settle()
        finally:
            fresh.unlink(missing_ok=True)
        return size

    def load(self, org: Org, /) -> list[bytes] | None:
        """Give the pieces of the last save; None if there is none or it is damaged."""
        try:
            with self._path(org).open("rb") as file:
                return list(self._read(org, file))
        except (OSError, InvalidTag, EOFError):
            return None

    def drop(self, org: Org, /) -> None:
        """Delete the snapshot: what it holds is not to be kept."""
        with suppress(FileNotFoundError):
            self._path(org).unlink()
            self._settle()

    def _write(self, org: Org, pieces: Iterable[bytes], file: BinaryIO) -> None:
        salt = os.urandom(SALT_BYTES)
        cipher = self._cipher(org, salt)
        file.write(MAGIC + salt)
        waiting: bytes | None = None
        number = 0
        for piece in pieces:
            if waiting is not None:
                _put(file, cipher.encrypt(_nonce(number, is_last=False), waiting, None))
                number += 1
            waiting = piece
        _put(file, cipher.encrypt(_nonce(number, is_last=True), waiting or b"", None))

    def _read(self, org: Org, file: BinaryIO) -> Iterator[bytes]:
        header = file.read(len(MAGIC) + SALT_BYTES)
        if not header.startswith(MAGIC):
            raise EOFError
        cipher = self._cipher(org, header[len(MAGIC) :])
        sealed, number = _get(file), 0
        while sealed:
            following = _get(file)
            yield cipher.decrypt(_nonce(number, is_last=not following), sealed, None)
            sealed, number = following, number + 1
        if not number:
            raise EOFError

    def _cipher(self, org: Org, salt: bytes) -> AESGCM:
        secret = self._vault.of_organisation(org).secret
        return AESGCM(hmac.digest(secret, b"fieldfare/counters" + salt, "sha256"))

    def _path(self, org: Org) -> Path:
        name = org if _SAFE.fullmatch(org) else org.encode("utf-8", "surrogatepass").hex()
        return self._root / f"{name}.counters"

    def _settle(self) -> None:
        """Make the names in the folder durable."""
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _put(file: BinaryIO, sealed: bytes) -> None:
    file.write(len(sealed).to_bytes(LENGTH_BYTES, "big") + sealed)


def _get(file: BinaryIO) -> bytes:
    """Read the next sealed piece; nothing at the end of the file."""
    length = file.read(LENGTH_BYTES)
    size = int.from_bytes(length, "big")
    if length and (len(length) < LENGTH_BYTES or not 0 < size <= LARGEST):
        raise EOFError
    sealed = file.read(size)
    if len(sealed) < size:
        raise EOFError
    return sealed


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")
