"""The console without a browser: twins, sign-in, forms, and a case from claim to undo."""

import json
from http.cookies import SimpleCookie

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from fieldfare.access import RoleName, Scope
from fieldfare.records import Subject
from fieldfare.testing.sites import PASSWORD, Caller, Site

JSON = {"accept": "application/json"}
HTML = {"accept": "text/html"}
PAGES = [
    "/overview",
    "/overview?days=1",
    "/review",
    "/items",
    "/items/video/v1",
    "/items/comment/c1",
    "/entities/Account/ben",
    "/policies",
    "/policies/AD.NUDE",
    "/rules",
    "/rules?q=nudity",
    "/rules?q=nothing-like-it",
    "/rules/rule/NudityAlmostCertain",
    "/rules/edit",
    "/rules/versions",
    "/rules/versions/1",
    "/rules/versions/1/shadow",
    "/backtests",
    "/rules/items.sml",
    "/brakes",
    "/investigate",
    "/investigate?q=Author+!=+None&top=Author&to=2026-03-03T00:00:00Z",
    "/investigate?q=Authr+!=+None",
    "/banks",
    "/new-bank",
    "/match",
    "/exchanges",
    "/new-exchange?api=ncmec",
    "/outbox",
    "/outbox?state=dead",
]


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


@pytest.fixture
def everything(site: Site) -> Caller:
    return site.signed_in("both", RoleName.ADMIN, RoleName.REVIEWER)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_json_twin_at_the_same_path(
    client: TestClient, everything: Caller, path: str
) -> None:
    page = client.get(path, headers={**everything.headers, **HTML})
    twin = client.get(path, headers={**everything.headers, **JSON})

    assert page.status_code == twin.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert twin.headers["content-type"] == "application/json"
    assert isinstance(twin.json(), dict)
    assert "Accept" in page.headers["vary"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_script_or_style(
    client: TestClient, everything: Caller, path: str
) -> None:
    page = client.get(path, headers={**everything.headers, **HTML}).text

    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count('<script type="module" src="/static/')


def test_without_a_preference_a_page_is_a_page(client: TestClient, everything: Caller) -> None:
    answer = client.get("/policies", headers={**everything.headers, "accept": "*/*"})

    assert answer.headers["content-type"].startswith("text/html")


def test_the_twin_writes_ids_as_strings_and_times_with_their_offset(
    client: TestClient, everything: Caller
) -> None:
    item = client.get("/items/video/v1", headers={**everything.headers, **JSON}).json()

    assert isinstance(item["decision"]["id"], str)
    assert item["posted_at"].endswith("Z")


def test_the_item_page_shows_the_whole_chain_of_causes(
    client: TestClient, everything: Caller
) -> None:
    item = client.get("/items/video/v1", headers={**everything.headers, **JSON}).json()

    kinds = [event["kind"] for event in item["timeline"]]
    assert kinds[:2] == ["item.posted", "item.scanned"]
    assert {"decision.made", "case.opened", "report.filed"} <= set(kinds)
    known = {event["id"] for event in item["timeline"]}
    for event in item["timeline"][1:]:
        assert event["causes"]
        assert all(cause["id"] in known for cause in event["causes"])


def test_words_a_rule_saw_are_marked_in_the_text(client: TestClient, everything: Caller) -> None:
    page = client.get("/items/video/v1", headers={**everything.headers, **HTML}).text

    assert "<mark>zorblat</mark>" in page


def test_what_hosts_send_is_never_markup(client: TestClient, site: Site) -> None:
    who = site.signed_in("both", RoleName.ADMIN, RoleName.REVIEWER)
    nasty = "<script>alert(1)</script>"
    page = client.get(f"/items/video/{nasty}", headers={**who.headers, **HTML})

    assert page.status_code == 404
    assert nasty not in page.text


def test_a_person_who_is_not_signed_in_is_led_there_and_back(client: TestClient) -> None:
    away = client.get("/items/video/v1?x=1", headers=HTML)

    assert away.status_code == 303
    assert away.headers["location"] == "/sign-in?then=/items/video/v1%3Fx%3D1"
    assert client.get("/items", headers=JSON).status_code == 401


def sign_in(client: TestClient, **fields: str) -> Response:
    return client.post("/sign-in", data=fields, headers=HTML)


def test_signing_in_opens_a_session_that_only_the_browser_keeps(
    client: TestClient, site: Site
) -> None:
    site.person("robin", RoleName.REVIEWER)

    answer = sign_in(client, name="robin", password=PASSWORD, then="/items")

    assert (answer.status_code, answer.headers["location"]) == (303, "/items")
    cookie = SimpleCookie(answer.headers["set-cookie"])["ff_session"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "lax")
    assert client.get("/review", headers=HTML).status_code == 200


def test_a_wrong_password_says_so_on_the_page_and_keeps_the_name(client: TestClient) -> None:
    answer = sign_in(client, name="nobody", password="wrong and long")

    assert answer.status_code == 401
    assert "The name or the password is not right." in answer.text
    assert 'value="nobody"' in answer.text
    assert "wrong and long" not in answer.text


def test_a_field_with_the_character_nul_is_refused_by_its_name(client: TestClient) -> None:
    fields = {"name": "an\0a", "password": "wrong and long"}

    in_a_form = client.post("/sign-in", data=fields, headers=JSON)
    as_json = client.post("/sign-in", json=fields, headers=JSON)

    assert [answer.status_code for answer in (in_a_form, as_json)] == [400, 400]
    assert in_a_form.json()["pointer"] == as_json.json()["pointer"] == "/name"


def test_guessing_is_slowed_down(client: TestClient) -> None:
    for _ in range(8):
        sign_in(client, name="guessed", password="wrong and long")

    answer = client.post(
        "/sign-in", json={"name": "guessed", "password": "wrong and long"}, headers=JSON
    )

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "then", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere", "javascript:1"]
)
def test_signing_in_leads_nowhere_else(client: TestClient, site: Site, then: str) -> None:
    site.person("robin", RoleName.REVIEWER)

    assert sign_in(client, name="robin", password=PASSWORD, then=then).headers["location"] == (
        "/review"
    )


