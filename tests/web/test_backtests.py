"""Backtests in the console: started by a form, watched to their end, compared, exported."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from fieldfare.access import RoleName
from fieldfare.engine.rule_moves import Proposal
from fieldfare.kernel import Conflict
from fieldfare.testing.histories import import_comments
from fieldfare.testing.sites import Caller, Site
from fieldfare.testing.visits import Visit

JSON = {"accept": "application/json"}
HTML = {"accept": "text/html"}
DAY = {"from": "2026-03-02", "to": "2026-03-02"}
LONGEST_S = 120
ANY_COMMENT = """
AnyComment = Rule(when_all=[IsComment], description='')
WhenRules(rules_any=[AnyComment], then=[Limit(policy='IN.SPAM')])
"""


@pytest.fixture
def author(site: Site) -> Caller:
    return site.signed_in("author", RoleName.RULE_AUTHOR)


def ended(site: Site, who: Caller, backtest_id: str) -> dict[str, Any]:
    """Wait for the end of a backtest, which runs on processes of its own, and give its page."""
    ends = time.monotonic() + LONGEST_S
    while time.monotonic() < ends:
        page = site.client().get(f"/backtests/{backtest_id}", headers=who.headers | JSON)
        assert page.status_code == 200
        told: dict[str, Any] = page.json()
        if not told["test"]["is_running"]:
            return told
    raise AssertionError("the backtest does not end")


def started(site: Site, who: Caller, version: str = "1", **more: str) -> str:
    answer = site.client().post(
        "/backtests", data={"version": version, **DAY, **more}, headers=who.headers | JSON
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def test_a_version_is_run_over_a_day_and_compared_with_a_draft_from_the_editor(
    site: Site, author: Caller
) -> None:
    site.community.clock.advance(3_600_000)
    sources = dict(site.community.platform.rule_set(site.community.org).sources)
    quiet = sources["items.sml"].replace("TermPolicy != None, IsComment", "IsComment, False")
    fields = {f"file:{name}": text for name, text in {**sources, "items.sml": quiet}.items()}

    live = ended(site, author, started(site, author))
    tried = site.client().post(
        "/rules/edit", data={**fields, "do": "backtest"}, headers=author.headers | JSON
    )
    draft = ended(site, author, tried.json()["id"])

    assert live["test"]["state"] == draft["test"]["state"] == "done"
    assert (live["test"]["version"], draft["test"]["version"]) == (1, None)
    assert (live["findings"]["matrix"]["milder"], draft["findings"]["matrix"]["milder"]) == (0, 12)
    (held,) = [row for row in draft["findings"]["matrix"]["rows"] if row["old"] == "hold"]
    (milder,) = [cell for cell in held["cells"] if cell["turn"] == "milder"]
    assert {example["kind"] for example in milder["examples"]} == {"comment"}
    ids = f"{live['test']['id']},{draft['test']['id']}"
    side = site.client().get(f"/backtests?compare={ids}", headers=author.headers | JSON).json()
    hits = {pair["name"]: (pair["a"], pair["b"]) for pair in side["comparison"]["rules"]}
    assert hits["TermInComment"] == (12, 0)
    for path in (f"/backtests?compare={ids}", f"/backtests/{live['test']['id']}", "/backtests"):
        page = site.client().get(path, headers=author.headers | HTML)
        assert page.status_code == 200
        assert "TermInComment" in page.text or path == "/backtests"
    export = f"/v1/backtests/{live['test']['id']}/export?format=csv"
    assert "TermInComment" in site.client().get(export, headers=author.headers).text


def test_an_example_that_was_imported_is_named_and_leads_nowhere(
    site: Site, author: Caller
) -> None:
    import_comments(site.community, "old", at="2026-03-02T00:00:00Z")
    site.community.clock.advance(3_600_000)
    sources = dict(site.community.platform.rule_set(site.community.org).sources)
    sources["items.sml"] += ANY_COMMENT
    fields = {f"file:{name}": text for name, text in sources.items()}
    tried = site.client().post(
        "/rules/edit", data={**fields, "do": "backtest"}, headers=author.headers | JSON
    )
    test_id = ended(site, author, tried.json()["id"])["test"]["id"]

    page = site.client().get(f"/backtests/{test_id}", headers=author.headers | HTML).text

    assert "comment:old</span> <small>imported</small>" in page
    assert "/items/comment/old" not in page
    assert "/items/comment/c" in page


def test_a_time_without_history_is_not_shown_as_harmless(site: Site, author: Caller) -> None:
    site.community.clock.advance(3_600_000)
    empty = started(site, author, **{"from": "2026-01-01", "to": "2026-01-02"})
    partly = started(site, author, **{"from": "2026-02-20", "to": "2026-03-02"})

    told, cut = ended(site, author, empty), ended(site, author, partly)
    html = {
        name: site.client().get(f"/backtests/{name}", headers=author.headers | HTML).text
        for name in (empty, partly)
    }

    assert (told["findings"]["events"], told["findings"]["history"]["events"]) == (0, 0)
    assert told["findings"]["history"]["first"].startswith("2026-03-02")
    assert "the lake holds no events of this time" in html[empty]
    assert "The lake holds events from 2 Mar 2026 to 2 Mar 2026." in html[empty]
    assert "What would change" not in html[empty]
    assert cut["is_cut"]
    assert "Part of this time has no history." in html[partly]


def test_a_day_that_is_none_and_a_span_that_is_empty_are_refused(
    site: Site, author: Caller
) -> None:
    for wrong in ({"from": "yesterday"}, {"to": "2026-02-30"}, {"from": "2026-03-03"}):
        fields = {"version": "1", **DAY, **wrong}
        told = site.client().post("/backtests", data=fields, headers=author.headers | JSON)
        assert told.status_code == 400, wrong


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_written_is_refused_and_leaves_nothing(
    site: Site, author: Caller, day: str
) -> None:
    def kept() -> object:
        return site.client().get("/backtests", headers=author.headers | JSON).json()["tests"]

    before = kept()
    answer = site.client().post(
        "/backtests",
        data={"version": "1", "from": day, "to": day},
        headers=author.headers | JSON,
    )

    assert answer.status_code == 400
    assert kept() == before


def test_one_alone_is_not_compared(site: Site, author: Caller) -> None:
    told = site.client().get("/backtests?compare=1", headers=author.headers | JSON)

    assert told.status_code == 400
    assert "Two" in told.json()["detail"]


def test_a_reviewer_reads_backtests_and_starts_none(site: Site) -> None:
    who = site.signed_in("rita", RoleName.REVIEWER)

    page = site.client().get("/backtests", headers=who.headers | HTML)

    assert page.status_code == 200
    assert 'action="/backtests" class="find' not in page.text
    refused = site.client().post(
        "/backtests", data={"version": "1", **DAY}, headers=who.headers | JSON
    )
    assert refused.status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("look", ["dark", "light"])
def test_a_backtest_is_started_and_watched_in_a_browser(
    visit: Visit, site: Site, look: str
) -> None:
    visit.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    site.person("author", RoleName.RULE_AUTHOR)
    visit.sign_in("author")
    visit.open("/backtests?version=1")
    found = {"list": violations(visit)}
    visit.page.fill("input[name=from]", DAY["from"])
    visit.page.fill("input[name=to]", DAY["to"])

    visit.page.get_by_role("button", name="Run").click()
    visit.page.wait_for_selector("main:not([data-running]) .matrix", timeout=LONGEST_S * 1000)

    found["one"] = violations(visit)
    assert found == {"list": [], "one": []}
    assert visit.complaints == []


def violations(visit: Visit) -> list[str]:
    found = Axe().run(visit.page).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def test_a_version_that_no_longer_compiles_is_offered_last_and_cannot_be_chosen(
    site: Site, author: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, org = site.community.platform, site.community.org
    sources = platform.rule_set(org).sources
    files = {**sources, "main.sml": sources["main.sml"] + "# with a list\n"}
    made = platform.versioning.propose(org, files, Proposal(by="ann"))
    original = platform.books.compiler.rules

    def refuses(asked: Mapping[str, str], words: object) -> object:
        if "# with a list" in asked["main.sml"]:
            raise Conflict("the list it reads is gone")
        return original(asked, words)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(platform.books.compiler, "rules", refuses)
    path = f"/backtests?version={made.hash}"

    page = site.client().get(path, headers=author.headers | JSON).json()
    html = site.client().get(path, headers=author.headers | HTML).text

    assert [bool(each["problem"]) for each in page["versions"]][-2:] == [False, True]
    assert page["versions"][-1]["hash"] == made.hash
    assert f'<option value="{made.hash}" disabled>' in html
