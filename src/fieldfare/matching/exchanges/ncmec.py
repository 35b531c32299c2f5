"""NCMEC hash sharing, version 2: entries that members of the sharing initiative uploaded.

Source: NCMEC Hash Sharing API v2, /v2/status, /v2/entries, /v2/entries/{member}/{id}/{type}/
feedback and /v2/feedback/{type}/reasons. Entries come in no order of time, so a moment is only
reached once a whole window of time was read; within a window a page's `next` is kept, for the
twelve hours NCMEC lets one live.
"""

import base64
import re
import xml.etree.ElementTree as ET  # only text without a DOCTYPE is parsed
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs

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
from fieldfare.matching.exchanges.signals import Signal, SignalKind, signal_of

SERVICE: Final = "NCMEC"
ENVIRONMENTS: Final = {
    "Industry": "https://report.cybertip.org/hashsharing",
    "Industry_Exploitative": "https://report.cybertip.org/exploitative-hashsharing",
    "LawEnforcement": "https://lesp.ncmec.org/csam-hashsharing",
    "NGO": "https://hashsharing.ncmec.org/npo",
    "Exploitative": "https://hashsharing.ncmec.org/exploitative",
    "NGO_Generative_AI": "https://hashsharing.ncmec.org/generative-ai-csam",
    "NGO_Generative_AI_Exploitative": "https://hashsharing.ncmec.org/generative-ai-exploitative",
    "test_Industry": "https://exttest.cybertip.org/hashsharing",
    "test_Industry_Exploitative": "https://exttest.cybertip.org/exploitative-hashsharing",
    "test_LawEnforcement": "https://betalesp.ncmec.org/csam-hashsharing",
    "test_NGO": "https://hashsharing-test.ncmec.org/npo",
    "test_Exploitative": "https://hashsharing-test.ncmec.org/exploitative",
    "test_NGO_Generative_AI": "https://hashsharing-test.ncmec.org/generative-ai-csam",
    "test_NGO_Generative_AI_Exploitative": (
        "https://hashsharing-test.ncmec.org/generative-ai-exploitative"
    ),
}
NAMESPACE: Final = "https://hashsharing.ncmec.org/hashsharing/v2"
PAGING_LASTS_S: Final = 12 * 3600
LAGS_S: Final = 5
"""A window ends this long before now, so that no update falls between two windows."""
TOO_MANY: Final = 400_000
FEW: Final = 2_000
SHRINK: Final = 4
_NEXT: Final = re.compile(r"/v2/entries\?[A-Za-z0-9%=&_.:;+-]{1,2000}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")
_KINDS: Final = {"md5": SignalKind.MD5, "pdq": SignalKind.PDQ}
_FEEDBACK_TYPES: Final = {SignalKind.MD5: "MD5", SignalKind.PDQ: "PDQ"}
_ENTRIES: Final = {
    "image": False,
    "video": False,
    "deletedImage": True,
    "deletedVideo": True,
}