def test_signing_out_ends_the_session_for_good(client: TestClient, site: Site) -> None:
    who = site.signed_in("both", RoleName.ADMIN, RoleName.REVIEWER)

    assert client.post("/sign-out", headers=who.headers).status_code == 303

    assert client.get("/items", headers={**who.headers, **JSON}).status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [{"x-csrf-token": ""}, {"x-csrf-token": "forged"}, {"sec-fetch-site": "cross-site"}],
)
def test_a_form_that_is_not_ours_changes_nothing(
    client: TestClient, everything: Caller, spoil: dict[str, str]
) -> None:
    answer = client.post("/review/next", headers={**everything.headers, **JSON, **spoil})

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:fieldfare:problem:form-not-ours"


def test_a_key_needs_no_form_token(client: TestClient, site: Site) -> None:
    taken = client.post(
        "/review/next", json={}, headers={**site.keyed(Scope.REVIEW).headers, **JSON}
    )

    assert taken.status_code == 200
    told = taken.json()
    released = client.post(
        f"/review/{told['case']}/release",
        json={"lease_token": told["lease_token"]},
        headers={**site.keyed(Scope.REVIEW).headers, **JSON},
    )
    assert released.status_code == 409  # another key is another holder


def test_the_look_is_the_caller_s_own_choice(client: TestClient) -> None:
    client.post("/theme", data={"theme": "dark"}, headers=HTML)

    assert 'data-theme="dark"' in client.get("/sign-in", headers=HTML).text
    assert client.post("/theme", data={"theme": "x"}, headers=JSON).status_code == 400


class Reviewer:
    """A person at the JSON twin of the review page."""

    def __init__(self, site: Site, name: str) -> None:
        self.client = site.client()
        self.headers = {**site.signed_in(name, RoleName.REVIEWER).headers, **JSON}

    def post(self, path: str, **fields: str) -> Response:
        return self.client.post(path, json=fields, headers=self.headers)

    def get(self, path: str) -> Response:
        return self.client.get(path, headers=self.headers)

    def take(self, queue: str) -> tuple[str, str]:
        told = self.post("/review/next", queue=queue).json()
        return told["case"], told["lease_token"]


