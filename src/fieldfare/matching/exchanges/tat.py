"""Tech Against Terrorism's hash list.

Source: Terrorist Content Analytics Platform, hash list v2: a token for user and password, then
pages in order of their last change. A page's `checkpoint` (moment and id of its last record) is
what the next page is asked for by, so that a fetch goes on where it was cut off.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

import msgspec

from fieldfare.kernel import BadInput
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

SERVICE: Final = "Tech Against Terrorism"
ADDRESS: Final = "https://app.terrorismanalytics.org"
_KINDS: Final = {"PDQ": SignalKind.PDQ, "MD5": SignalKind.MD5, "SHA256": SignalKind.SHA256}


class _Entry(msgspec.Struct, frozen=True):
    id: int | str
    hash_digest: str
    algorithm: str
    deleted: bool = False
    ideology: str = ""
    file_type: str = ""


class _List(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw]
    checkpoint: str | None = None
    next: str | None = None


class _Token(msgspec.Struct, frozen=True):
    token: str


class TatClient:
    def __init__(self, setup: ExchangeSetup) -> None:
        self._ask = setup.ask
        self._base = setup.text("base_url", ADDRESS).rstrip("/")
        self._secrets = setup.secrets

    def introduce(self) -> str:
        """Sign in, which is all the service has to say."""
        self._signed_in()
        return f"user {self._secrets.get('username', '')}"

    def pages(self, checkpoint: Checkpoint | None, /, *, now_s: int) -> Iterator[Page]:
        del now_s  # the service counts by its own marks
        told = (checkpoint or {}).get("after")
        after, begins = told if isinstance(told, str) else "", checkpoint is None
        headers = {"Authorization": f"Bearer {self._signed_in()}"}
        while True:
            params = (("order", "asc"), ("after", after))
            url = f"{self._base}/api/hash-list/v2/all"
            body = self._ask(Asked(method="GET", url=url, params=params, headers=headers))
            found = _decoded_list(body)
            records, skipped = _records(found.results)
            moved = bool(found.checkpoint) and found.checkpoint != after
            if found.next and not moved:
                raise ExchangeUnreadable(SERVICE, "more pages, and no mark to have them by")
            after = found.checkpoint or after
            yield Page(
                records=records,
                checkpoint={"after": after},
                at_s=_at_s(after),
                begins=begins,
                last=not found.next,
                skipped=skipped,
            )
            begins = False
            if not found.next:
                return

    def tell(self, opinion: OwnOpinion, /) -> None:
        raise OpinionNotTaken(
            f"{SERVICE} takes no opinions by its API ({opinion.key})", hint="Write to them."
        )

    def _signed_in(self) -> str:
        named = {name: self._secrets.get(name, "") for name in ("username", "password")}
        body = self._ask(
            Asked(
                method="POST",
                url=f"{self._base}/token-auth/tcap/",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=urlencode({**named, "resend": "False"}).encode(),
            )
        )
        try:
            return msgspec.json.decode(body, type=_Token).token
        except msgspec.DecodeError:
            hint = "Look at the user name and the password of the exchange."
            raise ExchangeRefused(f"{SERVICE} gave no token", hint=hint) from None


def _decoded_list(body: bytes) -> _List:
    try:
        return msgspec.json.decode(body, type=_List)
    except msgspec.DecodeError as error:
        raise ExchangeUnreadable(SERVICE, str(error)) from None


def _records(rows: list[msgspec.Raw]) -> tuple[tuple[SharedRecord, ...], int]:
    made = []
    for row in rows:
        try:
            made.append(_record(msgspec.json.decode(row, type=_Entry)))
        except (msgspec.DecodeError, BadInput):
            continue
    return tuple(made), len(rows) - len(made)


def _record(found: _Entry) -> SharedRecord:
    """Make a record. Raises BadInput for a digest that is not of its algorithm."""
    kind = _KINDS.get(found.algorithm.upper().replace("-", ""))
    signals = () if kind is None or found.deleted else (signal_of(kind, found.hash_digest),)
    return SharedRecord(
        key=str(found.id),
        signals=signals,
        deleted=found.deleted,
        standing=Standing.CONFIRMED,
        tags=short_tags([found.ideology, found.file_type]),
    )


def _at_s(mark: str) -> int:
    try:
        return int(float(mark.partition(",")[0]))
    except (ValueError, OverflowError):
        return 0


TAT: Final = ExchangeApi(
    name="tat",
    title="Tech Against Terrorism",
    fields=(BASE_URL,),
    secrets=(
        ExchangeField(name="username", help="The user of the platform.", required=True),
        ExchangeField(name="password", help="Their password.", required=True),
    ),
    takes_opinions=False,
    make=TatClient,
)
