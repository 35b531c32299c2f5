"""Enforcement: effects carried to the host, at least once, in order, signed."""

from fieldfare.enforcement.addresses import (
    WebhookUrlRefused,
    checked_url,
    new_secret,
    new_webhook,
    rotated,
)
from fieldfare.enforcement.backoff import Circuit, Schedule
from fieldfare.enforcement.carrier import Carrier, CarrierStore, CarrierUnit, Pace
from fieldfare.enforcement.delivery import Answer, HttpSend, Request, Send, signed
from fieldfare.enforcement.effects import body_of, effects_of, restriction_json, rows_of
from fieldfare.enforcement.repositories import Outbox, UnsentEffects, Webhooks

__all__ = [
    "Answer",
    "Carrier",
    "CarrierStore",
    "CarrierUnit",
    "Circuit",
    "HttpSend",
    "Outbox",
    "Pace",
    "Request",
    "Schedule",
    "Send",
    "UnsentEffects",
    "WebhookUrlRefused",
    "Webhooks",
    "body_of",
    "checked_url",
    "effects_of",
    "new_secret",
    "new_webhook",
    "restriction_json",
    "rotated",
    "rows_of",
    "signed",
]
