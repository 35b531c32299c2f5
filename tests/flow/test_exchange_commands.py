"""`fieldfare exchange`, and the API below it, against a service of our own."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from starlette.testclient import TestClient

from fieldfare.cli import main
from fieldfare.testing.exchanges import (
    PASSWORD,
    SECRETS,
    USER,
    Answered,
    FakeExchange,
    FakeNcmec,
    an_exchange,
)
from fieldfare.testing.platforms import Community, Installed
from fieldfare.web import create_app

ONE, TWO = "1a" * 32, "2b" * 32
LONG_AGO = 1_500_000_000


@pytest.fixture
def home(installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import shutil

    copied = tmp_path / "home"
    shutil.copytree(installed.home, copied)
    monkeypatch.setenv("FIELDFARE_HOME", str(copied))
    monkeypatch.setenv("FIELDFARE_EXCHANGE_HOSTS", "127.0.0.1")
    return copied


@pytest.fixture
def ncmec() -> Iterator[FakeExchange]:
    service = FakeNcmec()
    service.share(LONG_AGO, "image0", pdq=ONE)
    service.share(LONG_AGO + 1, "clip0", media="video", md5="cd" * 16)
    with an_exchange(service) as at:
        yield at


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> CompletedProcess[str]:
    """Run a command in this process: a process of its own each would cost seconds."""
    code = 0
    try:
        main(list(arguments))
    except SystemExit as ended:
        code = int(str(ended.code or 0))
    told = capsys.readouterr()
    return CompletedProcess(list(arguments), code, told.out, told.err)


@pytest.mark.usefixtures("home")
def test_an_exchange_is_set_up_tried_and_fetched(
    ncmec: FakeExchange,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("NCMEC_USER", USER)
    of_ncmec = ["--api", "ncmec", "--policy", "AD.NUDE", "--set", "environment=test_Industry"]
    credentials = ["--credential", f"password=@{tmp_path / 'password'}"]
    credentials += ["--credential", "user=$NCMEC_USER", "--set", f"base_url={ncmec.base}"]

    added = run(capsys, "exchange", "add", "NCMEC", *of_ncmec, *credentials)
    told = run(capsys, "exchange", "test", "NCMEC")
    tried = run(capsys, "exchange", "fetch", "NCMEC", "--dry-run")
    fetched = run(capsys, "exchange", "fetch", "NCMEC", "--json")
    shown = run(capsys, "exchange", "show", "NCMEC")
    entries = json.loads(run(capsys, "bank", "list", "NCMEC", "--json").stdout)["entries"]

    assert "credentials set: password, user" in added.stdout
    assert told.stdout == "NCMEC: Example Member (ESP 42)\n"
    assert tried.stdout == "NCMEC: 2 would be added\n"
    assert json.loads(fetched.stdout)["counts"]["added"] == 2
    assert "records 2" in shown.stdout
    assert {entry["source_id"] for entry in entries} == {"42-image0", "42-clip0"}
    everything = "".join(each.stdout + each.stderr for each in (added, told, tried, fetched, shown))
    assert not any(secret in everything for secret in SECRETS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["exchange", "fetch", "NOWHERE"], "no exchange 'NOWHERE'"),
        (["exchange", "add", "X", "--api", "ncmecc"], "Did you mean 'ncmec'?"),
        (["exchange", "add", "X", "--api", "tat", "--policy", "AD.NUDE"], "tat needs 'username'"),
        (["exchange", "add", "X", "--api", "tat", "--credential", "password=x"], "from a file"),
        (["exchange", "change", "X"], "nothing to change about 'X'"),
    ],
)
def test_a_mistake_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    told = run(capsys, *arguments)

    assert home.is_dir()
    assert told.returncode == 2
    assert says in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_removal_that_was_held_back_is_confirmed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "exchanges" / "known.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"sha256 {number:064x}\n" for number in range(30)))
    of_file = ["--api", "local_file", "--policy", "AD.NUDE", "--set", "filename=known.txt"]
    run(capsys, "exchange", "add", "FILE", *of_file)
    run(capsys, "exchange", "fetch", "FILE")
    path.write_text("")

    fetched = run(capsys, "exchange", "fetch", "FILE")
    shown = run(capsys, "exchange", "show", "FILE")
    early = run(capsys, "exchange", "confirm", "FILE", "--entries", "1")
    done = run(capsys, "exchange", "confirm", "FILE", "--entries", "30")

    assert fetched.stdout == "FILE: 30 withheld\n"
    assert "fieldfare exchange confirm FILE --entries 30" in shown.stdout
    assert (early.returncode, early.stdout) == (2, "")
    assert "30 entries would go, not 1" in early.stderr
    assert done.stdout == "FILE: 30 entries removed\n"


@pytest.fixture
def client(community: Community) -> TestClient:
    headers = {"authorization": f"Bearer {community.key}"}
    return TestClient(create_app(community.platform), headers=headers)


def test_the_api_tells_which_credentials_are_set_and_never_what_they_are(
    client: TestClient, ncmec: FakeExchange
) -> None:
    wanted = {
        "name": "NCMEC",
        "api": "ncmec",
        "policy": "AD.NUDE",
        "config": {"environment": "NGO", "base_url": ncmec.base, "only_esp_ids": [42]},
        "credentials": {"user": USER, "password": "wrong"},
    }

    made = client.post("/v1/exchanges", json=wanted)
    twice = client.post("/v1/exchanges", json=wanted)
    refused = client.post("/v1/exchanges/NCMEC/fetch", json={})
    failed = client.get("/v1/exchanges/NCMEC")
    changed = client.patch("/v1/exchanges/NCMEC", json={"credentials": {"password": PASSWORD}})
    fetched = client.post("/v1/exchanges/NCMEC/fetch")
    listed = client.get("/v1/exchanges").json()["exchanges"]
    answers = (made, twice, refused, failed, changed, fetched)

    assert (made.status_code, twice.status_code, refused.status_code) == (201, 409, 400)
    assert made.json()["credentials"] == ["password", "user"]
    assert refused.json()["type"] == "urn:fieldfare:problem:exchange-refused"
    assert "refuses the credentials (401)" in failed.json()["error"]
    assert fetched.json()["counts"]["added"] == 2
    assert listed[0]["records"] == 2
    assert listed[0]["error"] == ""
    assert not any(secret in each.text for each in answers for secret in (*SECRETS, "wrong"))


def test_a_service_that_is_down_answers_503_and_names_no_address(
    client: TestClient, ncmec: FakeExchange
) -> None:
    credentials = {"user": USER, "password": PASSWORD}
    config = {"environment": "NGO", "base_url": ncmec.base}
    wanted = {"name": "N", "api": "ncmec", "policy": "AD.NUDE", "config": config}
    client.post("/v1/exchanges", json={**wanted, "credentials": credentials})
    ncmec.troubles.append(Answered(body=b"<a"))

    answer = client.post("/v1/exchanges/N/test")

    assert answer.status_code == 503
    assert "/v2/status" not in answer.text


def test_an_exchange_is_listed_by_kind_and_removed(client: TestClient) -> None:
    kinds = client.get("/v1/exchanges/apis").json()["apis"]
    wanted = {"name": "F", "api": "local_file", "policy": "AD.NUDE", "config": {"filename": "a"}}
    client.post("/v1/exchanges", json=wanted)

    removed = client.delete("/v1/exchanges/F")

    assert [kind["name"] for kind in kinds] == [
        "ncmec",
        "stop_ncii",
        "fb_threatexchange",
        "tat",
        "local_file",
    ]
    assert removed.json() == {"name": "F", "removed": True, "entries_removed": False}
    assert client.get("/v1/exchanges/F").status_code == 404
    assert client.get("/v1/banks/F").status_code == 200
