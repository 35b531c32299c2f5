"""Roles and scopes on the command line: one that nobody knows is told with those there are."""

from pathlib import Path

import pytest

from fieldfare.cli.administering import add_person, create_key
from fieldfare.kernel import BadInput


def test_a_role_nobody_knows_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no role 'reviewr'") as refused:
        add_person(tmp_path, "nora", ["admin", "reviewr"])

    assert "'reviewer'" in refused.value.hint
    assert "admin, rule_author, rule_approver, reviewer, service" in refused.value.hint


def test_a_scope_nobody_knows_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no scope 'everything'") as refused:
        create_key(tmp_path, ["everything"], note="")

    assert refused.value.hint == "There are: ingest, gate, review, banks, admin."
