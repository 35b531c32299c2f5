"""Versions of the rules in the console: from a draft to live and back, by forms alone."""

import re

import pytest
from starlette.testclient import TestClient

from fieldfare.access import RoleName
from fieldfare.testing.sites import Caller, Site

JSON = {"accept": "application/json"}
HTML = {"accept": "text/html"}


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


@pytest.fixture
def author(site: Site) -> Caller:
    return site.signed_in("author", RoleName.RULE_AUTHOR)


@pytest.fixture
def approver(site: Site) -> Caller:
    return site.signed_in("approver", RoleName.RULE_APPROVER)


def drafted(site: Site, author: Caller, line: str) -> str:
    """Save the rules in force with one more line, and give the version's hash."""
    sources = site.community.platform.rule_set(site.community.org).sources
    fields = {f"file:{name}": text for name, text in sources.items()}
    fields["file:main.sml"] += f"{line}\n"
    answer = site.client().post(
        "/rules/edit", data={**fields, "do": "save", "note": "more"}, headers=author.headers | JSON
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["hash"])


def moved(client: TestClient, who: Caller, version: str, to: str, share: str = "") -> int:
    fields = {"to": to, "share": share}
    path = f"/rules/versions/{version}/moves"
    return client.post(path, data=fields, headers=who.headers | HTML).status_code


def page_of(client: TestClient, who: Caller, version: str) -> dict[str, object]:
    told = client.get(f"/rules/versions/{version}", headers=who.headers | JSON)
    assert told.status_code == 200
    found: dict[str, object] = told.json()
    return found


def open_choices(page: dict[str, object]) -> list[tuple[str, int]]:
    choices = page["choices"]
    assert isinstance(choices, list)
    return [(c["to"], c["share"]) for c in choices if not c["blocked"]]


def test_a_draft_goes_live_step_by_step_and_one_step_back(
    site: Site, client: TestClient, author: Caller, approver: Caller
) -> None:
    before = site.community.platform.rule_set(site.community.org).hash
    version = drafted(site, author, "# a first comment")

    assert open_choices(page_of(client, author, version)) == [("withdrawn", 0), ("review", 0)]
    assert moved(client, author, version, "review") == 303
    assert moved(client, author, version, "shadow") == 403
    assert moved(client, approver, version, "shadow") == 303
    assert ("rollout", 10) in open_choices(page_of(client, approver, version))
    assert open_choices(page_of(client, author, version)) == []
    assert moved(client, approver, version, "rollout", "10") == 303
    assert moved(client, approver, version, "live") == 303
    site.community.settle()
    assert site.community.platform.rule_set(site.community.org).hash == version

    back = client.post(
        "/rules/versions/rollback", data={"live": version}, headers=approver.headers | HTML
    )
    site.community.settle()

    assert back.headers["location"] == f"/rules/versions/{before}"
    assert site.community.platform.rule_set(site.community.org).hash == before
    trail = page_of(client, author, version)["trail"]
    assert isinstance(trail, list)
    assert [(move["to"], move["by"]) for move in trail][::-1][:4] == [
        ("draft", "reviewer-author"),
        ("review", "reviewer-author"),
        ("shadow", "reviewer-approver"),
        ("rollout", "reviewer-approver"),
    ]


def test_the_live_version_says_what_a_rollback_does_and_to_the_rollout_too(
    site: Site, client: TestClient, author: Caller, approver: Caller
) -> None:
    live = site.community.platform.rule_set(site.community.org).hash
    version = drafted(site, author, "# rolled out and taken back")
    assert moved(client, author, version, "review") == 303
    assert moved(client, approver, version, "shadow") == 303
    assert moved(client, approver, version, "rollout", "50") == 303

    pages = [
        client.get(path, headers=approver.headers | HTML).text
        for path in ("/rules/versions", f"/rules/versions/{live}")
    ]
    for_authors = client.get(f"/rules/versions/{live}", headers=author.headers | HTML).text
    told = client.post(
        "/rules/versions/rollback", data={"live": live}, headers=approver.headers | JSON
    ).json()

    for page in pages:
        assert 'action="/rules/versions/rollback"' in page
        assert "rolled out to 50 % of the authors, goes back to the shadow" in page
    assert 'action="/rules/versions/rollback"' not in for_authors
    assert told["taken_back"] == version
    site.community.settle()


