"""What of a host name belongs to a registry and what to its customer.

In: a host name or URL. Out: its public suffix and the registered domain, by the public suffix list
that ships with tldextract. No newer one is fetched, so a replay cuts names as the live run did.
"""

from functools import lru_cache
from typing import Final

from tldextract import TLDExtract
from tldextract.tldextract import ExtractResult

MAX_NAME: Final = 2_000
"""Longer than any host name (253 characters) or address people use."""

_cut: Final = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)


@lru_cache(maxsize=4_096)
def _parts(name: str) -> ExtractResult:
    return _cut.extract_str(name)


def cut_up(name: str) -> ExtractResult | None:
    """Split the host of a name or URL; None if no public suffix ends it or it is too long."""
    if len(name) > MAX_NAME:
        return None
    try:
        parts = _parts(name.lower())
    except ValueError:
        return None
    return parts if parts.suffix else None


def registered(parts: ExtractResult) -> str:
    """Give the registered domain (`b.co.uk` of `a.b.co.uk`), or nothing for a bare suffix."""
    return f"{parts.domain}.{parts.suffix}" if parts.domain else ""
