"""Which webhook addresses are taken, and their secrets."""

import base64

import pytest

from fieldfare.enforcement import WebhookUrlRefused, checked_url, new_webhook, rotated
from fieldfare.kernel import Org


@pytest.mark.parametrize(
    "url",
    [
        "https://host.example/effects?x=1",
        "https://10.0.0.7:8443/in",
        "http://127.0.0.1:9000/",
        "http://127.9.9.9/",
        "http://localhost:9000/in",
        "http://[::1]:9000/",
    ],
)
def test_https_and_loopback_are_taken(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://host.example/", "unencrypted"),
        ("http://169.254.169.254/latest", "unencrypted"),
        ("http://localhost.host.example/", "unencrypted"),
        ("http://127.0.0.1.host.example/", "unencrypted"),
        ("http://2130706433/", "unencrypted"),
        ("ftp://host.example/", "neither https nor http"),
        ("file:///etc/hosts", "names no host"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://me:word@host.example/", "user name or password"),
        ("https://me@host.example/", "user name or password"),
        ("https://host.example/#part", "fragment"),
        ("https://host.example/a b", "without a space"),
        ("https://host.example/\r\nx", "without a space"),
        ("https://hôst.example/", "plain ASCII"),
        ("https://host.example:70000/", "ort"),
        ("https://[::1/", "nvalid"),
        ("https://host.example/" + "x" * 2048, "at most 2048"),
        ("", "names no host"),
    ],
)
def test_what_hides_its_target_or_leaks_is_refused_with_a_reason(url: str, why: str) -> None:
    with pytest.raises(WebhookUrlRefused, match=why) as refused:
        checked_url(url)

    assert "https://host/path" in refused.value.hint


def test_a_new_webhook_has_a_secret_of_32_random_bytes() -> None:
    one, two = (
        new_webhook(Org("main"), "w", "https://host.example/", kinds=frozenset()) for _ in "ab"
    )

    (secret,) = one.secrets
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert one.secrets != two.secrets


def test_rotating_keeps_one_older_secret() -> None:
    first = new_webhook(Org("main"), "w", "https://host.example/", kinds=frozenset())

    second = rotated(first)
    third = rotated(second)

    assert second.secrets[1:] == first.secrets
    assert third.secrets[1:] == second.secrets[:1]
