"""Item kinds and surfaces are data: what an item of a kind carries, and where it may be shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from fieldfare.records import Role

Surface = Literal["feed", "search", "profile", "direct", "live"]
AgeBand = Literal["under13", "13_15", "16_17", "18_plus", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKind:
    """A kind of item. media: whether its bytes are "required", "optional" or "none"."""

    name: str
    roles: frozenset[Role]
    media: Literal["required", "optional", "none"]


_ALWAYS: Final = frozenset({Role.AUTHOR, Role.CREATED_AT, Role.LANGUAGE})


def _kind(name: str, media: Literal["required", "optional", "none"], *roles: Role) -> ItemKind:
    with_media = frozenset({Role.MEDIA}) if media != "none" else frozenset[Role]()
    return ItemKind(name=name, roles=_ALWAYS | with_media | frozenset(roles), media=media)


ITEM_KINDS: Final[Mapping[str, ItemKind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            _kind("video", "required", Role.TEXT, Role.PARENT),
            _kind("photo_set", "required", Role.TEXT),
            _kind("audio", "required", Role.TEXT),
            _kind("sound", "required", Role.TEXT),
            _kind("ad", "optional", Role.TEXT),
            _kind("comment", "none", Role.TEXT, Role.PARENT),
            _kind("message", "optional", Role.TEXT, Role.PARENT),
            _kind("profile", "optional", Role.TEXT),
            _kind("live", "none", Role.TEXT),
            _kind("live_segment", "required", Role.TEXT, Role.PARENT),
            _kind("hashtag", "none", Role.TEXT),
            _kind("search_query", "none", Role.TEXT),
        )
    }
)
"""The kinds of the first version by name."""
