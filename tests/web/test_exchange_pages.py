"""The pages of exchanges, without a browser: set up, tried out, fetched, paused, removed."""

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from fieldfare.access import RoleName
from fieldfare.testing.sites import Caller, Site

JSON, HTML = {"accept": "application/json"}, {"accept": "text/html"}
SECRET = "a-long-and-quiet-password"  # of a made-up service


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


@pytest.fixture
def keeper(site: Site) -> Caller:
    return site.signed_in("both", RoleName.ADMIN, RoleName.REVIEWER)


def see(client: TestClient, who: Caller, path: str, as_what: dict[str, str] = JSON) -> Response:
    return client.get(path, headers={**who.headers, **as_what})


def send(
    client: TestClient,
    who: Caller,
    path: str,
    fields: dict[str, str],
    as_what: dict[str, str] = HTML,
) -> Response:
    return client.post(path, data=fields, headers={**who.headers, **as_what})


def a_file(site: Site, name: str, *lines: str) -> None:
    folder = site.community.platform.settings.home / "exchanges"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines))


def set_up(client: TestClient, who: Caller, name: str) -> Response:
    fields = {
        "api": "local_file",
        "name": name,
        "policy": "VE.TERROR",
        "config.filename": f"{name}.txt",
        "every_min": "30",
    }
    return send(client, who, "/new-exchange", fields)


def test_a_file_is_tried_out_then_fetched_into_the_bank_of_its_name(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    a_file(site, "shared.txt", f"sha256 {'a' * 64}", f"pdq {'b' * 64}", "sha256 not a digest")
    made = set_up(client, keeper, "shared")
    assert (made.status_code, made.headers["location"]) == (303, "/exchanges/shared")

    trial = send(client, keeper, "/exchanges/shared/fetch", {"trial": "yes"}, JSON).json()
    assert (trial["done"]["what"], trial["done"]["counts"]["added"]) == ("trial", 2)
    assert see(client, keeper, "/banks/shared").json()["entries"] == []

    page = send(client, keeper, "/exchanges/shared/fetch", {}).text
    assert "Fetched:" in page
    assert len(see(client, keeper, "/banks/shared").json()["entries"]) == 2
    (line,) = see(client, keeper, "/exchanges").json()["exchanges"]
    assert (line["name"], line["state"], line["records"]) == ("shared", "idle", 2)
    assert line["next_at"] > line["fetched_at"]


def test_an_exchange_is_paused_and_goes_on_and_is_removed_with_what_it_brought(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    a_file(site, "going.txt", f"sha256 {'c' * 64}")
    set_up(client, keeper, "going")
    send(client, keeper, "/exchanges/going/fetch", {})

    send(client, keeper, "/exchanges/going/pause", {"on": "no"})
    assert see(client, keeper, "/exchanges/going").json()["exchange"]["state"] == "paused"
    send(client, keeper, "/exchanges/going/pause", {"on": "yes"})
    assert see(client, keeper, "/exchanges/going").json()["exchange"]["state"] == "idle"

    removed = send(client, keeper, "/exchanges/going/remove", {"entries": "yes"})
    assert removed.headers["location"] == "/exchanges"
    assert see(client, keeper, "/exchanges/going").status_code == 404
    assert see(client, keeper, "/banks/going").json()["entries"] == []


def test_entries_that_are_suddenly_gone_stay_until_somebody_lets_them_go(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    lines = [f"sha256 {number:064x}" for number in range(30)]
    a_file(site, "losing.txt", *lines)
    set_up(client, keeper, "losing")
    send(client, keeper, "/exchanges/losing/fetch", {})
    a_file(site, "losing.txt", *lines[:3])
    send(client, keeper, "/exchanges/losing/fetch", {})

    page = see(client, keeper, "/exchanges/losing", HTML).text
    nonsense = send(client, keeper, "/exchanges/losing/confirm", {"entries": "all"})
    fewer = send(client, keeper, "/exchanges/losing/confirm", {"entries": "3"})
    before = see(client, keeper, "/exchanges/losing").json()["exchange"]
    done = send(client, keeper, "/exchanges/losing/confirm", {"entries": "27"}).text

    assert "Waits for you" in page
    assert "Remove these 27 entries" in page
    assert "A number of entries." in nonsense.text
    assert "27 entries would go, not 3" in fewer.text
    assert (before["state"], before["counts"]["withheld"]) == ("held", 27)
    assert "Remove these" not in done
    assert see(client, keeper, "/exchanges/losing").json()["exchange"]["state"] == "idle"
    assert len(see(client, keeper, "/banks/losing").json()["entries"]) == 3


def test_a_service_that_does_not_answer_is_said_so_on_the_page(
    client: TestClient, keeper: Caller
) -> None:
    set_up(client, keeper, "missing")

    tested = send(client, keeper, "/exchanges/missing/test", {})
    fetched = send(client, keeper, "/exchanges/missing/fetch", {})

    for page in (tested, fetched):
        assert page.status_code == 200
        assert 'role="alert"' in page.text
        assert "missing.txt" in page.text


def test_a_credential_is_never_written_back(client: TestClient, keeper: Caller) -> None:
    fields = {
        "api": "ncmec",
        "name": "hotline",
        "policy": "CS.CSAM",
        "config.environment": "",
        "secret.user": "us",
        "secret.password": SECRET,
        "every_min": "60",
    }

    wrong = send(client, keeper, "/new-exchange", fields)
    environment = see(client, keeper, "/new-exchange?api=ncmec").json()["fields"][0]["choices"][0]
    made = send(client, keeper, "/new-exchange", {**fields, "config.environment": environment})
    pages = [
        wrong,
        made,
        see(client, keeper, "/exchanges/hotline", HTML),
        see(client, keeper, "/exchanges/hotline"),
        see(client, keeper, "/exchanges"),
        send(client, keeper, "/exchanges/hotline/change", {"every_min": "0"}),
    ]

    assert (wrong.status_code, made.status_code) == (400, 303)
    assert 'id="e-config.environment"' in wrong.text
    assert 'value="hotline"' in wrong.text
    assert [SECRET in page.text for page in pages] == [False] * len(pages)
    assert "set; empty keeps it" in pages[2].text
    assert "is too often" in pages[5].text


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name": ""}, "name"), ({"every_min": "often"}, "every_min"), ({"policy": ""}, "policy")],
)
def test_what_is_wrong_stands_beside_its_field(
    client: TestClient, keeper: Caller, changed: dict[str, str], field: str
) -> None:
    fields = {"api": "local_file", "name": "wrong", "policy": "VE.TERROR", "every_min": "30"}

    answer = send(
        client, keeper, "/new-exchange", {**fields, "config.filename": "w.txt", **changed}
    )

    assert answer.status_code == 400
    assert f'id="e-{field}"' in answer.text


def test_whoever_may_only_read_is_offered_no_order(client: TestClient, site: Site) -> None:
    keeper = site.signed_in("both", RoleName.ADMIN, RoleName.REVIEWER)
    reader = site.signed_in("reader", RoleName.REVIEWER)
    set_up(client, keeper, "looked-at")

    page = see(client, reader, "/exchanges/looked-at", HTML).text

    assert "Fetch now" not in page
    assert "How it is set up" not in page
    assert "/new-exchange" not in see(client, reader, "/exchanges", HTML).text
