"""One delivery: a signed request flows out to the receiver, and what its answer means flows back.

Signed after Standard Webhooks 1.0; every secret of the webhook signs, joined by a space, so that a
receiver can change over. Only 2xx means carried out. Redirects are not followed: a signed body
goes to the address the administrator named or nowhere.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final, Protocol

import httpx2
from standardwebhooks import Webhook as Signer

from fieldfare.records import OutboxRow, Webhook

TIMEOUT_S: Final = 10.0
GONE: Final = 410
ERROR_CHARACTERS: Final = 200
SHORT_BODY: Final = 1024
DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is put on the wire: always a POST of JSON."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. status: 0 when no answer came (`error` says why).

    retry_after_s: as the receiver asked, 0 if it did not.
    """

    status: int
    error: str = ""
    retry_after_s: int = 0

    @property
    def is_acknowledged(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  # the 2xx of RFC 9110

    @property
    def is_final(self) -> bool:
        """410 Gone: the receiver never wants this one again (Standard Webhooks)."""
        return self.status == GONE

    @property
    def words(self) -> str:
        """Say in one line, for the outbox page, what went wrong; empty when acknowledged."""
        if self.is_acknowledged:
            return ""
        if self.status == 0:
            return self.error[:ERROR_CHARACTERS]
        if 300 <= self.status < 400:  # noqa: PLR2004  # the 3xx of RFC 9110
            return f"answered {self.status}: redirects are not followed, set the final address"
        return f"answered {self.status}"


class Send(Protocol):
    """Posts one request. Never raises for what the network or the receiver does."""

    def __call__(self, request: Request, /) -> Answer: ...


def signed(row: OutboxRow, webhook: Webhook, *, now_ms: int) -> Request:
    """Put a row into a request with `webhook-id`, `webhook-timestamp` and `webhook-signature`.

    The id is the effect's, the same for every attempt. Source: Standard Webhooks 1.0.0,
    "Webhook headers".
    """
    moment = datetime.fromtimestamp(now_ms // 1000, UTC)
    text = row.body.decode("utf-8")
    signatures = (
        Signer(secret).sign(msg_id=row.id, timestamp=moment, data=text)
        for secret in webhook.secrets
    )
    headers = {
        "content-type": "application/json",
        "user-agent": "fieldfare",
        "webhook-id": row.id,
        "webhook-timestamp": str(now_ms // 1000),
        "webhook-signature": " ".join(signatures),
    }
    return Request(url=webhook.url, headers=headers, body=row.body)


class HttpSend:
    """Posts over pooled connections; safe to share between threads.

    No proxy from the environment, no redirect, `timeout_s` each for connecting and for every wait
    on the answer. The answer's body is read only if it is short, to keep the connection.
    """

    def __init__(self, *, timeout_s: float = TIMEOUT_S) -> None:
        self._client = httpx2.Client(
            timeout=timeout_s, follow_redirects=False, trust_env=False, verify=_authorities()
        )

    def __call__(self, request: Request, /) -> Answer:
        try:
            with self._client.stream(
                "POST", request.url, headers=dict(request.headers), content=request.body
            ) as response:
                if _length(response) <= SHORT_BODY:
                    response.read()
                return Answer(status=response.status_code, retry_after_s=_retry_after(response))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return Answer(status=0, error=f"{type(error).__name__}: {error}")

    def close(self) -> None:
        self._client.close()


@cache
def _authorities() -> ssl.SSLContext:
    """Trust the authorities httpx2 trusts, read once a process."""
    return httpx2.create_ssl_context(verify=True, trust_env=False)


def _length(response: httpx2.Response) -> int:
    return _whole(response.headers.get("content-length", ""), otherwise=SHORT_BODY + 1)


def _retry_after(response: httpx2.Response) -> int:
    return _whole(response.headers.get("retry-after", ""), otherwise=0)


def _whole(text: str, *, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else otherwise
