"""Meta's ThreatExchange, which GIFCT shares through too: indicators of a privacy group.

Source: Graph API, /{privacy group}/threat_updates and reactions to a descriptor. Updates come in
order of their time, which is so the checkpoint. Tombstones are kept for 90 days: whoever was away
for longer has to begin anew. The address of a next page carries the access token, so it is used
and never stored.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching.exchanges.protocol import (
    BASE_URL,
    Asked,
    Checkpoint,
    ExchangeApi,
    ExchangeField,
    ExchangeSetup,
    ExchangeUnreadable,
    OpinionNotTaken,
    OwnOpinion,
    Page,
    SharedRecord,
    Standing,
    short_tags,
)
from fieldfare.matching.exchanges.signals import SignalKind, signal_of

T = TypeVar("T")
SERVICE: Final = "ThreatExchange"
ADDRESS: Final = "https://graph.facebook.com/v9.0"
PAGE_SIZE: Final = 100
STALE_S: Final = 85 * 86_400
LONG_KEY: Final = 200
FIELDS: Final = (
    "indicator,type,last_updated,should_delete,descriptors{id,reactions,owner{id},tags,status}"
)
_KINDS: Final = {
    "HASH_PDQ": SignalKind.PDQ,
    "HASH_MD5": SignalKind.MD5,
    "HASH_VIDEO_MD5": SignalKind.MD5,
    "HASH_SHA256": SignalKind.SHA256,
    "HASH_VIDEO_SHA256": SignalKind.SHA256,
    "HASH_TEXT_TLSH": SignalKind.TLSH,
    "TEXT_STRING": SignalKind.TEXT,
    "URI": SignalKind.URL,
    "RAW_URI": SignalKind.URL,
    "UNCLICKABLE_URL": SignalKind.URL,
}


class _Owner(msgspec.Struct, frozen=True):
    id: str


class _Reaction(msgspec.Struct, frozen=True):
    key: str
    value: str = ""


class _Descriptor(msgspec.Struct, frozen=True):
    id: str
    owner: _Owner
    status: str = ""
    tags: JsonValue = None
    reactions: list[_Reaction] = []


class _Descriptors(msgspec.Struct, frozen=True):
    data: list[_Descriptor] = []


class _Update(msgspec.Struct, frozen=True):
    indicator: str
    type: str
    last_updated: int
    should_delete: bool = False
    descriptors: _Descriptors | None = None


class _Paging(msgspec.Struct, frozen=True):
    next: str = ""


class _Updates(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]
    paging: _Paging = _Paging()


class ThreatExchangeClient:
    def __init__(self, setup: ExchangeSetup) -> None:
        self._ask = setup.ask
        self._base = setup.text("base_url", ADDRESS)
        self._group = str(setup.config.get("privacy_group", ""))
        self._token = setup.secrets.get("api_token", "")
        self._own = self._token.replace("%7C", "|").partition("|")[0]

    def introduce(self) -> str:
        """Ask for the privacy group, which says that the token may read it."""
        params = (("access_token", self._token), ("fields", "id,name"))
        body = self._ask(Asked(method="GET", url=f"{self._base}/{self._group}", params=params))
        told = _decoded(body, dict[str, JsonValue])
        return f"application {self._own}, privacy group {told.get('name', self._group)}"

    def pages(self, checkpoint: Checkpoint | None, /, *, now_s: int) -> Iterator[Page]:
        since, whole, begins = _place_of(checkpoint, now_s)
        url, params = f"{self._base}/{self._group}/threat_updates/", self._params(since)
        while url:
            body = self._ask(Asked(method="GET", url=url, params=params))
            found = _decoded(body, _Updates)
            records, skipped, newest = self._records(found.data)
            since = max(since, newest)
            url, params = self._next(found.paging.next), ()
            yield Page(
                records=records,
                checkpoint={
                    "start_time": since,
                    "fetched_s": now_s,
                    "whole": whole and bool(url),
                },
                at_s=since,
                begins=begins,
                ends=whole and not url,
                last=not url,
                skipped=skipped,
            )
            begins = False

    def tell(self, opinion: OwnOpinion, /) -> None:
        """React to the descriptor: HELPFUL, or DISAGREE_WITH_TAGS."""
        descriptor = opinion.address.get("descriptor", "")
        if not descriptor:
            hint = "Only what somebody described can be reacted to."
            raise OpinionNotTaken("that indicator has no descriptor", hint=hint)
        reaction = "HELPFUL" if opinion.agrees else "DISAGREE_WITH_TAGS"
        self._ask(
            Asked(
                method="POST",
                url=f"{self._base}/{quote(descriptor, safe='')}/",
                params=(("access_token", self._token),),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=f"reactions={reaction}".encode(),
            )
        )

    def _params(self, since: int) -> tuple[tuple[str, str], ...]:
        first = (("access_token", self._token), ("fields", FIELDS), ("limit", str(PAGE_SIZE)))
        return (*first, ("start_time", str(since))) if since else first

    def _next(self, url: str) -> str:
        """Follow a next page only to where the token went before."""
        ours, theirs = urlsplit(self._base), urlsplit(url)
        if url and (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise ExchangeUnreadable(SERVICE, "its next page is at another address")
        return url

    def _records(self, rows: list[msgspec.Raw]) -> tuple[tuple[SharedRecord, ...], int, int]:
        made: list[SharedRecord] = []
        newest = 0
        for row in rows:
            try:
                update = msgspec.json.decode(row, type=_Update, strict=False)
                newest = max(newest, update.last_updated)
                made.append(self._record(update))
            except (msgspec.DecodeError, BadInput):
                continue
        return tuple(made), len(rows) - len(made), newest

    def _record(self, update: _Update) -> SharedRecord:
        """Make a record. Raises BadInput for a value that is not of its kind."""
        kind = _KINDS.get(update.type)
        described = update.descriptors.data if update.descriptors else []
        # A record without descriptors is one we no longer may see.
        deleted = update.should_delete or update.descriptors is None
        signals = () if kind is None or deleted else (signal_of(kind, update.indicator),)
        return SharedRecord(
            key=_key(update),
            signals=signals,
            deleted=deleted,
            standing=_standing(described),
            owner=",".join(sorted({each.owner.id for each in described}))[:LONG_KEY],
            tags=short_tags([tag for each in described for tag in _tags(each.tags)]),
            address={"descriptor": described[0].id} if described else {},
        )


def _place_of(checkpoint: Checkpoint | None, now_s: int) -> tuple[int, bool, bool]:
    """Read from when on, whether all is being fetched, and whether that begins now."""
    told = checkpoint or {}
    since, fetched = told.get("start_time"), told.get("fetched_s")
    if not isinstance(since, int) or not isinstance(fetched, int) or now_s - fetched > STALE_S:
        return 0, True, True
    return since, bool(told.get("whole")), False


def _key(update: _Update) -> str:
    text = f"{update.type}:{update.indicator}"
    return text if len(text) <= LONG_KEY else f"{update.type}:{sha256(text.encode()).hexdigest()}"


def _standing(described: list[_Descriptor]) -> Standing:
    """Sum up what members said, in statuses and by reactions."""
    statuses = {each.status for each in described}
    reactions = {each.key for found in described for each in found.reactions}
    if "MALICIOUS" in statuses or "HELPFUL" in reactions:
        return Standing.CONFIRMED
    if "NON_MALICIOUS" in statuses and statuses <= {"NON_MALICIOUS"}:
        return Standing.DENIED
    return Standing.REPORTED


def _tags(told: JsonValue) -> list[JsonValue]:
    """Read tags, which come as a list of texts or as the Graph API's {"data": [{"text"}]}."""
    match told:
        case list():
            return told
        case {"data": list(rows)}:
            return [row.get("text") for row in rows if isinstance(row, dict)]
    return []


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise ExchangeUnreadable(SERVICE, str(error)) from None


THREATEXCHANGE: Final = ExchangeApi(
    name="fb_threatexchange",
    title="ThreatExchange (also of GIFCT)",
    fields=(
        ExchangeField(
            name="privacy_group",
            help="The id of the ThreatPrivacyGroup.",
            kind="number",
            required=True,
        ),
        BASE_URL,
    ),
    secrets=(
        ExchangeField(name="api_token", help="The access token, app id|secret.", required=True),
    ),
    takes_opinions=True,
    make=ThreatExchangeClient,
)
