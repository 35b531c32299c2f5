"""What `fieldfare audit verify` says of a database that somebody wrote to behind our back."""

import sqlite3

import pytest

from fieldfare.cli.checking import verify_audit
from fieldfare.installation import verify_ledger
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
