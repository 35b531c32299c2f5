"""The form of a bank: typed texts flow in, the fields of a bank or what is wrong with them out.

The texts are marked for gettext here and translated where a page is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from fieldfare.kernel import unix_ms
from fieldfare.matching.repositories import BankRecord, Polarity
from fieldfare.policies import PolicyPack

MAX_NOTE: Final = 1_000
FLAGS: Final = ("vetted", "enabled", "priority", "keeps_stills")


def mark(text: str) -> str:
    """Mark a text for the catalogue."""
    return text


_ = mark


@dataclass(frozen=True, slots=True, kw_only=True)
class BankForm:
    """A form, filled in. name: of the bank that is changed; "" for a new one.

    values: what stands in each field. errors: what is wrong, by field; "" is of the whole.
    policies: codes and titles to choose from.
    """

    name: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    policies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBank:
    """What was typed: the fields of a bank, and what is wrong with the others."""

    fields: dict[str, object] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def bank_form(
    pack: PolicyPack,
    values: Mapping[str, str],
    *,
    name: str = "",
    errors: Mapping[str, str] | None = None,
) -> BankForm:
    return BankForm(
        name=name,
        values={**dict.fromkeys(("name", "policy", *_READERS, *FLAGS), ""), **values},
        errors=errors or {},
        policies=tuple((code, policy.text().title) for code, policy in pack.policies.items()),
    )


def values_of(bank: BankRecord) -> dict[str, str]:
    """Write a bank as its form shows it."""
    until = bank.disabled_until
    return {
        "name": bank.name,
        "policy": bank.policy,
        "polarity": bank.polarity.value,
        "radius": str(bank.radius),
        "min_quality": str(bank.min_quality),
        "min_seconds": f"{bank.min_seconds:g}",
        "min_frames": str(bank.min_frames),
        "percent": f"{bank.enabled_ratio * 100:g}",
        "hourly_limit": str(bank.hourly_limit),
        "disabled_until": "" if until is None else _local(until),
        "note": bank.note,
        **{flag: "yes" if getattr(bank, flag) else "" for flag in FLAGS},
    }


def read_bank(typed: Mapping[str, str]) -> ReadBank:
    """Read the form: what it says of a bank, its name and policy left out."""
    read = ReadBank()
    for name, parse in _READERS.items():
        try:
            read.fields[_FIELD.get(name, name)] = parse(typed.get(name, "").strip())
        except ValueError as error:
            read.errors[name] = str(error)
    for flag in FLAGS:
        read.fields[flag] = typed.get(flag) == "yes"
    return read


def _whole(least: int, most: int, wrong: str) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(wrong) from None
        if not least <= value <= most:
            raise ValueError(wrong)
        return value

    return parse


def _number(most: float, wrong: str, *, over: float = 1.0) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            raise ValueError(wrong) from None
        if not 0 <= value <= most:  # neither is what is not a number
            raise ValueError(wrong)
        return value / over

    return parse


def _polarity(text: str) -> Polarity:
    try:
        return Polarity(text)
    except ValueError:
        raise ValueError(_("Choose one of the two.")) from None


def read_until(text: str) -> int | None:
    """Read the moment of a field, in UTC, as ms since 1970. Raises ValueError with what to say."""
    if not text:
        return None
    try:
        return unix_ms(f"{text}Z" if len(text) > len("2026-10-01T12:00") else f"{text}:00Z")
    except ValueError:
        raise ValueError(_("Give a day and a time.")) from None


def _note(text: str) -> str:
    if len(text) > MAX_NOTE:
        raise ValueError(_("At most 1000 characters."))
    return text


def _local(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M}"


_FIELD: Final = {"percent": "enabled_ratio"}
_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "polarity": _polarity,
    "radius": _whole(0, 100, _("A whole number of bits, 0 to 100.")),
    "min_quality": _whole(50, 100, _("A whole number, 50 to 100.")),
    "min_seconds": _number(36_000, _("A number of seconds, 0 to 36000.")),
    "min_frames": _whole(1, 36_000, _("A whole number, 1 to 36000.")),
    "percent": _number(100, _("A share in per cent, 0 to 100."), over=100),
    "hourly_limit": _whole(0, 1_000_000_000, _("A whole number; 0 for any number.")),
    "disabled_until": read_until,
    "note": _note,
}