def test_a_case_is_decided_and_taken_back(site: Site) -> None:
    ann = Reviewer(site, "ann")
    case, token = ann.take("hate")

    decided = ann.post(
        f"/review/{case}/decide", lease_token=token, action="remove", policy="HS.SLUR"
    )
    assert decided.status_code == 200
    made = decided.json()["decision_id"]
    told = ann.get(f"/v1/decisions/{made}").json()
    assert (told["action"], told["by"]) == ("remove", "person")

    undone = ann.post(f"/review/{case}/undo")
    assert undone.status_code == 200
    again = ann.post(
        f"/review/{case}/decide", lease_token=undone.json()["lease_token"], action="allow"
    )
    assert again.json()["state"] == "decided"


def test_a_decision_with_a_lapsed_lease_loses_nothing_that_was_written(site: Site) -> None:
    ann = Reviewer(site, "ann")
    case, token = ann.take("hate")
    site.community.clock.advance(300_000)
    form = {"lease_token": token, "action": "remove", "policy": "HS.SLUR", "note": "at 3 s"}

    program = ann.post(f"/review/{case}/decide", **form)
    page = ann.client.post(f"/review/{case}/decide", data=form, headers={**ann.headers, **HTML})

    assert program.status_code == page.status_code == 409
    assert program.json()["type"] == "urn:fieldfare:problem:case-not-leased"
    for kept in ("at 3 s", "HS.SLUR", "has lapsed"):
        assert kept in page.text


def test_a_decision_sent_twice_by_a_browser_is_one_decision(site: Site) -> None:
    ann = Reviewer(site, "ann")
    case, token = ann.take("hate")
    form = {"lease_token": token, "action": "remove", "policy": "HS.SLUR"}
    path, headers = f"/review/{case}/decide", {**ann.headers, **HTML}

    answers = [ann.client.post(path, data=form, headers=headers) for _ in range(2)]

    assert [answer.headers.get("location") for answer in answers] == [
        f"/review?decided={case}",
        f"/review?decided={case}",
    ]
    page = ann.client.get(f"/review?decided={case}", headers=headers).text
    assert f"/review/{case}/undo" in page
    following, its_token = ann.take("hate")
    ann.post(f"/review/{following}/release", lease_token=its_token)


@pytest.mark.parametrize(
    "fields",
    [
        {"action": ""},
        {"action": "explode"},
        {"action": "remove"},
        {"action": "remove", "policy": "NO.SUCH"},
        {"action": "allow", "note": "x" * 2_001},
    ],
)
def test_a_choice_that_cannot_be_taken_keeps_the_case(site: Site, fields: dict[str, str]) -> None:
    ann = Reviewer(site, "ann")
    case, token = ann.take("hate")

    answer = ann.post(f"/review/{case}/decide", lease_token=token, **fields)

    assert answer.status_code in {400, 404}
    assert ann.post(f"/review/{case}/heartbeat", lease_token=token).status_code == 200


def test_an_item_that_is_not_there_is_an_empty_page_to_look_further_from(
    client: TestClient, everything: Caller
) -> None:
    page = client.get("/items/comment/no<b>body", headers={**everything.headers, **HTML})
    twin = client.get("/items/comment/no<b>body", headers={**everything.headers, **JSON})

    assert (page.status_code, twin.status_code) == (404, 404)
    assert "There is no such item" in page.text
    assert "comment:no&lt;b&gt;body" in page.text
    assert "<option selected>comment</option>" in page.text
    assert twin.headers["content-type"] == "application/problem+json"


def looks(site: Site, kind: str, host_id: str) -> list[tuple[str, object]]:
    """List who looked at an item, by what the log says."""
    platform, org = site.community.platform, site.community.org
    events = platform.store.read(
        lambda uow: uow.log.of_subject(org, Subject(kind, host_id), limit=500)
    )
    return [
        (str(event.person), (event.data or {}).get("by"))
        for event in events
        if event.kind == "item.looked_at"
    ]


def test_each_look_at_an_items_page_is_on_the_log(site: Site) -> None:
    eve = site.signed_in("eve", RoleName.ADMIN)
    before = len(looks(site, "comment", "c9"))

    for accept in (HTML, JSON):
        answer = site.client().get("/items/comment/c9", headers={**eve.headers, **accept})
        assert answer.status_code == 200

    assert looks(site, "comment", "c9")[before:] == [("account:ana", "reviewer-eve")] * 2


