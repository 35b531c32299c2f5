"""The standard functions on domains and e-mail addresses.

Names are cut by `matching.domains`; what is longer than it looks at is Unknown.
"""

from typing import Annotated, Final

from fieldfare.matching.domains import MAX_NAME, cut_up, registered
from fieldfare.rules.signatures import FACT, Fixed, function

DOMAINS: Final = "domains and e-mail"


@function(name="DomainTld", topic=DOMAINS, example="DomainTld(domain=Host) in ['zip', 'co.uk']")
def domain_tld(domain: str) -> str | None:
    """Give the public suffix a domain or URL ends in (`co.uk`); Unknown if it has none."""
    parts = cut_up(domain)
    return parts.suffix if parts else None


@function(
    name="DomainChopper",
    topic=DOMAINS,
    example="'shop.example' in DomainChopper(urls=StringExtractDomains(s=Bio), fld=True)",
)
def domain_chopper(urls: list[str], fld: Fixed[bool] = False) -> list[str] | None:  # noqa: FBT002 -- the arguments of the language
    """Cut domains or URLs down to the registered domain (`a.b.co.uk` to `b.co.uk`) if `fld`, else
    give none; Unknown if one of them has no public suffix.
    """
    if not fld:
        return []
    found = [cut_up(url) for url in urls]
    known = [registered(parts) for parts in found if parts]
    return known if len(known) == len(found) else None


def _after_at(email: str) -> str | None:
    _, at, domain = email.rpartition("@")
    return domain.lower() if at and domain and len(email) <= MAX_NAME else None


@function(name="EmailDomain", topic=DOMAINS, example="EmailDomain(email=Email) == 'mail.example'")
def email_domain(email: str) -> str | None:
    """Give the registered domain of an address (`a@x.b.co.uk` gives `b.co.uk`), or all after the @
    if no public suffix ends it; Unknown without an @.
    """
    host = _after_at(email)
    parts = cut_up(host) if host else None
    return (registered(parts) or host) if parts else host


@function(
    name="EmailSubdomain", topic=DOMAINS, example="EmailSubdomain(email=Email) == 'x.mail.example'"
)
def email_subdomain(email: str) -> str | None:
    """Give all after the @, in lower case; Unknown without an @."""
    return _after_at(email)


@function(
    name="EmailLocalPart", topic=DOMAINS, example="StringLength(s=EmailLocalPart(email=Email)) > 30"
)
def email_local_part(email: str) -> str | None:
    """Give what stands before the last @; Unknown without an @."""
    local, at, _ = email.rpartition("@")
    return local if at else None


@function(name="MXLookup", topic=DOMAINS, example="MXLookup(domain=Host) == '192.0.2.9'")
def mx_lookup(domain: str, servers: Annotated[dict[str, object], FACT + "domain.mx"]) -> str | None:
    """Give the address of a domain's mail server, from the fact `domain.mx`; Unknown without it.

    Rules do not ask the network: the fact, from domains to addresses, is gathered beforehand. None
    of our own signals does that, so without one of yours it stays Unknown.
    """
    found = servers.get(domain.lower())
    return found if type(found) is str else None