def test_nobody_approves_what_they_wrote(site: Site, client: TestClient, approver: Caller) -> None:
    version = drafted(site, approver, "# by an approver")
    assert moved(client, approver, version, "review") == 303

    page = client.get(f"/rules/versions/{version}", headers=approver.headers | HTML).text

    assert "somebody else approves it" in page
    assert moved(client, approver, version, "shadow") == 403


def test_two_people_do_not_move_a_version_at_once(
    site: Site, client: TestClient, author: Caller
) -> None:
    version = drafted(site, author, "# moved by two")
    seen = client.get(f"/rules/versions/{version}", headers=author.headers | JSON).json()["etag"]
    assert moved(client, author, version, "review") == 303

    late = client.post(
        f"/rules/versions/{version}/moves",
        data={"to": "withdrawn", "etag": seen},
        headers=author.headers | HTML,
    )

    assert late.status_code == 412
    assert "moved meanwhile" in late.text


def test_a_version_shows_what_differs_line_by_line(
    site: Site, client: TestClient, author: Caller
) -> None:
    version = drafted(site, author, "More = Rule(when_all=[False], description='more')")
    told = client.get(f"/rules/versions/{version}", headers=author.headers | JSON).json()

    assert told["difference"]["new"] == ["More"]
    (file,) = told["difference"]["files"]
    assert (file["name"], file["added"], file["removed"]) == ("main.sml", 1, 0)
    (added,) = [line for line in file["lines"] if line["kind"] == "add"]
    assert "".join(piece["text"] for piece in added["pieces"]).startswith("More = Rule(")
    assert added["old"] is None


def test_saving_the_same_again_says_which_version_it_is(
    site: Site, client: TestClient, author: Caller
) -> None:
    version = drafted(site, author, "# only once")
    sources = client.get(f"/v1/rule-versions/{version}", headers=author.headers).json()["files"]
    fields = {f"file:{name}": text for name, text in sources.items()}

    again = client.post("/rules/edit", data={**fields, "do": "save"}, headers=author.headers | HTML)

    assert again.status_code == 409
    assert "has this content" in again.text
    assert "# only once" in again.text


def test_a_file_needs_a_name_of_a_file(client: TestClient, author: Caller) -> None:
    for name in ("../up.sml", "/abs.sml", "a.exe", "", "a\\b.sml", "main.sml", "x" * 101 + ".sml"):
        told = client.post(
            "/rules/edit",
            data={"file:main.sml": "X = 1", "do": "add", "new_file": name},
            headers=author.headers | HTML,
        )
        assert told.status_code in {400, 409}, name
        assert re.search(r'role="alert"', told.text)


def test_a_draft_may_have_more_files_than_a_form_has_fields(
    client: TestClient, author: Caller
) -> None:
    fields = {f"file:f{number}.sml": "" for number in range(200)}

    told = client.post("/rules/edit", data={**fields, "do": "check"}, headers=author.headers | JSON)

    assert told.status_code == 200
    assert len(told.json()["files"]) == 200


def test_the_rules_the_installation_came_with_are_not_said_to_be_past_review(
    client: TestClient, author: Caller
) -> None:
    trail = page_of(client, author, "1")["trail"]
    html = client.get("/rules/versions/1", headers=author.headers | HTML).text

    assert isinstance(trail, list)
    first = trail[-1]
    assert (first["by"], first["is_installed"], first["is_override"]) == ("init", True, False)
    assert "came with the installation" in html
