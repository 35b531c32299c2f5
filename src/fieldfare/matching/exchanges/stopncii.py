"""StopNCII.org: hashes that people made of intimate pictures of themselves.

Source: StopNCII API v1, FetchHashes and SubmitFeedback. A record is a snapshot and replaces what
was known under its hash. `nextSetTimestamp` is where to begin the next time, and is trusted only
once the last page was read: in recorded answers it is not the same on every page.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching.exchanges.protocol import (
    BASE_URL,
    Asked,
    Checkpoint,
    ExchangeApi,
    ExchangeField,
    ExchangeRefused,
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

SERVICE: Final = "StopNCII"
ADDRESS: Final = "https://api.stopncii.org/v1"
BEGINNING: Final = 10
PAGE_SIZE: Final = 800
STALE_S: Final = 30 * 86_400
TOKEN_LASTS_S: Final = 3_600
_KINDS: Final = {
    "ImagePDQ": SignalKind.PDQ,
    "VideoMD5": SignalKind.MD5,
    "URL": SignalKind.URL,
    "Text": SignalKind.TEXT,
}
_GONE: Final = frozenset({"Withdrawn", "Deleted"})


class _Feedback(msgspec.Struct, frozen=True):
    feedbackValue: str = ""  # noqa: N815  # the service's name
    tags: list[JsonValue] = []
    source: str = ""


class _Hash(msgspec.Struct, frozen=True):
    signalType: str  # noqa: N815  # the service's name
    hashValue: str  # noqa: N815  # the service's name
    hashStatus: str = ""  # noqa: N815  # the service's name
    CSPFeedbacks: list[_Feedback] = []


class _Hashes(msgspec.Struct, frozen=True):
    hasMoreRecords: bool  # noqa: N815  # the service's name
    nextSetTimestamp: int  # noqa: N815  # the service's name
    hashRecords: list[msgspec.Raw]  # noqa: N815  # the service's name
    nextPageToken: str | None = None  # noqa: N815  # the service's name


class StopNciiClient:
    def __init__(self, setup: ExchangeSetup) -> None:
        self._ask = setup.ask
        self._base = setup.text("base_url", ADDRESS)
        self._secrets = setup.secrets

    def introduce(self) -> str:
        """Fetch one record: the service has no call that says who asks."""
        self._fetched(BEGINNING, "", size=1)
        return "the keys are taken"

    def pages(self, checkpoint: Checkpoint | None, /, *, now_s: int) -> Iterator[Page]:
        at, token, whole = _place_of(checkpoint, now_s)
        begins = checkpoint is None or (whole and not token)
        while True:
            try:
                found = self._fetched(at, token)
            except ExchangeRefused:
                if not token:
                    raise
                # A page's token does not live long; the same pages come again without it.
                token, begins = "", whole
                continue
            records, skipped = _records(found.hashRecords)
            token = found.nextPageToken or "" if found.hasMoreRecords else ""
            if found.hasMoreRecords and not token:
                raise ExchangeUnreadable(SERVICE, "more records, and no token to have them by")
            after: dict[str, JsonValue] = {"fetched_s": now_s, "whole": whole and bool(token)}
            if token:
                after |= {"at": at, "token": token}
            else:
                after["at"] = max(at, found.nextSetTimestamp)
            yield Page(
                records=records,
                checkpoint=after,
                at_s=at if token else max(at, found.nextSetTimestamp),
                begins=begins,
                ends=whole and not token,
                last=not token,
                skipped=skipped,
            )
            begins = False
            if not token:
                return

    def tell(self, opinion: OwnOpinion, /) -> None:
        key = self._secrets.get("feedback_function_key", "")
        if not key:
            hint = "Give the exchange feedback_function_key among its credentials."
            raise OpinionNotTaken("StopNCII has a key of its own for feedback", hint=hint)
        value = "Blocked" if opinion.agrees else "NotBlocked"
        # By the value as it was shared: what we keep of a URL or a text is written otherwise.
        shared = opinion.address.get("value", "")
        told = [{"hashValue": shared, "feedbackValue": value, "tags": []}]
        self._ask(
            Asked(
                method="POST",
                url=f"{self._base}/SubmitFeedback",
                headers={**self._headers(key), "Content-Type": "application/json"},
                body=msgspec.json.encode({"count": len(told), "hashFeedbacks": told}),
            )
        )

    def _fetched(self, at: int, token: str, *, size: int = PAGE_SIZE) -> _Hashes:
        params = [("startTimestamp", str(at)), ("pageSize", str(size))]
        if token:
            params.append(("nextPageToken", token))
        headers = self._headers(self._secrets.get("fetch_function_key", ""))
        url = f"{self._base}/FetchHashes"
        body = self._ask(Asked(method="GET", url=url, params=tuple(params), headers=headers))
        try:
            return msgspec.json.decode(body, type=_Hashes)
        except msgspec.DecodeError as error:
            raise ExchangeUnreadable(SERVICE, str(error)) from None

    def _headers(self, function_key: str) -> dict[str, str]:
        subscription = self._secrets.get("subscription_key", "")
        return {"x-functions-key": function_key, "Ocp-Apim-Subscription-Key": subscription}


def _place_of(checkpoint: Checkpoint | None, now_s: int) -> tuple[int, str, bool]:
    """Read from when to fetch, the page's token if it still lives, and whether all is fetched."""
    told = checkpoint or {}
    fetched, at, token = told.get("fetched_s"), told.get("at"), told.get("token")
    if not isinstance(at, int) or not isinstance(fetched, int) or now_s - fetched > STALE_S:
        return BEGINNING, "", True
    alive = isinstance(token, str) and now_s - fetched <= TOKEN_LASTS_S
    return at, str(token) if alive else "", bool(told.get("whole"))


def _records(rows: list[msgspec.Raw]) -> tuple[tuple[SharedRecord, ...], int]:
    made = []
    for row in rows:
        try:
            made.append(_record(msgspec.json.decode(row, type=_Hash)))
        except (msgspec.DecodeError, BadInput):
            continue
    return tuple(made), len(rows) - len(made)


def _record(found: _Hash) -> SharedRecord:
    """Make a record. Raises BadInput for a value that is not of its kind."""
    kind = _KINDS.get(found.signalType)
    signals = () if kind is None else (signal_of(kind, found.hashValue),)
    blocked = any(each.feedbackValue == "Blocked" for each in found.CSPFeedbacks)
    value = signals[0].value if signals else found.hashValue
    return SharedRecord(
        key=f"{found.signalType}:{value}"[:500],
        signals=signals,
        deleted=found.hashStatus in _GONE,
        # That a platform did not block it says little: the person in it has not withdrawn it.
        standing=Standing.CONFIRMED if blocked else Standing.REPORTED,
        tags=short_tags([tag for each in found.CSPFeedbacks for tag in each.tags]),
        address={"value": found.hashValue},
    )


STOPNCII: Final = ExchangeApi(
    name="stop_ncii",
    title="StopNCII.org",
    fields=(BASE_URL,),
    secrets=(
        ExchangeField(name="fetch_function_key", help="The key of FetchHashes.", required=True),
        ExchangeField(name="subscription_key", help="The subscription's key.", required=True),
        ExchangeField(name="feedback_function_key", help="The key of SubmitFeedback."),
    ),
    takes_opinions=True,
    make=StopNciiClient,
)
