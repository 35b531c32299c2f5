"""What matching asks of the store: banks of known content and named lists.

A bank holds entries; an entry is one known piece of content, with its hashes. At ten million
entries nothing of this is read into memory as a whole: entries are looked up by digest, by id, or
page by page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.records import Subject

NAMED_LIST: Final = "list"
LEXICON: Final = "lexicon"

UPLOADED: Final = "upload"
DECIDED: Final = "decision"
IMPORTED: Final = "import"
EXCHANGED: Final = "exchange:"
"""Sources of entries. That of an exchange is followed by its name, and the id is the exchange's."""


class Polarity(StrEnum):
    """Whether what a bank knows is harmful, or known to be good and wrongly matched elsewhere."""

    HARMFUL = "harmful"
    KNOWN_GOOD = "known_good"


class EntryKind(StrEnum):
    """What an entry is: media by their hashes, a text, or a URL."""

    MEDIA = "media"
    TEXT = "text"
    URL = "url"


class EntryState(StrEnum):
    """Whether an entry matches; a quarantined one matches only as a question to a person."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    DISABLED = "disabled"


class Opinion(StrEnum):
    """What a person says of a match. suggested: a decision says so, about which nobody was asked
    for this match itself.
    """

    CONFIRMED = "confirmed"
    DENIED = "denied"
    SUGGESTED_DENIAL = "suggested_denial"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRecord:
    """A bank of known content. vetted: people checked its entries, so that rules may act on a
    match.

    policy: code of the policy its content breaks. radius: of 256 bits; min_quality: of PDQ, 50 to
    100. min_seconds, min_frames: how much of an entry that moves has to be met, in seconds and in
    distinct frames of the entry; a shorter entry has to be met whole. enabled_ratio: the share of
    items the bank is asked about, 0..1. disabled_until: ms since 1970. priority: worth its cost
    to be found cut, turned or framed, by crops and local features. hourly_limit: so many distinct
    items an hour may an entry match before it is quarantined; 0 for any number. keeps_stills: of
    files that are uploaded for it, never of a bank for child safety.
    """

    org: Org
    name: str
    policy: str
    vetted: bool
    radius: int = 31
    min_quality: int = 50
    enabled: bool = True
    note: str = ""
    polarity: Polarity = Polarity.HARMFUL
    min_seconds: float = 0.0
    min_frames: int = 1
    enabled_ratio: float = 1.0
    disabled_until: int | None = None
    priority: bool = False
    hourly_limit: int = 1_000
    keeps_stills: bool = False

    def is_asked(self, now_ms: int) -> bool:
        """Tell whether the bank matches anything at a moment (ms since 1970)."""
        return self.enabled and (self.disabled_until is None or self.disabled_until <= now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStill:
    """A small picture of a moment, kept for comparing. sha256: of its blob. t: seconds from the
    start; None: not known.
    """

    sha256: str
    t: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntryRecord:
    """One known piece of content, without its hashes. changed: the event that changed it last.

    sha256, md5: of a file's bytes; sha256 of a text or URL is that of its normalised form, so that
    exact copies are found by it; "" where only other hashes are known. content: the text or URL.
    source: UPLOADED, DECIDED, IMPORTED or EXCHANGED and a name; source_id: what it is called there.
    frames: how many hashes of frames it has. seconds: how long it plays; 0: a picture, or unknown.
    disabled_until: ms since 1970. stills: small pictures for comparing, in order of time.
    """

    org: Org
    id: EventId
    bank: str
    label: str
    sha256: str
    added_at: int
    changed: EventId
    kind: EntryKind = EntryKind.MEDIA
    state: EntryState = EntryState.ACTIVE
    md5: str = ""
    content: str = ""
    note: str = ""
    labels: tuple[str, ...] = ()
    source: str = UPLOADED
    source_id: str = ""
    frames: int = 0
    seconds: float = 0.0
    disabled_until: int | None = None
    stills: tuple[KeptStill, ...] = ()

    def is_asked(self, now_ms: int) -> bool:
        """Tell whether the entry matches anything at a moment (ms since 1970)."""
        if self.state is EntryState.DISABLED:
            return False
        return self.disabled_until is None or self.disabled_until <= now_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryHashes:
    """What an entry is found by beside its digests, as bytes; b"" for what it has not.

    frames: of `fingerprints.pack_frames`, form 0. sound: of `sound.pack_sound`. features: local
    features of some frames.
    """

    frames: bytes = b""
    sound: bytes = b""
    features: bytes = b""

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return len(self.frames) + len(self.sound) + len(self.features)


NO_HASHES: Final = EntryHashes()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryKeys:
    """What entries of a bank may be told from others by: any of these. At most some thousand.

    sha256, md5: lower-case hex. source_ids: what they are called at `source`.
    """

    sha256: Sequence[str] = ()
    md5: Sequence[str] = ()
    source: str = IMPORTED
    source_ids: Sequence[str] = ()


class ChangedEntry(NamedTuple):
    """What indexes take in of an entry, as the store has it: one of ten million, and so a tuple.

    Fields as in BankEntryRecord and EntryHashes; state: a value of EntryState.
    """

    id: EventId
    changed: EventId
    added_at: int
    bank: str
    state: str
    sha256: str
    md5: str
    frames: bytes
    sound: bytes
    features: bytes

    @property
    def size(self) -> int:
        """Bytes of all hashes."""
        return len(self.frames) + len(self.sound) + len(self.features)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What somebody said of a match of one entry and one item. by: a pseudonym; at: ms since 1970.

    event_id: of the event that tells of it.
    """

    org: Org
    entry: EventId
    item: Subject
    by: str
    opinion: Opinion
    note: str
    at: int
    event_id: EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryHit:
    """One item that matched an entry. at: ms since 1970, first; event_id: of the newest scan.

    An item that was there before the entry has the moment of its first scan.

    means and distance as in `BankMatch`.
    """

    org: Org
    entry: EventId
    item: Subject
    event_id: EventId
    at: int
    means: str
    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """One file of an item that was scanned. event_id: of the scan; part: its place in the item.

    person: the author's pseudonym. at: ms since 1970.
    """

    org: Org
    event_id: EventId
    part: int
    item: Subject
    person: str
    sha256: str
    md5: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecord:
    """A named list or lexicon in one immutable version, as the text it was imported from.

    kind: NAMED_LIST or LEXICON.
    """

    org: Org
    name: str
    kind: str
    text: str
    hash: str
    since: EventId


