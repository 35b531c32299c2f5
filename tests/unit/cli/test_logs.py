import json
from collections.abc import Iterator

import pytest
import structlog

from fieldfare.cli.logs import log_plainly

WORDS = "what ana wrote"
NOTHING: dict[str, str] = {}


@pytest.fixture(autouse=True)
def plainly() -> Iterator[None]:
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("by_name", [True, False], ids=["being handled", "by name"])
def test_an_error_in_the_log_has_its_kind_and_place_and_none_of_its_words(
    capsys: pytest.CaptureFixture[str], *, by_name: bool
) -> None:
    log_plainly()
    log = structlog.get_logger("test")
    try:
        NOTHING[WORDS]
    except KeyError as error:
        if by_name:
            log.exception("scanning failed", event_id="7")
        else:
            log.warning("scanning failed", exc_info=error, event_id="7")

    (line,) = lines(capsys)
    assert (line["event"], line["event_id"], line["error"]) == ("scanning failed", "7", "KeyError")
    assert WORDS not in str(line)
    assert "exc_info" not in line


def test_what_is_no_error_and_no_warning_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    log_plainly()
    log = structlog.get_logger("test")

    log.info("counters restored")
    log.warning("scan put off", exc_info=None)

    assert [line["event"] for line in lines(capsys)] == ["scan put off"]
