"""The routes of the console: each reads one view and answers with its page or its JSON twin."""

from fastapi import APIRouter

from fieldfare.web.console.pages.adding import router as adding
from fieldfare.web.console.pages.backtests import router as backtests
from fieldfare.web.console.pages.bank_files import router as bank_files
from fieldfare.web.console.pages.banks import router as banks
from fieldfare.web.console.pages.brakes import router as brakes
from fieldfare.web.console.pages.entities import router as entities
from fieldfare.web.console.pages.entries import router as entries
from fieldfare.web.console.pages.exchanges import router as exchanges
from fieldfare.web.console.pages.investigate import router as investigate
from fieldfare.web.console.pages.items import router as items
from fieldfare.web.console.pages.library import router as library
from fieldfare.web.console.pages.matching import router as matching
from fieldfare.web.console.pages.media import router as media
from fieldfare.web.console.pages.outbox import router as outbox
from fieldfare.web.console.pages.overview import router as overview
from fieldfare.web.console.pages.review import router as review
from fieldfare.web.console.pages.rule_editor import router as rule_editor
from fieldfare.web.console.pages.rule_versions import router as rule_versions
from fieldfare.web.console.pages.rules import router as rules
from fieldfare.web.console.pages.signin import router as signin

ROUTERS: tuple[APIRouter, ...] = (
    signin,
    overview,
    review,
    items,
    investigate,
    entities,
    library,
    banks,
    entries,
    adding,
    bank_files,
    matching,
    exchanges,
    rule_editor,
    rule_versions,
    backtests,
    rules,
    brakes,
    outbox,
    media,
)

__all__ = ["ROUTERS"]