class BankStore(Protocol):
    def put(self, bank: BankRecord, /) -> None: ...

    def banks(self, org: Org, /) -> Sequence[BankRecord]: ...

    def get(self, org: Org, name: str, /) -> BankRecord | None: ...

    def counts(self, org: Org, /) -> Mapping[str, int]:
        """Count the entries of every bank that has any."""
        ...

    def remove(self, org: Org, name: str, /) -> bool:
        """Take a bank away; its entries go one page after the other before it."""
        ...


class EntryStore(Protocol):
    """The entries of banks, one by one."""

    def add(self, entry: BankEntryRecord, hashes: EntryHashes = NO_HASHES, /) -> None:
        """Keep an entry, in the place of one of the same id."""
        ...

    def change(self, entry: BankEntryRecord, /) -> None:
        """Keep an entry as it is now; its hashes stay."""
        ...

    def get(self, org: Org, entry_id: EventId, /) -> BankEntryRecord | None: ...

    def hashes(self, org: Org, entry_id: EventId, /) -> EntryHashes | None: ...

    def remove(self, org: Org, entry_id: EventId, /) -> bool: ...


class EntryPages(Protocol):
    """Entries found otherwise than by id."""

    def of_bank(
        self, org: Org, bank: str, /, *, after: EventId, limit: int
    ) -> Sequence[BankEntryRecord]:
        """Read on in a bank from an id, in the order of ids."""
        ...

    def of_digest(self, org: Org, digest: str, /) -> Sequence[BankEntryRecord]:
        """Find entries by their SHA-256 or MD5 (64 or 32 lower-case hex digits)."""
        ...

    def of_source(self, org: Org, source: str, source_id: str, /) -> Sequence[BankEntryRecord]:
        """Find what came from a source under the id it has there."""
        ...

    def of_keys(self, org: Org, bank: str, keys: EntryKeys, /) -> Sequence[BankEntryRecord]:
        """Find the entries of a bank that have any of many keys; one by several may come twice."""
        ...

    def newest(self, org: Org, bank: str, /, *, limit: int) -> Sequence[BankEntryRecord]:
        """Give the newest entries of a bank, the newest first."""
        ...


class FeedbackStore(Protocol):
    """What people said of matches."""

    def put(self, feedback: Feedback, /) -> None:
        """Keep what somebody says, in the place of what they said of the same match before."""
        ...

    def of_entry(self, org: Org, entry: EventId, /) -> Sequence[Feedback]: ...

    def since(self, org: Org, after: EventId, /, *, limit: int) -> Sequence[Feedback]:
        """Read on from an event, in the order of events: for whoever passes opinions on."""
        ...


class HitStore(Protocol):
    """Which items each entry matched."""

    def put(self, hit: EntryHit, /) -> None:
        """Keep a hit; one of the same item and entry keeps its moment and is otherwise replaced."""
        ...

    def count(self, org: Org, entry: EventId, /, *, since_ms: int) -> int:
        """Count the distinct items that first matched an entry by likeness since a moment.

        Those of equal bytes (SHA-256, MD5) are not counted.
        """
        ...

    def of_entry(self, org: Org, entry: EventId, /, *, limit: int) -> Sequence[EntryHit]:
        """Give the newest hits of an entry, the newest first."""
        ...

    def forget_before(self, before_ms: int, /) -> int: ...


class UploadStore(Protocol):
    """What was scanned lately, for a hash that arrives later."""

    def add(self, uploads: Sequence[UploadRecord], /) -> None: ...

    def of_digest(self, org: Org, digest: str, /) -> Sequence[UploadRecord]:
        """Find uploads by their SHA-256 or MD5."""
        ...

    def of_item(self, org: Org, item: Subject, /) -> Sequence[UploadRecord]: ...

    def of_person(self, org: Org, person: str, /) -> Sequence[UploadRecord]: ...

    def scans(self, org: Org, after: EventId, /, *, limit: int) -> Sequence[EventId]:
        """Name scans after an id, in order, each once."""
        ...

    def remove(self, org: Org, event_id: EventId, /) -> int:
        """Forget the files of one scan; returns how many there were."""
        ...

    def forget_before(self, org: Org, event_id: EventId, /) -> int: ...


class ListStore(Protocol):
    def put(self, record: ListRecord, /) -> None: ...

    def current(self, org: Org, /, *, as_of: EventId) -> Sequence[ListRecord]:
        """Give the newest version of every list whose `since` is at or below `as_of`."""
        ...
