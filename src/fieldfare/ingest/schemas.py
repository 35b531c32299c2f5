"""The shapes hosts send, decoded once with msgspec; unknown fields are refused on write.

`decode_event` and `decode_item` turn bytes into these structs or raise BadInput with a JSON pointer
(RFC 6901) to the field. EVENT_KINDS is the registry: a kind is data with a schema, an operator adds
one with `EventKinds.with_kind`.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, TypeVar

import msgspec

from fieldfare.ingest.kinds import ITEM_KINDS, AgeBand, Surface
from fieldfare.ingest.nul import refuse_nul
from fieldfare.kernel import BadInput, JsonValue, did_you_mean, unix_ms

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Market = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$")]
"""A country (ISO 3166-1, two letters) or a part of one (ISO 3166-2); ZZ where it is not known."""
Words = Annotated[str, msgspec.Meta(max_length=20_000)]
Moment = Annotated[str, msgspec.Meta(max_length=40)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]

StructT = TypeVar("StructT", bound=msgspec.Struct)


class ItemName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item as the host names it."""

    kind: Name
    host_id: Name


class PostedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item as the host posts it. `key` makes a repeated call harmless."""

    POSTED: ClassVar[frozenset[str]] = frozenset({"caption", "text", "hashtags"})
    """What people wrote: taken whatever characters it has."""
    kind: Name
    host_id: Name
    author: Name
    market: Market = "ZZ"
    key: Key | None = None
    caption: Words = ""
    text: Words = ""
    hashtags: Annotated[tuple[Name, ...], msgspec.Meta(max_length=100)] = ()
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""
    occurred_at: Moment | None = None
    parent: ItemName | None = None
    audience: Annotated[str, msgspec.Meta(max_length=40)] = ""
    media_url: Annotated[str, msgspec.Meta(max_length=2_000)] | None = None

    def text_fields(self) -> dict[str, str]:
        """Name the texts people wrote: what signals read and what the version digest covers."""
        fields = {"caption": self.caption, "text": self.text, "hashtags": " ".join(self.hashtags)}
        return {name: words for name, words in fields.items() if words}


class HostEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every event of a host has. `key` is the host's own, unique per organisation."""

    kind: Name
    key: Key
    occurred_at: Moment | None = None


class ItemPosted(HostEvent, frozen=True, kw_only=True):
    item: PostedItem


class ItemDeleted(HostEvent, frozen=True, kw_only=True):
    item: ItemName
    actor: Name | None = None


class ItemViewed(HostEvent, frozen=True, kw_only=True):
    """A window of views of one item: half-open [window_start, window_start + window_s)."""

    item: ItemName
    window_start: Moment
    window_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)]
    views: Count
    watch_ms: Count
    surface: Surface
    market: Market
    age_band: AgeBand
    version: int | None = None


class AccountCreated(HostEvent, frozen=True, kw_only=True):
    actor: Name
    created_at: Moment | None = None
    market: Market = "ZZ"


class AccountChanged(HostEvent, frozen=True, kw_only=True):
    actor: Name
    market: Market = "ZZ"


class AccountDeleted(HostEvent, frozen=True, kw_only=True):
    actor: Name


class Follow(HostEvent, frozen=True, kw_only=True):
    actor: Name
    account: Name


class ItemTouched(HostEvent, frozen=True, kw_only=True):
    """A like or a share."""

    actor: Name
    item: ItemName


class ReportFiled(HostEvent, frozen=True, kw_only=True):
    """A user's report. at_s: where in the media, in seconds."""

    POSTED: ClassVar[frozenset[str]] = frozenset({"text"})
    item: ItemName
    reporter: Name
    reason: Name
    text: Words = ""
    at_s: Annotated[float, msgspec.Meta(ge=0)] | None = None


class EffectAcknowledged(HostEvent, frozen=True, kw_only=True):
    effect: Name
    carried_out: bool = True


