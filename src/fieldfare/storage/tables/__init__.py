"""The tables, a module a group. What flows in and out of them is written in the repositories."""

from fieldfare.storage.tables.access import api_keys, organisations, people, sessions
from fieldfare.storage.tables.backtests import backtests
from fieldfare.storage.tables.brakes import quotas, snoozes, uses
from fieldfare.storage.tables.columns import metadata
from fieldfare.storage.tables.decisions import HOLDING, decisions, verdicts
from fieldfare.storage.tables.enforcement import outbox, webhooks
from fieldfare.storage.tables.engine import cursors, scans, versions
from fieldfare.storage.tables.exchanges import exchange_records, exchanges
from fieldfare.storage.tables.ingest import accounts, call_keys, items, reports, view_rates, views
from fieldfare.storage.tables.labels import entity_labels
from fieldfare.storage.tables.ledger import data_keys, seals
from fieldfare.storage.tables.log import event_causes, events, histories, lanes, payloads
from fieldfare.storage.tables.matching import (
    HAS_MD5,
    HAS_SHA256,
    HAS_SOURCE,
    HAS_WORDS,
    bank_entries,
    bank_sizes,
    banks,
    entry_feedback,
    entry_hits,
    lists,
    uploads,
)
from fieldfare.storage.tables.review import cases, exposures
from fieldfare.storage.tables.rules import ABOUT_ACCOUNTS, rule_hits, rule_moves, rule_versions

__all__ = [
    "ABOUT_ACCOUNTS",
    "HAS_MD5",
    "HAS_SHA256",
    "HAS_SOURCE",
    "HAS_WORDS",
    "HOLDING",
    "accounts",
    "api_keys",
    "backtests",
    "bank_entries",
    "bank_sizes",
    "banks",
    "call_keys",
    "cases",
    "cursors",
    "data_keys",
    "decisions",
    "entity_labels",
    "entry_feedback",
    "entry_hits",
    "event_causes",
    "events",
    "exchange_records",
    "exchanges",
    "exposures",
    "histories",
    "items",
    "lanes",
    "lists",
    "metadata",
    "organisations",
    "outbox",
    "payloads",
    "people",
    "quotas",
    "reports",
    "rule_hits",
    "rule_moves",
    "rule_versions",
    "scans",
    "seals",
    "sessions",
    "snoozes",
    "uploads",
    "uses",
    "verdicts",
    "versions",
    "view_rates",
    "views",
    "webhooks",
]
