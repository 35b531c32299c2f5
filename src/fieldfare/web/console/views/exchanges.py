"""Exchanges: how each is, and the form that is made of what its kind has to be told.

A credential flows in and never out: of those that are set only the names are known here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldfare.engine.exchange_records import ExchangeRecord, FetchCounts
from fieldfare.engine.exchanges import due_at, the_exchange
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import JsonValue, Org
from fieldfare.matching.exchanges import APIS, ExchangeApi, ExchangeField, api_named
from fieldfare.policies import PolicyPack
from fieldfare.web.console.moments import Moment

CONFIG: Final = "config."
_SPELLED: Final = {"api": "API", "esp": "ESP", "url": "URL"}
SECRET: Final = "secret."  # noqa: S105  # the beginning of fields' names


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLine:
    """An exchange. state: "paused", or how its last fetch went. records: that are known of it.

    next_at: when it is fetched again; None while it is paused.
    """

    name: str
    api: str
    title: str
    state: str
    error: str
    failures: int
    records: int
    fetched_at: Moment | None
    succeeded_at: Moment | None
    checkpoint_at: Moment | None
    next_at: Moment | None
    counts: FetchCounts
    tells: bool
    every_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangesView:
    exchanges: tuple[ExchangeLine, ...]
    kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """A field of the form. name: as it is sent; is_set: of a credential, whether there is one."""

    name: str
    label: str
    help: str
    kind: str
    required: bool
    choices: tuple[str, ...]
    is_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an order came to. pages, more, counts: of a fetch; told: what the service said."""

    what: str
    pages: int = 0
    more: bool = False
    counts: FetchCounts | None = None
    problems: tuple[str, ...] = ()
    told: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeForm:
    """The form of an exchange. name: "" for a new one. values: never of credentials.

    errors: what is wrong, by field; "" is of the whole.
    """

    name: str
    api: str
    title: str
    takes_opinions: bool
    fields: tuple[FieldLine, ...]
    secrets: tuple[FieldLine, ...]
    policies: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeView:
    exchange: ExchangeLine
    problems: tuple[str, ...]
    told: int
    untold: int
    form: ExchangeForm
    done: Done | None


def exchanges_view(uow: UnitOfWork, org: Org) -> ExchangesView:
    lines = tuple(_line(uow, exchange) for exchange in uow.exchanges.all(org))
    return ExchangesView(
        exchanges=lines, kinds=tuple((api.name, api.title) for api in APIS.values())
    )


def exchange_view(
    uow: UnitOfWork,
    org: Org,
    name: str,
    *,
    done: Done | None = None,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> ExchangeView:
    """Show one exchange. Raises NotFound if there is none of that name."""
    exchange = the_exchange(uow, org, name)
    form = form_of(
        api_named(exchange.api),
        {**_values(exchange), **without_secrets(typed or {})},
        name=name,
        held=frozenset(exchange.credentials),
        errors=errors,
    )
    return ExchangeView(
        exchange=_line(uow, exchange),
        problems=exchange.progress.problems,
        told=exchange.progress.told,
        untold=exchange.progress.untold,
        form=form,
        done=done,
    )


def new_form(
    api: ExchangeApi,
    pack: PolicyPack,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> ExchangeForm:
    """Make the form of a new exchange of a kind."""
    policies = tuple((code, policy.text().title) for code, policy in pack.policies.items())
    values = {"every_min": "60", "name": "", "policy": "", **without_secrets(typed or {})}
    return form_of(api, values, policies=policies, errors=errors)


def form_of(
    api: ExchangeApi,
    values: Mapping[str, str],
    *,
    name: str = "",
    held: frozenset[str] = frozenset(),
    policies: tuple[tuple[str, str], ...] = (),
    errors: Mapping[str, str] | None = None,
) -> ExchangeForm:
    fields = tuple(_field(each, CONFIG) for each in api.fields)
    blank = dict.fromkeys([each.name for each in fields], "")
    return ExchangeForm(
        name=name,
        api=api.name,
        title=api.title,
        takes_opinions=api.takes_opinions,
        fields=fields,
        secrets=tuple(
            _field(each, SECRET, is_set=each.name in held, required=each.required and not held)
            for each in api.secrets
        ),
        policies=policies,
        values={**blank, "tells": "", **values},
        errors=errors or {},
    )


def without_secrets(typed: Mapping[str, str]) -> dict[str, str]:
    """Give what was typed, credentials left out: they are typed again."""
    return {name: value for name, value in typed.items() if not name.startswith(SECRET)}


def part_of(typed: Mapping[str, str], prefix: str, *, with_empty: bool) -> dict[str, JsonValue]:
    """Give the fields of a prefix, without it. with_empty: those too that are left empty."""
    return {
        name.removeprefix(prefix): value.strip()
        for name, value in typed.items()
        if name.startswith(prefix) and (with_empty or value.strip())
    }


def field_of(pointer: str) -> str:
    """Name the field of the form that an error's pointer is about."""
    parts = pointer.strip("/").split("/")
    prefix = {"config": CONFIG, "credentials": SECRET}.get(parts[0], "")
    if prefix:
        return prefix + parts[-1]
    return "every_min" if parts[0] == "every_s" else parts[0]


def _line(uow: UnitOfWork, exchange: ExchangeRecord) -> ExchangeLine:
    done = exchange.progress
    return ExchangeLine(
        name=exchange.name,
        api=exchange.api,
        title=APIS[exchange.api].title if exchange.api in APIS else exchange.api,
        state=done.state.value if exchange.enabled else "paused",
        error=done.error,
        failures=done.failures,
        records=uow.held_records.count(exchange.org, exchange.name),
        fetched_at=_moment(done.ended_at),
        succeeded_at=_moment(done.succeeded_at),
        checkpoint_at=_moment(done.checkpoint_at),
        next_at=Moment(due_at(exchange)) if exchange.enabled and done.ended_at else None,
        counts=done.counts,
        tells=exchange.tells,
        every_s=exchange.every_s,
    )


def _values(exchange: ExchangeRecord) -> dict[str, str]:
    config = {f"{CONFIG}{name}": _text(value) for name, value in exchange.config.items()}
    return {
        **config,
        "every_min": f"{exchange.every_s / 60:g}",
        "tells": "yes" if exchange.tells else "",
    }


def _text(value: JsonValue) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _field(
    wanted: ExchangeField, prefix: str, *, is_set: bool = False, required: bool | None = None
) -> FieldLine:
    return FieldLine(
        name=prefix + wanted.name,
        label=_label(wanted.name),
        help=wanted.help,
        kind=wanted.kind,
        required=wanted.required if required is None else required,
        choices=wanted.choices,
        is_set=is_set,
    )


def _label(name: str) -> str:
    """Write a field's name as words; the first is capitalised, abbreviations are."""
    words = [_SPELLED.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _moment(at_ms: int) -> Moment | None:
    return Moment(at_ms) if at_ms else None