class EventKinds:
    """The registry of what hosts may send: kind -> schema. A value; `with_kind` gives a new one."""

    def __init__(self, schemas: Mapping[str, type[HostEvent]]) -> None:
        self.schemas = MappingProxyType(dict(schemas))
        self._decoders = {kind: msgspec.json.Decoder(s) for kind, s in self.schemas.items()}

    def with_kind(self, kind: str, schema: type[HostEvent]) -> "EventKinds":
        return EventKinds({**self.schemas, kind: schema})

    def decode(self, raw: bytes | msgspec.Raw) -> HostEvent:
        """Decode one event. Raises BadInput with a pointer to what is wrong."""
        kind = decode(_KIND, raw).kind
        decoder = self._decoders.get(kind)
        if decoder is None:
            hint = did_you_mean(kind, self.schemas) or f"Known kinds: {', '.join(self.schemas)}."
            raise BadInput(f"{kind!r} is not a kind of event", hint=hint, pointer="/kind")
        return decode(decoder, raw)


class _Kind(msgspec.Struct, frozen=True):
    kind: str


_KIND: Final = msgspec.json.Decoder(_Kind)
_ITEM: Final = msgspec.json.Decoder(PostedItem)
_PATH: Final = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")

EVENT_KINDS: Final = EventKinds(
    {
        "item.posted": ItemPosted,
        "item.changed": ItemPosted,
        "item.deleted": ItemDeleted,
        "item.viewed": ItemViewed,
        "account.created": AccountCreated,
        "account.changed": AccountChanged,
        "account.deleted": AccountDeleted,
        "follow": Follow,
        "like": ItemTouched,
        "share": ItemTouched,
        "report.filed": ReportFiled,
        "effect.acknowledged": EffectAcknowledged,
    }
)
"""What hosts may send in the first version."""


def decode(decoder: "msgspec.json.Decoder[StructT]", raw: bytes | msgspec.Raw) -> StructT:
    """Decode and translate msgspec's complaint into BadInput with a JSON pointer.

    U+0000 is refused but in what people posted (`ingest.nul`).
    """
    try:
        found = decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _mended(str(error)) from None
    except msgspec.DecodeError as error:
        raise BadInput(f"not JSON: {error}", hint="Send UTF-8 encoded JSON.") from None
    except RecursionError:
        raise BadInput("nested too deeply", hint="No event of ours has depths.") from None
    except UnicodeDecodeError:
        raise BadInput("not UTF-8", hint="Send UTF-8 encoded JSON.") from None
    refuse_nul(found, raw)
    return found


def decode_item(raw: bytes | msgspec.Raw) -> PostedItem:
    """Decode an item and check its kind and moment. Raises BadInput with a pointer."""
    return checked_item(decode(_ITEM, raw))


def checked_item(item: PostedItem, *, at: str = "") -> PostedItem:
    """Check what a type cannot say. `at` is the pointer of the item in what was sent."""
    if item.kind not in ITEM_KINDS:
        hint = did_you_mean(item.kind, ITEM_KINDS) or f"Known kinds: {', '.join(ITEM_KINDS)}."
        raise BadInput(f"{item.kind!r} is not a kind of item", hint=hint, pointer=f"{at}/kind")
    moment(item.occurred_at, pointer=f"{at}/occurred_at")
    return item


def moment(text: str | None, *, pointer: str) -> int | None:
    """Read an RFC 3339 moment as ms since 1970. Raises BadInput naming the field."""
    if text is None:
        return None
    try:
        return unix_ms(text)
    except (ValueError, OverflowError):
        raise BadInput(
            f"{text!r} is not an RFC 3339 moment with an offset",
            hint="Write it as in 2026-11-22T09:30:00Z.",
            pointer=pointer,
        ) from None


def as_json(struct: msgspec.Struct) -> dict[str, JsonValue]:
    """Turn a struct into plain JSON values, leaving out what was not said."""
    built = msgspec.to_builtins(struct)
    return {name: value for name, value in built.items() if value not in (None, "", [])}


def _mended(complaint: str) -> BadInput:
    found = _PATH.search(complaint)
    path = found["path"] if found else ""
    pointer = path.replace("[", "/").replace("]", "").replace(".", "/")
    what = complaint[: found.start()] if found else complaint
    unknown = re.search(r"unknown field `(?P<name>[^`]+)`", what)
    if unknown:
        pointer = f"{pointer}/{unknown['name']}"
        return BadInput(what, hint="Leave the field out; see /openapi.json.", pointer=pointer)
    return BadInput(what, hint="See /openapi.json for the shape.", pointer=pointer)
