"""The JSON API under /v1, /health and /metrics: thin routes that translate and call."""

from fastapi import APIRouter

from fieldfare.web.api.admin import router as admin
from fieldfare.web.api.backtests import router as backtests
from fieldfare.web.api.banks import router as banks
from fieldfare.web.api.brakes import router as brakes
from fieldfare.web.api.clock import router as clock
from fieldfare.web.api.entries import router as entries
from fieldfare.web.api.exchanges import router as exchanges
from fieldfare.web.api.gate import router as gate
from fieldfare.web.api.health import router as health
from fieldfare.web.api.ingest import router as ingest
from fieldfare.web.api.labels import router as labels
from fieldfare.web.api.lake import router as lake
from fieldfare.web.api.matching import router as matching
from fieldfare.web.api.people import router as people
from fieldfare.web.api.query import router as query
from fieldfare.web.api.reading import router as reading
from fieldfare.web.api.review import router as review
from fieldfare.web.api.rule_hits import router as rule_hits
from fieldfare.web.api.rule_trials import router as rule_trials
from fieldfare.web.api.rule_versions import router as rule_versions
from fieldfare.web.api.rules import router as rules
from fieldfare.web.api.webhooks import router as webhooks
from fieldfare.web.api.words import router as words

ROUTERS: tuple[APIRouter, ...] = (
    *(health, gate, ingest, reading, labels, review),
    *(admin, banks, entries, matching, words, exchanges, webhooks),
    *(rules, rule_hits, rule_versions, brakes, people, clock),
    *(rule_trials, backtests, lake, query),
)

__all__ = ["ROUTERS"]
