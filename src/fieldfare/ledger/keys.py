"""Keys: what makes a person forgettable.

In flow payloads in clear, out flow ciphertexts under a data key of that person's own; the data keys
themselves are stored wrapped by one master key that never enters the database. Destroying a data
key makes everything under it unreadable, in backups too. Rows of the log name people by keyed
pseudonyms only.
"""

import base64
import binascii
import hmac
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldfare.kernel import BadInput, NotFound, Org
from fieldfare.ledger.repositories import DataKeys
from fieldfare.records import Subject

MASTER_KEY_VARIABLE: Final = "FIELDFARE_MASTER_KEY"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
PSEUDONYM_DIGITS: Final = 32
ORGANISATION: Final = ""
"""The pseudonym under which an organisation keeps what belongs to no person."""
ERASED: Final = "erased"
"""The kind of a subject whose host id is gone; its host_id is the pseudonym itself."""


def create_key_file(path: Path, /) -> bytes:
    """Write 32 random bytes, base64, readable by their owner alone. Raises FileExistsError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = os.urandom(KEY_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def load_key(path: Path, variable: str, environ: Mapping[str, str] | None = None, /) -> bytes:
    """Read 32 bytes of base64 from the environment, else from the file.

    Raises NotFound if neither is there and BadInput if the text is no such key.
    """
    text = (os.environ if environ is None else environ).get(variable)
    source = variable
    if text is None:
        source = str(path)
        try:
            text = path.read_text("ascii")
        except FileNotFoundError:
            raise NotFound(
                f"there is no key at {path}", hint=f"Run `fieldfare init` or set {variable}."
            ) from None
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadInput(f"{source} holds no 32 bytes in base64", hint="Restore it from a backup.")
    return key


def load_master_key(home: Path, environ: Mapping[str, str] | None = None, /) -> bytes:
    """Read the master key from FIELDFARE_MASTER_KEY, else from keys/master.key of the home."""
    return load_key(home / "keys" / "master.key", MASTER_KEY_VARIABLE, environ)


class DataKey:
    """A data key ready for use. `secret` is 32 bytes; derive from it, never store it."""

    __slots__ = ("_cipher", "secret")

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self._cipher = AESGCM(secret)

    def encrypt(self, clear: bytes, aad: bytes) -> bytes:
        """Give nonce || ciphertext || tag (AES-256-GCM with a random nonce of 96 bits)."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, aad)

    def decrypt(self, sealed: bytes, aad: bytes) -> bytes | None:
        """Give the clear bytes, or None if they were not sealed under this key and `aad`."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except InvalidTag:
            return None


class Vault:
    """Encrypts and decrypts under data keys, and names people by pseudonyms.

    capacity: data keys held unwrapped in memory. One thread (the writer) fills that cache, any
    thread reads it: a reader on an older snapshot can so never bring back a destroyed key.
    """

    def __init__(self, master: bytes, *, capacity: int = 50_000) -> None:
        if len(master) != KEY_BYTES:
            raise BadInput("a master key has 32 bytes", hint="Run `fieldfare init` to make one.")
        self._master = master
        self._wrapping = AESGCM(master)
        self._capacity = capacity
        self._cache: OrderedDict[tuple[Org, str], DataKey] = OrderedDict()
        self._organisations: dict[Org, tuple[bytes, DataKey]] = {}
        self._lock = threading.Lock()

    def pseudonym(self, org: Org, subject: Subject, /) -> str:
        """Name a subject by 32 hex digits that only the master key can link to it.

        HMAC-SHA256 cut to 128 bits, under a key of the organisation (HKDF, RFC 5869).
        """
        if subject.kind == ERASED:
            return subject.host_id
        secret = self._organisation(org)[0]
        name = f"{subject.kind}\0{subject.host_id}".encode("utf-8", "surrogatepass")
        return hmac.digest(secret, name, "sha256").hex()[:PSEUDONYM_DIGITS]

    def of_organisation(self, org: Org, /) -> DataKey:
        """Give the organisation's own key, for what belongs to no person. It is derived, not
        stored.
        """
        return self._organisation(org)[1]

    def writing_key(self, keys: DataKeys, org: Org, person: str, /) -> DataKey:
        """Give the key of a person (a pseudonym), making and storing one if there is none.

        Only for the thread that owns the writing transaction; if that is rolled back, `forget`.
        """
        if person == ORGANISATION:
            return self.of_organisation(org)
        cached = self._cache.get((org, person))
        if cached is not None:
            self._cache.move_to_end((org, person))
            return cached
        wrapped = keys.get(org, person)
        if wrapped is not None:
            key = self._unwrap(org, person, wrapped)
        else:
            key = self._make(keys, org, person)
        self._remember(org, person, key)
        return key

    def reading_key(self, keys: DataKeys, org: Org, person: str, /) -> DataKey | None:
        """Give the key of a person, or None once it was destroyed. Any thread."""
        if person == ORGANISATION:
            return self.of_organisation(org)
        cached = self._cache.get((org, person))
        if cached is not None:
            return cached
        wrapped = keys.get(org, person)
        return None if wrapped is None else self._unwrap(org, person, wrapped)

    def forget(self, org: Org, person: str, /) -> None:
        """Drop a key from memory: it was destroyed, or its making was rolled back."""
        self._cache.pop((org, person), None)

    def _make(self, keys: DataKeys, org: Org, person: str) -> DataKey:
        secret = os.urandom(KEY_BYTES)
        wrapped = self._wrap(org, person, secret)
        stored = keys.put(org, person, wrapped)
        # Another process may have been first; what is stored is what counts.
        return DataKey(secret) if stored == wrapped else self._unwrap(org, person, stored)

    def _remember(self, org: Org, person: str, key: DataKey) -> None:
        self._cache[org, person] = key
        if len(self._cache) > self._capacity:
            self._cache.popitem(last=False)

    def _wrap(self, org: Org, person: str, secret: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, secret, _owner(org, person))

    def _unwrap(self, org: Org, person: str, wrapped: bytes) -> DataKey:
        nonce, body = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return DataKey(self._wrapping.decrypt(nonce, body, _owner(org, person)))
        except InvalidTag:
            raise BadInput(
                f"a data key of organisation {org!r} does not open with this master key",
                hint="Restore the master key this database was written with.",
            ) from None

    def _organisation(self, org: Org) -> tuple[bytes, DataKey]:
        known = self._organisations.get(org)
        if known is None:
            with self._lock:
                known = (self._derive("pseudonym", org), DataKey(self._derive("data", org)))
                self._organisations[org] = known
        return known

    def _derive(self, purpose: str, org: Org) -> bytes:
        info = f"fieldfare/{purpose}/{org}".encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._master)


def payload_aad(org: Org, event_id: int, /) -> bytes:
    """Name the place of a payload, so that it opens nowhere else."""
    return f"{org}\0{event_id}".encode()


def _owner(org: Org, person: str) -> bytes:
    return f"{org}\0{person}".encode()
