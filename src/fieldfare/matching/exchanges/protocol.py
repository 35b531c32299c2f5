"""What every exchange has in common: pages of records flow out, opinions of ours flow in.

An exchange is a service that shares hashes of known content. A client here speaks one service's
protocol over an `Ask` it is given, so that none of them opens a connection, sleeps or knows a
store. What a client remembers between two fetches is its checkpoint: JSON, no secrets in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from fieldfare.kernel import BadInput, JsonValue, Unavailable, did_you_mean
from fieldfare.matching.exchanges.signals import Signal

Checkpoint: TypeAlias = Mapping[str, JsonValue]
FieldKind = Literal["string", "number", "enum", "set_of_number"]
MAX_TAGS: Final = 20
MAX_TAG: Final = 100


class ExchangeRefused(BadInput):
    """The service will not have it, however often it is asked: a wrong key, a wrong name."""

    slug = "exchange-refused"


class ExchangeUnavailable(Unavailable):
    """The service did not answer, or said that it cannot now; another try may do better."""

    slug = "exchange-unavailable"


class ExchangeUnreadable(Unavailable):
    """What the service answered is not what it is documented to answer."""

    slug = "exchange-unreadable"

    def __init__(self, service: str, why: str) -> None:
        super().__init__(
            f"{service} answered what cannot be read: {why}",
            hint="Nothing of that page was taken. If it lasts, its protocol may have changed.",
        )


class Standing(StrEnum):
    """What those who share a record say of it. DENIED: all who judged it say it is harmless."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRecord:
    """One piece of content as an exchange tells of it.

    key: the exchange's own, the same for every later change of it. deleted: it is to be forgotten.
    owner: who shared it. address: what giving an opinion on it takes (ids, never a secret).
    """

    key: str
    signals: tuple[Signal, ...] = ()
    deleted: bool = False
    standing: Standing = Standing.REPORTED
    owner: str = ""
    tags: tuple[str, ...] = ()
    address: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_known_content(self) -> bool:
        """Say whether it belongs in a bank: something to match by, and not denied by all."""
        return not self.deleted and bool(self.signals) and self.standing is not Standing.DENIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some records, and where to go on once they are stored.

    at_s: up to when the records are known, s since 1970, 0 if the service does not say. begins:
    this is the first page of everything there is; ends: the last of it, so that what no page of it
    had is gone. last: for now there is nothing after it. skipped: records that could not be read,
    or carry nothing that can be matched. problems: of the first few of those, in words.
    """

    records: tuple[SharedRecord, ...]
    checkpoint: Checkpoint
    at_s: int = 0
    begins: bool = False
    ends: bool = False
    last: bool = False
    skipped: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One HTTP request. Everything that may hold a secret stays out of its repr."""

    method: Literal["GET", "POST", "PUT"]
    url: str
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class Ask(Protocol):
    """Puts one request, tries a GET again where that may help, and gives the body of a 2xx.

    Raises ExchangeRefused and ExchangeUnavailable; neither says a secret.
    """

    def __call__(self, request: Asked, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOpinion:
    """What our reviewers found about a record: agrees, that it is what it is said to be."""

    key: str
    agrees: bool
    signals: tuple[Signal, ...]
    address: Mapping[str, str]


class OpinionNotTaken(BadInput):
    """The service takes no opinions, or not this one."""

    slug = "opinion-not-taken"


class ExchangeClient(Protocol):
    def pages(self, checkpoint: Checkpoint | None, /, *, now_s: int) -> Iterator[Page]:
        """Fetch what has changed since a checkpoint; None: everything there is."""
        ...

    def introduce(self) -> str:
        """Ask the service who we are to it, for a person who checks the set-up."""
        ...

    def tell(self, opinion: OwnOpinion, /) -> None:
        """Give our opinion. Raises OpinionNotTaken where the service takes none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeField:
    """One thing to be told when an exchange is set up."""

    name: str
    help: str
    kind: FieldKind = "string"
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSetup:
    """What a client is made of. folder: the only place local files are read from."""

    config: Mapping[str, JsonValue]
    secrets: Mapping[str, str] = field(repr=False)
    ask: Ask
    folder: Path

    def text(self, name: str, otherwise: str = "") -> str:
        value = self.config.get(name)
        return value if isinstance(value, str) and value else otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeApi:
    """A kind of service. secrets: fields that are kept encrypted and never shown again."""

    name: str
    title: str
    fields: tuple[ExchangeField, ...]
    secrets: tuple[ExchangeField, ...]
    takes_opinions: bool
    make: Callable[[ExchangeSetup], ExchangeClient]

    def check_config(self, config: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Check settings against the fields. Raises BadInput at the one that is wrong."""
        return _checked(self.fields, config, of=self.name, at="/config")

    def check_secrets(self, secrets: Mapping[str, JsonValue]) -> dict[str, str]:
        """Check credentials. Raises BadInput that names a field, never a value."""
        checked = _checked(self.secrets, secrets, of=self.name, at="/credentials")
        return {name: str(value) for name, value in checked.items()}


BASE_URL: Final = ExchangeField(
    name="base_url", help="Another address of the service, for a mirror or a test."
)


def short_tags(tags: Sequence[object]) -> tuple[str, ...]:
    """Keep the first tags, each cut, sorted and without repeats; what is no text is left out."""
    texts = {tag.strip()[:MAX_TAG] for tag in tags if isinstance(tag, str) and tag.strip()}
    return tuple(sorted(texts)[:MAX_TAGS])


def _checked(
    fields: Sequence[ExchangeField], given: Mapping[str, JsonValue], *, of: str, at: str
) -> dict[str, JsonValue]:
    known = {each.name: each for each in fields}
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known) or f"It takes: {', '.join(known) or 'nothing'}."
            raise BadInput(f"{of} has no field {name!r}", hint=hint, pointer=f"{at}/{name}")
    checked: dict[str, JsonValue] = {}
    for each in fields:
        value = given.get(each.name)
        if value is None or value in ("", []):
            if each.required:
                hint = f"{each.name}: {each.help}"
                raise BadInput(f"{of} needs {each.name!r}", hint=hint, pointer=f"{at}/{each.name}")
            continue
        checked[each.name] = _of_kind(each, value, pointer=f"{at}/{each.name}")
    return checked


def _of_kind(wanted: ExchangeField, value: JsonValue, *, pointer: str) -> JsonValue:
    """Read a value as its field wants it; text is taken for any, as a command line gives it."""
    try:
        match wanted.kind:
            case "string" if isinstance(value, str):
                return value
            case "number" if isinstance(value, str | int) and not isinstance(value, bool):
                return int(value)
            case "set_of_number":
                parts = value.split(",") if isinstance(value, str) else value
                if isinstance(parts, list):
                    return [*sorted({int(str(part)) for part in parts})]
            case "enum" if value in wanted.choices:
                return value
    except ValueError:
        pass
    kinds = {"string": "a text", "number": "a number", "set_of_number": "numbers, as 1,2,3"}
    hint = f"It is {kinds.get(wanted.kind, 'one of: ' + ', '.join(wanted.choices))}."
    raise BadInput(f"{wanted.name} is not as it has to be", hint=hint, pointer=pointer)
