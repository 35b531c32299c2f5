"""Subjects: what a decision is about, an item or an account, named as the host names it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ACCOUNT: Final = "account"
"""The kind of the subjects that are people's accounts; every other kind is an item."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An item or an account: its kind and the host platform's own id for it."""

    kind: str
    host_id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.host_id}"


class Role(StrEnum):
    """What a field of an item kind is for; kinds are data, roles are what code relies on."""

    AUTHOR = "author"
    TEXT = "text"
    MEDIA = "media"
    PARENT = "parent"
    CREATED_AT = "created_at"
    LANGUAGE = "language"
