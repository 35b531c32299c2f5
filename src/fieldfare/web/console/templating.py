"""Pages out of view records: a template and a record flow in, HTML or its JSON twin flows out.

Every text of ours goes through gettext, every value is escaped, and a name a template misspells is
an error. Nothing here knows what a page is about.
"""

import functools
import gettext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from lucide.jinja import lucide
from markupsafe import Markup

from fieldfare.access import Permission
from fieldfare.kernel import Clock
from fieldfare.metrics import Share
from fieldfare.web.console.charts import columns, spark
from fieldfare.web.console.moments import Moment, length, twin
from fieldfare.web.console.wording import WORDS, bank_name, blanks, gettext_of, in_words
from fieldfare.web.guards import SignedIn, doors
from fieldfare.web.problems import Problem, problem_response

_WEB: Final = Path(__file__).parent.parent
THEME_COOKIE: Final = "ff_theme"
THEMES: Final = ("auto", "light", "dark")
_SMALL: Final = 0.1
_REVIEW: Final = "/review"
_ICON: Final = {"class": "i", "aria-hidden": "true"}
_MENU: Final = (
    ("overview", "/overview", "layout-dashboard", Permission.OVERVIEW),
    ("review", "/review", "eye", Permission.REVIEW),
    ("items", "/items", "inbox", Permission.ITEMS_READ),
    ("investigate", "/investigate", "search", Permission.QUERY),
    ("policies", "/policies", "book-open", Permission.POLICIES_READ),
    ("rules", "/rules", "gavel", Permission.RULES_READ),
    ("banks", "/banks", "database", Permission.BANKS_READ),
    ("outbox", "/outbox", "send", Permission.OUTBOX_READ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    name: str
    path: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What every page shows around its own: the menu, who is signed in, the look.

    who: the name one signed in by, shown to nobody else; pseudonym: what others see. may: the
    permissions of whoever asks, so that a page offers nothing that would be refused.
    """

    menu: tuple[MenuEntry, ...]
    current: str
    who: str
    pseudonym: str
    csrf: str
    theme: str
    path: str
    may: frozenset[str]


@functools.cache
def icon(name: str) -> Markup:
    """Give a Lucide icon as inline SVG, hidden from readers. Raises IconDoesNotExist."""
    return Markup(lucide(name, size=15, **_ICON))  # noqa: S704  # out of the icon package


def percent(share: Share | float | None) -> str:
    """Write a share for people; a share of nothing is a dash."""
    value = share.value if isinstance(share, Share) else share
    if value is None:
        return "\N{EN DASH}"
    digits = 2 if 0 < value < _SMALL else 1
    return f"{value * 100:.{digits}f}\N{NO-BREAK SPACE}%"


def number(value: float) -> str:
    """Write a number with thousands apart and no more digits than it needs."""
    whole = f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")
    return whole.replace(",", "\N{NARROW NO-BREAK SPACE}")


class Pages:
    """The template environment of one application."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader(_WEB / "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        catalogue = gettext.translation("fieldfare", _WEB / "locale", fallback=True)
        self._environment.install_gettext_translations(  # type: ignore[attr-defined]  # the extension's
            catalogue, newstyle=True
        )
        self._environment.globals.update(icon=icon, words=WORDS, word=gettext_of(catalogue))
        self._environment.filters.update(
            percent=percent,
            number=number,
            stretch=length,
            ago=self.ago,
            left=self.left,
            left_ms=self.left_ms,
            bank_name=bank_name,
            blanks=blanks,
            in_words=in_words,
            spark=spark,
            columns=columns,
        )

    def ago(self, moment: Moment) -> str:
        """How long since, as a stretch of time."""
        return length(self._clock.now_ms() - moment.ms)

    def left(self, moment: Moment) -> str:
        """How long until, as a stretch of time; nothing is left of the past."""
        return length(moment.ms - self._clock.now_ms())

    def left_ms(self, moment: Moment) -> int:
        """How many ms until; 0 for what is past."""
        return max(0, moment.ms - self._clock.now_ms())

    def html(self, template: str, **values: object) -> str:
        return self._environment.get_template(template).render(**values)


def pages(request: Request) -> Pages:
    found = request.app.state.pages
    if not isinstance(found, Pages):
        raise TypeError("the application was not made by create_app")
    return found


def wants_json(request: Request) -> bool:
    """Say whether the caller prefers JSON to a page. Without a preference it is a page."""
    accept = request.headers.get("accept", "")
    return _quality(accept, "application/json") > _quality(accept, "text/html")


def wants_page(request: Request) -> bool:
    """Say whether the caller named HTML, as browsers do."""
    accept = request.headers.get("accept", "")
    html = _quality(accept, "text/html")
    return "text/html" in accept and html >= _quality(accept, "application/json")


def _quality(accept: str, wanted: str) -> float:
    """Read the weight of a media type in an Accept header; its exact name beats wildcards."""
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, _, rest = part.strip().partition(";")
        weight = rest.strip().removeprefix("q=")
        try:
            found[name.strip().lower()] = float(weight) if rest else 1.0
        except ValueError:
            found[name.strip().lower()] = 0.0
    group = f"{wanted.partition('/')[0]}/*"
    return found.get(wanted, found.get(group, found.get("*/*", 0.0)))


def answer(
    request: Request, template: str, view: object, *, current: str = "", status: int = 200
) -> Response:
    """Answer with a page, or with its JSON twin when that is asked for."""
    headers = {"Vary": "Accept, Cookie"}
    if wants_json(request):
        return Response(
            twin(view), status_code=status, media_type="application/json", headers=headers
        )
    html = pages(request).html(template, shell=shell(request, current), view=view)
    return HTMLResponse(html, status_code=status, headers=headers)


def answer_problem(request: Request, problem: Problem) -> Response:
    """Answer a problem as a page to a browser, as problem+json to everybody else."""
    request_id = request.state.request_id
    if not wants_page(request):
        return problem_response(problem, request_id)
    html = pages(request).html(
        "problem.html",
        shell=shell(request, ""),
        view=problem,
        request_id=request_id,
        back=_REVIEW if request.url.path.startswith(f"{_REVIEW}/") else "/",
    )
    headers = {**problem.headers, "Vary": "Accept, Cookie"}
    return HTMLResponse(html, status_code=problem.status, headers=headers)


def shell(request: Request, current: str) -> Shell:
    """Gather what stands around a page for whoever asks."""
    signed_in = getattr(request.state, "signed_in", None)
    known = signed_in if isinstance(signed_in, SignedIn) else None
    menu = tuple(
        MenuEntry(name=name, path=path, icon=sign)
        for name, path, sign, permission in _MENU
        if known and known.principal.may(permission)
    )
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return Shell(
        menu=menu,
        current=current,
        who=known.name if known else "",
        pseudonym=known.principal.pseudonym if known else "",
        csrf=known.session.csrf if known and known.session else "",
        theme=theme if theme in THEMES else "auto",
        path=request.url.path if request.method == "GET" else "/",
        may=frozenset(each.value for each in known.principal.permissions) if known else frozenset(),
    )


def is_secure(request: Request) -> bool:
    """Say whether cookies must stay on https."""
    return doors(request).platform.settings.secure_cookies