def test_each_look_at_a_case_is_on_the_log_and_none_at_the_queues(site: Site) -> None:
    fay = Reviewer(site, "fay")
    assert fay.get("/review").json()["case"] is None
    case, token = fay.take("violence")
    before = len(looks(site, "video", "v1"))
    fay.headers["cookie"] += f"; ff_lease={case}:{token}"

    assert fay.get("/review").json()["case"]["id"] == case

    assert looks(site, "video", "v1")[before:] == [("account:ben", "reviewer-fay")]
    assert fay.post(f"/review/{case}/release", lease_token=token).status_code == 200


def test_a_reveal_of_the_pictures_does_not_open_the_video(site: Site) -> None:
    ann = Reviewer(site, "dot")
    case, token = ann.take("violence")
    right = ann.post(f"/review/{case}/reveal", lease_token=token, what="stills").json()
    ann.client.cookies.clear()
    ann.headers["x-reveal-token"] = right["reveal_token"]

    assert ann.get(f"/media/cases/{case}/clear/0").status_code == 200
    refused = ann.get(f"/media/cases/{case}/video")
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("reveal-refused")
    assert ann.post(f"/review/{case}/release", lease_token=token).status_code == 200


def test_clear_pictures_need_a_reveal_that_is_counted(site: Site) -> None:
    ann = Reviewer(site, "cid")
    case, token = ann.take("violence")
    blurred = ann.get(f"/media/cases/{case}/stills/0")
    assert blurred.status_code == 200
    assert blurred.headers["content-type"].startswith("image/")

    for path in (f"/media/cases/{case}/clear/0", f"/media/cases/{case}/video"):
        assert ann.get(path).status_code == 403

    right = ann.post(f"/review/{case}/reveal", lease_token=token, what="video").json()
    ann.client.cookies.clear()
    ann.headers["x-reveal-token"] = right["reveal_token"]
    clear = ann.get(f"/media/cases/{case}/clear/0")
    assert clear.status_code == 200
    assert clear.content != blurred.content
    assert ann.get("/review").json()["exposures"] == 1
    part = ann.client.get(
        f"/media/cases/{case}/video", headers={**ann.headers, "range": "bytes=0-3"}
    )
    assert (part.status_code, len(part.content)) == (206, 4)
    beyond = {**ann.headers, "range": "bytes=999999999-"}
    assert ann.client.get(f"/media/cases/{case}/video", headers=beyond).status_code == 416

    site.community.clock.advance(60_000)
    assert ann.get(f"/media/cases/{case}/clear/0").status_code == 403


def test_a_picture_that_is_not_there_is_not_found(site: Site) -> None:
    ann = Reviewer(site, "ann")

    assert ann.get("/media/items/video/v1/stills/99").status_code == 404
    assert ann.get("/media/items/video/none/stills/0").status_code == 404
    assert ann.get("/media/cases/1/stills/0").status_code == 404


def test_a_rule_is_found_by_its_name(client: TestClient, everything: Caller) -> None:
    found = client.get("/rules?find=TermInCaption", headers={**everything.headers, **HTML})

    assert found.status_code == 303
    assert found.headers["location"].endswith("/rules/rule/TermInCaption")
    lost = client.get("/rules?find=TermInCaptio", headers={**everything.headers, **JSON})
    assert lost.status_code == 404
    assert "TermInCaption" in lost.json()["hint"]


def test_replaying_what_is_not_dead_is_refused(client: TestClient, everything: Caller) -> None:
    fields = {"effect_id": "1-0", "webhook": "host"}

    answer = client.post("/outbox/replay", json=fields, headers={**everything.headers, **JSON})

    assert answer.status_code == 409


def test_the_outbox_turns_its_pages(client: TestClient, everything: Caller) -> None:
    rows = client.get("/outbox", headers={**everything.headers, **JSON}).json()["rows"]
    first = rows[0]

    assert len(rows) >= 4
    place = f"{first['effect_id']}-{first['webhook']}"
    after = client.get(f"/outbox?before={place}", headers={**everything.headers, **JSON}).json()
    assert after["rows"] == rows[1:]
    for wrong in ("/outbox?before=x", "/outbox?state=x", "/items?before=x"):
        assert client.get(wrong, headers={**everything.headers, **JSON}).status_code == 400


def test_the_overview_never_shows_nothing_of_nothing_as_zero(
    client: TestClient, everything: Caller
) -> None:
    told = client.get("/overview", headers={**everything.headers, **JSON})

    measured = json.loads(told.text)["all"]
    assert measured["proactive"]["n"] == measured["removed"]
