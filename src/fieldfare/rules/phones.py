"""The standard functions on phone numbers, written with the country code, with or without a +."""

from typing import Final

import phonenumbers

from fieldfare.rules.signatures import function

PHONES: Final = "phone numbers"
MAX_DIGITS: Final = 40
_LAST: Final = 4
_NOT_GEOGRAPHIC: Final = "001"


@function(name="PhoneCountry", topic=PHONES, example="PhoneCountry(phone_number=Phone) == 'PT'")
def phone_country(phone_number: str) -> str | None:
    """Give the country of an international number as two letters (ISO 3166); Unknown if it belongs
    to none.
    """
    if len(phone_number) > MAX_DIGITS:
        return None
    written = phone_number.strip()
    try:
        number = phonenumbers.parse(written if written[:1] == "+" else f"+{written}", None)
    except phonenumbers.NumberParseException:
        return None
    code = number.country_code
    region = phonenumbers.region_code_for_number(number)
    if region is None and code is not None:
        # No number of a numbering plan, but under its code: the main country of that code.
        region = phonenumbers.region_code_for_country_code(code)
    is_country = region not in {None, _NOT_GEOGRAPHIC, "ZZ"}
    return str(region) if is_country else None


@function(
    name="PhonePrefix",
    topic=PHONES,
    example="Count(key=[PhonePrefix(phone_number=Phone)], window='1h')",
)
def phone_prefix(phone_number: str) -> str | None:
    """Give all but the last four characters, about a block of numbers; Unknown if that is none."""
    return phone_number[:-_LAST] or None
