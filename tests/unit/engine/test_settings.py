"""Settings: where each value comes from, and what is said about a wrong one."""

import re
from pathlib import Path

import pytest

from fieldfare.engine.settings import Settings, load_settings
from fieldfare.kernel import BadInput
from fieldfare.rules.counters import MAX_KEYS


def written(home: Path, text: str) -> Path:
    (home / "fieldfare.toml").write_text(text, "utf-8")
    return home


def test_without_file_and_environment_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}) == Settings(home=tmp_path)


def test_a_counter_holds_by_default_what_rules_say() -> None:
    assert Settings().counter_keys == MAX_KEYS


def test_the_home_is_told_or_stands_in_the_environment_or_is_here(tmp_path: Path) -> None:
    told = load_settings(tmp_path, {"FIELDFARE_HOME": "/elsewhere"}).home
    in_environment = load_settings(None, {"FIELDFARE_HOME": str(tmp_path)}).home

    assert (told, in_environment) == (tmp_path, tmp_path)
    assert load_settings(None, {}).home == Path("fieldfare-data")


def test_the_environment_overrides_the_file_and_arguments_override_both(tmp_path: Path) -> None:
    home = written(tmp_path, 'port = 1\nlag_scans = 1\nhost = "127.0.0.2"\n')
    environ = {"FIELDFARE_PORT": "2", "FIELDFARE_LAG_SCANS": "2"}

    found = load_settings(home, environ, port=3, clock=None)

    assert (found.host, found.lag_scans, found.port) == ("127.0.0.2", 2, 3)
    assert found.clock == "system"


def test_every_type_is_read_from_text_and_from_toml(tmp_path: Path) -> None:
    home = written(tmp_path, "staged_exposure = false\nundo_s = 2\nworkers = 3\n")
    environ = {
        "FIELDFARE_SECURE_COOKIES": "1",
        "FIELDFARE_LEASE_S": "2.5",
        "FIELDFARE_CLOCK": "simulated",
        "FIELDFARE_DATABASE": "postgresql://somebody@127.0.0.1/name",
    }

    found = load_settings(home, environ)

    assert (found.staged_exposure, found.undo_s, found.workers) == (False, 2.0, 3)
    assert (found.secure_cookies, found.lease_s, found.clock) == (True, 2.5, "simulated")
    assert found.database_url == "postgresql://somebody@127.0.0.1/name"


def test_without_a_database_it_is_a_file_in_the_home(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}).database_url == f"sqlite:///{tmp_path}/fieldfare.db"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("prot = 1", "fieldfare.toml: 'prot' is not a setting", "Did you mean 'port'?"),
        ("zzz = 1", "fieldfare.toml: 'zzz' is not a setting", "Known settings: home, database"),
        ("port = 'many'", "fieldfare.toml: port = 'many' is not a", ""),
        ("staged_exposure = 'perhaps'", "staged_exposure = 'perhaps'", ""),
        ("port = ", "is not TOML", "Mend the file."),
        ("clock = 'sundial'", "clock = 'sundial'", "Use 'system' or 'simulated'."),
        ("undecided_s = 0", "undecided_s = 0.0 is out of range", "for ever"),
        ("undecided_s = inf", "undecided_s = inf is out of range", "for ever"),
    ],
)
def test_a_wrong_value_in_the_file_is_named_with_a_way_to_mend_it(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    with pytest.raises(BadInput, match=re.escape(message)) as refused:
        load_settings(written(tmp_path, text), {})

    assert hint in refused.value.hint


def test_a_wrong_value_in_the_environment_names_its_variable(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="FIELDFARE_PORT: port = 'http'"):
        load_settings(tmp_path, {"FIELDFARE_PORT": "http"})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fieldfare.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(BadInput, match="is not TOML"):
        load_settings(tmp_path, {})


def test_variables_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    environ = {"FIELDFARE_MASTER_KEY": "secret", "PORT": "9"}

    assert load_settings(tmp_path, environ).port == Settings().port
