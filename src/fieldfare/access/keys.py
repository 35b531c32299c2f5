"""API keys `ff_<id>_<secret>`: made once, shown once, stored as the SHA-256 of the secret.

A request's key flows in, a Principal flows out. Keys that were found are kept for two seconds, so
that a busy host does not pay a read of the store for each call; `forget` drops one at once.
"""

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from fieldfare.access.principals import Principal, principal_of_key
from fieldfare.access.repositories import ApiKey, Scope
from fieldfare.kernel import Clock, NotSignedIn, Org

_KEY: Final = re.compile(r"ff_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_KEPT_MS: Final = 2_000
_KEPT_KEYS: Final = 1_024


def make_key(
    org: Org, *, scopes: Iterable[Scope], note: str, created_at: int
) -> tuple[str, ApiKey]:
    """Draw a key: the text to hand over, which cannot be had again, and the record to store."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    record = ApiKey(
        org=org,
        id=key_id,
        secret_sha256=_sha256(secret),
        scopes=frozenset(scopes),
        note=note,
        created_at=created_at,
    )
    return f"ff_{key_id}_{secret}", record


def authenticate_key(
    text: str, find: Callable[[str], ApiKey | None], /, *, now_ms: int
) -> Principal:
    """Tell whose key this is. `find` looks a key up by its public id.

    Raises NotSignedIn in the same words for a malformed, unknown, wrong or revoked key. The secret
    is compared in constant time, also when the id is unknown.
    """
    match = _KEY.fullmatch(text)
    key_id, secret = match.groups() if match else ("", "")
    key = find(key_id) if key_id else None
    expected = key.secret_sha256 if key else _sha256("")
    fits = hmac.compare_digest(_sha256(secret), expected)
    revoked = key is not None and key.revoked_at is not None and key.revoked_at <= now_ms
    if key is None or not fits or revoked:
        raise NotSignedIn(
            "The API key is not valid.",
            hint="Send `Authorization: Bearer ff_<id>_<secret>` with a key that was not revoked.",
        )
    return principal_of_key(key)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Kept:
    key: ApiKey
    until: int


class KeyRing:
    """Authenticates keys over a lookup that costs, remembering found keys for two seconds.

    A key revoked elsewhere stops working within those two seconds. Safe to use from any thread.
    """

    def __init__(self, find: Callable[[str], ApiKey | None], *, clock: Clock) -> None:
        self._find = find
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def authenticate(self, text: str) -> Principal:
        """Tell whose key this is; raise NotSignedIn as `authenticate_key` does."""
        return authenticate_key(text, self._look_up, now_ms=self._clock.now_ms())

    def knows(self, text: str) -> bool:
        """Say whether the key can be judged without asking the store."""
        match = _KEY.fullmatch(text)
        return match is None or self._fresh(match[1]) is not None

    def forget(self, key_id: str) -> None:
        with self._lock:
            self._kept.pop(key_id, None)

    def _fresh(self, key_id: str) -> ApiKey | None:
        with self._lock:
            kept = self._kept.get(key_id)
        return kept.key if kept and self._clock.now_ms() < kept.until else None

    def _look_up(self, key_id: str) -> ApiKey | None:
        fresh = self._fresh(key_id)
        if fresh is not None:
            return fresh
        key = self._find(key_id)
        if key is not None:
            with self._lock:
                if len(self._kept) >= _KEPT_KEYS:
                    self._kept.clear()
                self._kept[key_id] = _Kept(key, self._clock.now_ms() + _KEPT_MS)
        return key
