"""Passwords: a clear password flows in, an argon2id hash flows out, and back only as yes or no."""

import functools
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from fieldfare.kernel import BadInput

MIN_PASSWORD_CHARS: Final = 12
MAX_PASSWORD_CHARS: Final = 256
"""Longer ones are refused before hashing: hashing costs, and the caller is not signed in yet."""

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """Hash with argon2id at the library's current recommendation (64 MiB, 3 passes, 4 lanes).

    Raises BadInput for a password under 12 or over 256 characters. Costs about 50 ms.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise BadInput(
            f"A password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters.",
            hint="A few unrelated words make a good one.",
        )
    return _HASHER.hash(password)


def is_password(password: str, password_hash: str) -> bool:
    """Say whether a password belongs to a hash. A hash that cannot be read belongs to none."""
    if len(password) > MAX_PASSWORD_CHARS:
        return False
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


@functools.cache
def hash_of_nobody() -> str:
    """Give a hash nobody's password has, so that an unknown name costs what a known one does."""
    return _HASHER.hash(secrets.token_urlsafe(24))


def make_password() -> str:
    """Draw a password of 120 random bits, to be shown once."""
    return secrets.token_urlsafe(15)
