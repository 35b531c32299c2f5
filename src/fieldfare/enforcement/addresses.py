"""Webhooks as an administrator sets them up: which addresses are taken, and their secrets.

An address flows in and a checked `Webhook` flows out. The address is the administrator's word, not
a stranger's, so private networks may be named; but plain http leaves the machine unprotected and
is taken to this machine alone, and nothing that hides its target is taken at all.
"""

import base64
import ipaddress
import secrets
from dataclasses import replace
from typing import Final
from urllib.parse import SplitResult, urlsplit

from fieldfare.kernel import BadInput, Org
from fieldfare.records import Webhook

SECRET_BYTES: Final = 32
SECRETS_AT_MOST: Final = 2
URL_AT_MOST: Final = 2048


class WebhookUrlRefused(BadInput):
    slug = "webhook-url-refused"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"This webhook address is not taken: {why}.",
            hint="Use https://host/path, or http://127.0.0.1:port/path on this machine.",
            pointer="/url",
        )


def checked_url(url: str) -> str:
    """Give the address back if effects may be sent there.

    Raises WebhookUrlRefused for anything but https, or http to a loopback address; for a user name
    or password, a fragment, spaces or control characters, and for more than 2,048 characters.
    """
    if len(url) > URL_AT_MOST or not url.isascii() or any(sign <= " " for sign in url):
        raise WebhookUrlRefused(
            f"it must be at most {URL_AT_MOST} plain ASCII characters without a space"
        )
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise WebhookUrlRefused(str(error)) from error
    if not host:
        raise WebhookUrlRefused("it names no host")
    _check_parts(parts, host)
    return url


def _check_parts(parts: SplitResult, host: str) -> None:
    if parts.scheme not in {"https", "http"}:
        raise WebhookUrlRefused(f"the scheme {parts.scheme!r} is neither https nor http")
    if parts.username is not None or parts.password is not None:
        raise WebhookUrlRefused("it carries a user name or password; deliveries are signed instead")
    if parts.fragment:
        raise WebhookUrlRefused("it has a fragment, which is never sent")
    if parts.scheme == "http" and not _is_loopback(host):
        raise WebhookUrlRefused(f"http to {host} would cross the network unencrypted")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def new_secret() -> str:
    """Make a signing secret: `whsec_` and 32 random bytes in base64 (Standard Webhooks)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def new_webhook(org: Org, webhook_id: str, url: str, *, kinds: frozenset[str]) -> Webhook:
    """Set up a webhook with a fresh secret. Raises WebhookUrlRefused."""
    return Webhook(
        org=org, id=webhook_id, url=checked_url(url), secrets=(new_secret(),), kinds=kinds
    )


def rotated(webhook: Webhook) -> Webhook:
    """Put a fresh secret first and keep the one before it.

    Deliveries are signed with both, so the receiver may change over at any time; rotating again
    ends the older one.
    """
    return replace(webhook, secrets=(new_secret(), *webhook.secrets)[:SECRETS_AT_MOST])