class NcmecClient:
    def __init__(self, setup: ExchangeSetup) -> None:
        self._ask = setup.ask
        self._base = setup.text("base_url", ENVIRONMENTS[setup.text("environment", "Industry")])
        told = f"{setup.secrets.get('user', '')}:{setup.secrets.get('password', '')}"
        basic = base64.b64encode(told.encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}", "Accept": "application/xml"}
        only = setup.config.get("only_esp_ids")
        self._only = frozenset(map(str, only)) if isinstance(only, list) else frozenset()
        self._reason = setup.text("negative_reason")

    def introduce(self) -> str:
        """Ask /v2/status, which names the member behind the credentials."""
        member = self._get("/v2/status").find("member")
        if member is None:
            raise ExchangeUnreadable(SERVICE, "no member in its status")
        return f"{(member.text or '').strip()} (ESP {member.get('id', '?')})"

    def pages(self, checkpoint: Checkpoint | None, /, *, now_s: int) -> Iterator[Page]:
        start, window = _window_of(checkpoint, now_s)
        until, first = now_s - LAGS_S, checkpoint is None
        duration = max(1, until - start)
        while start < until:
            end, path = window or (min(until, start + duration), "")
            resumed, window, read = bool(path), None, 0
            path = path or f"/v2/entries?from={moment_text(start)}&to={moment_text(end)}"
            while path:
                found = self._get(path)
                records, skipped = self._records(found)
                path = _next_of(found)
                if not (read or resumed) and end - start > 1 and _estimate(path, read) > TOO_MANY:
                    duration = max(1, (end - start) // SHRINK)
                    break
                read += len(records) + skipped
                paging: dict[str, JsonValue] = {"next": path, "to": end, "at": now_s}
                yield Page(
                    records=records,
                    checkpoint={"from": start, "paging": paging} if path else {"from": end},
                    at_s=start if path else end,
                    begins=first,
                    last=not path and end >= until,
                    skipped=skipped,
                )
                first = False
            else:
                start, duration = end, duration * 2 if read < FEW else duration

    def tell(self, opinion: OwnOpinion, /) -> None:
        """Vote on every fingerprint of the entry that we hold; a vote against needs a reason."""
        place = "/".join(_plain(opinion.address.get(part, "")) for part in ("member", "id"))
        for signal in opinion.signals:
            kind = _FEEDBACK_TYPES.get(signal.kind)
            if kind is None:
                continue
            root = ET.Element("feedbackSubmission", xmlns=NAMESPACE)
            if opinion.agrees:
                ET.SubElement(root, "affirmative")
            else:
                reasons = ET.SubElement(ET.SubElement(root, "negative"), "reasonIds")
                ET.SubElement(reasons, "guid").text = self._reason_of(kind)
            self._ask(
                Asked(
                    method="PUT",
                    url=f"{self._base}/v2/entries/{place}/{kind}/feedback",
                    headers={**self._headers, "Content-Type": "application/xml; charset=utf-8"},
                    body=ET.tostring(root),
                )
            )

    def _reason_of(self, kind: str) -> str:
        """Give the configured reason, or the only one there is. Raises OpinionNotTaken."""
        found = self._get(f"/v2/feedback/{kind}/reasons")
        reasons = {
            each.get("guid", ""): each.get("name", "")
            for each in found.iter("reason")
            if each.get("guid")
        }
        if self._reason in reasons:
            return self._reason
        if len(reasons) == 1 and not self._reason:
            return next(iter(reasons))
        listed = "; ".join(f"{guid} {name}" for guid, name in sorted(reasons.items()))
        raise OpinionNotTaken(
            "NCMEC wants a reason for a vote against",
            hint=f"Set negative_reason of the exchange to one of: {listed or 'none is offered'}.",
        )

    def _get(self, path: str) -> ET.Element:
        body = self._ask(Asked(method="GET", url=self._base + path, headers=self._headers))
        return _parsed(body)

    def _records(self, found: ET.Element) -> tuple[tuple[SharedRecord, ...], int]:
        made: list[SharedRecord] = []
        skipped = 0
        for group in (*found.findall("images"), *found.findall("videos")):
            for entry in group:
                record = _record(entry)
                if record is None:
                    skipped += 1
                elif not self._only or record.owner in self._only:
                    made.append(record)
        return tuple(made), skipped


def _plain(name: str) -> str:
    """Give a part of an address as it is. Raises OpinionNotTaken for what could lead elsewhere.

    The service says these names itself, and quoting leaves `..` as it is.
    """
    if not _PLAIN.fullmatch(name):
        raise OpinionNotTaken(
            "the entry has no name that an opinion could be sent to",
            hint="Names are letters, digits, - and _; tell the service by other means.",
        )
    return name


def _window_of(checkpoint: Checkpoint | None, now_s: int) -> tuple[int, tuple[int, str] | None]:
    """Read where a window begins, and its end and next page if one was left in the middle."""
    if checkpoint is None:
        return 0, None
    start, paging = checkpoint.get("from"), checkpoint.get("paging")
    begun = start if isinstance(start, int) else 0
    match paging:
        case {"next": str(path), "to": int(end), "at": int(at)} if now_s - at <= PAGING_LASTS_S:
            return begun, (end, path)
    return begun, None


def _record(entry: ET.Element) -> SharedRecord | None:
    deleted = _ENTRIES.get(entry.tag)
    member, entry_id = entry.find("member"), (entry.findtext("id") or "").strip()
    if deleted is None or member is None or not entry_id or not member.get("id"):
        return None
    owner = member.get("id", "")
    return SharedRecord(
        key=f"{owner}-{entry_id}",
        deleted=deleted,
        signals=() if deleted else _signals(entry),
        standing=Standing.CONFIRMED,
        owner=owner,
        tags=short_tags([entry.findtext("classification")]),
        address={"member": owner, "id": entry_id},
    )


def _signals(entry: ET.Element) -> tuple[Signal, ...]:
    found = []
    for fingerprint in entry.iterfind("fingerprints/*"):
        kind = _KINDS.get(fingerprint.tag)
        if kind is not None and fingerprint.text:
            try:
                found.append(signal_of(kind, fingerprint.text))
            except BadInput:
                continue
    return tuple(sorted(found))


def _next_of(found: ET.Element) -> str:
    """Give the path of the next page. Only the entries of the same service are followed."""
    path = (found.findtext("paging/next") or "").strip()
    if path and not _NEXT.fullmatch(path):
        raise ExchangeUnreadable(SERVICE, "its next page is not one of its entries")
    return path


def _estimate(path: str, read: int) -> int:
    """Guess how many entries a window has, by the ids its next page names."""
    told = parse_qs(path.partition("?")[2])
    try:
        return read + int(told["max"][0]) - int(told["start"][0])
    except (KeyError, ValueError):
        return read


def moment_text(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(body: bytes) -> ET.Element:
    """Parse XML without its namespaces. A DOCTYPE, and so an entity of its own, is refused."""
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text:
            raise ExchangeUnreadable(SERVICE, "it has a document type")
        root = ET.fromstring(text)  # noqa: S314  # without a DOCTYPE there is nothing to expand
    except (UnicodeDecodeError, ET.ParseError):
        raise ExchangeUnreadable(SERVICE, "it is no XML") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


NCMEC: Final = ExchangeApi(
    name="ncmec",
    title="NCMEC hash sharing",
    fields=(
        ExchangeField(
            name="environment",
            help="Which of NCMEC's databases.",
            kind="enum",
            required=True,
            choices=tuple(ENVIRONMENTS),
        ),
        ExchangeField(
            name="only_esp_ids",
            help="Take the entries of these members alone.",
            kind="set_of_number",
        ),
        ExchangeField(name="negative_reason", help="The guid of the reason for votes against."),
        BASE_URL,
    ),
    secrets=(
        ExchangeField(name="user", help="The user of the hash sharing API.", required=True),
        ExchangeField(name="password", help="Their password.", required=True),
    ),
    takes_opinions=True,
    make=NcmecClient,
)
