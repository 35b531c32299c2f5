"""What `fieldfare audit verify` says of a database that somebody wrote to behind our back."""

import sqlite3

import pytest

from fieldfare.cli.checking import verify_audit
from fieldfare.cli.command import main
from fieldfare.installation import verify_ledger
from fieldfare.records import ACCOUNT, Subject
from fieldfare.testing.platforms import Community, a_comment


@pytest.fixture
def sealed(community: Community) -> Community:
    community.posted(a_comment())
    community.platform.seal()
    community.platform.close()
    return community


def wipe(community: Community) -> None:
    """Delete every trace of the organisation from the tables that are verified."""
    database = sqlite3.connect(community.platform.settings.home / "fieldfare.db")
    with database:
        for table in ("event_causes", "payloads", "events", "seals"):
            database.execute(f"DELETE FROM {table} WHERE org = ?", [community.org])  # noqa: S608  # names of our own tables
    database.close()


def problems(community: Community) -> str:
    found = verify_ledger(community.platform.settings)
    return " / ".join(problem for each in found for problem in each.problems)


def test_what_was_sealed_and_left_alone_is_whole(sealed: Community) -> None:
    assert problems(sealed) == ""
    assert verify_audit(sealed.platform.settings.home, as_json=True)


def test_an_organisation_that_was_wiped_is_missed(
    sealed: Community, capsys: pytest.CaptureFixture[str]
) -> None:
    wipe(sealed)

    assert "nothing to verify" in problems(sealed)
    assert "the tail was cut off" in problems(sealed)
    assert not verify_audit(sealed.platform.settings.home, as_json=False)
    assert capsys.readouterr().out.startswith("main: broken.")


def test_one_wiped_together_with_the_memory_of_it_is_missed(sealed: Community) -> None:
    wipe(sealed)
    (sealed.platform.settings.home / "heads.json").unlink()

    assert "nothing to verify" in problems(sealed)


def test_a_memory_that_was_lost_is_told(sealed: Community) -> None:
    (sealed.platform.settings.home / "heads.json").unlink()

    assert "no head is remembered" in problems(sealed)


def change(community: Community, statement: str) -> None:
    """Write to the database file as somebody would who has it."""
    database = sqlite3.connect(community.platform.settings.home / "fieldfare.db")
    with database:
        assert database.execute(statement).rowcount > 0
    database.close()


@pytest.fixture
def lived(community: Community) -> Community:
    """Give a platform on which things were held, edited, undone, deleted and erased."""
    community.posted(a_comment("zorblat", host_id="bad"))
    for text in ("sarno", "zorblat", "sarno"):
        community.clock.advance(60_000)
        community.posted(a_comment(text, host_id="edited"))
    community.posted(a_comment(host_id="gone"))
    community.posted(a_comment(host_id="again"))
    for host_id in ("gone", "again"):
        named = {"kind": "comment", "host_id": host_id}
        community.send({"kind": "item.deleted", "key": host_id, "item": named})
    community.clock.advance(60_000)
    community.posted(a_comment("wivel", host_id="again"))
    community.posted(a_comment("zorblat", host_id="forgotten", author="ben"))
    community.platform.erase(community.org, Subject(ACCOUNT, "ben"), "test")
    community.posted(a_comment("zorblat", host_id="back", author="ben"))
    community.platform.seal()
    community.platform.close()
    return community


def test_what_lived_and_was_left_alone_agrees_with_the_log(lived: Community) -> None:
    (found,) = verify_ledger(lived.platform.settings)

    assert found.problems == ()
    assert found.items == 8
    assert found.decisions == 8
    assert found.unreadable == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE decisions SET action = 'allow', restrictions = '[]' WHERE restrictions != '[]'",
            "in the index is not what the log says",
        ),
        ("UPDATE decisions SET restrictions = 'x'", "in the index is not what the log says"),
        ("UPDATE decisions SET voice = 'person'", "in the index is not what the log says"),
        ("UPDATE decisions SET revision = revision + 1", "in the index is not what the log says"),
        ("DELETE FROM decisions WHERE host_id = 'bad'", "on the log is missing in the index"),
        ("UPDATE decisions SET id = id + 1", "in the index is not on the log"),
        ("UPDATE items SET decision_id = NULL WHERE host_id = 'bad'", "the decision of the item"),
        ("UPDATE items SET state = 'deleted' WHERE host_id = 'bad'", "the state of the item"),
        ("UPDATE items SET state = 'decided' WHERE host_id = 'gone'", "the state of the item"),
        ("UPDATE items SET state = 'decided' WHERE number = 2", "the state of the item"),
        ("UPDATE items SET state = 'x' WHERE host_id = 'bad'", "the state of the item"),
        ("UPDATE items SET author = 'cem' WHERE host_id = 'bad'", "the author of the item"),
        ("UPDATE items SET digest = 'x' WHERE host_id = 'bad'", "the version of the item"),
        ("UPDATE items SET host_id = 'x' WHERE host_id = 'bad'", "the subject of the item"),
        ("DELETE FROM items WHERE host_id = 'bad'", "is missing in the index"),
        (
            "INSERT INTO accounts VALUES ('main', 'account', 'x', 0, 'DE', 'active', 5, 1)",
            "the latest decision of the account x",
        ),
        ("UPDATE items SET event_id = event_id + 1", "in the index is not on the log"),
    ],
)
def test_a_table_that_says_something_else_than_the_log_is_told(
    lived: Community, statement: str, told: str
) -> None:
    change(lived, statement)

    assert told in problems(lived)


def test_a_rewritten_table_is_told_in_few_words(
    lived: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldfare.storage.agreement.MOST_PROBLEMS", 2)
    monkeypatch.setattr("fieldfare.storage.agreement.PAGE_ROWS", 3)
    change(lived, "UPDATE decisions SET revision = revision + 1")

    (found,) = verify_ledger(lived.platform.settings)
    assert "more differences from the log" in found.problems[-1]
    assert len(found.problems) == 3


def test_pages_hold_together(lived: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldfare.storage.agreement.PAGE_ROWS", 2)

    (found,) = verify_ledger(lived.platform.settings)
    assert (found.problems, found.decisions, found.items) == ((), 8, 8)


def test_a_damaged_page_is_one_line(sealed: Community, capsys: pytest.CaptureFixture[str]) -> None:
    home = sealed.platform.settings.home
    database = home / "fieldfare.db"
    with database.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * (database.stat().st_size - 3 * 4096))

    with pytest.raises(SystemExit) as ended:
        main(["audit", "verify", "--home", str(home)])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("fieldfare: the database is damaged")
    assert told.count("\n") == 1
