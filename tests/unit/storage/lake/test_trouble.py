"""What goes wrong while the lake is read: told as what it is, to whom it concerns."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import duckdb
import pytest

from fieldfare.kernel import JsonValue, Org, Unavailable
from fieldfare.storage.lake.columns import REST, Column
from fieldfare.storage.lake.decoding import decoder_for
from fieldfare.storage.lake.parquet import Duck, InstanceLost, head_columns

WHOLE, OTHER = Path("/lake/whole.parquet"), Path("/lake/other.parquet")


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    made = Duck(tmp_path, memory_mb=100, threads=1)
    yield made
    made.close()


def break_instance(duck: Duck) -> None:
    with suppress(Unavailable), duck.cursor(OTHER):
        raise duckdb.FatalException("FATAL Error: of another use")


def test_a_full_disk_is_told_as_the_disks_with_the_file_that_was_read(duck: Duck) -> None:
    told = 'IO Error: Could not write file "/lake/spill/x.tmp": No space left on device'

    with pytest.raises(Unavailable, match="No space left on device") as refused, duck.cursor(WHOLE):
        raise duckdb.IOException(told)

    assert refused.value.hint.startswith("Look at the disk.")
    assert f"while the lake's file {WHOLE} was read" in str(refused.value)


@pytest.mark.parametrize(
    "ours",
    [
        duckdb.InterruptException("INTERRUPT Error: Interrupted!"),
        duckdb.BinderException("Binder Error: column x not found"),
        KeyError("text"),
    ],
)
def test_what_no_file_is_to_blame_for_goes_through_as_it_is(duck: Duck, ours: Exception) -> None:
    with pytest.raises(type(ours)) as raised, duck.cursor(WHOLE):
        raise ours

    assert raised.value is ours


@pytest.mark.parametrize("text", ["{", "[1]", '"kestrel"', "{}"])
def test_a_row_that_does_not_decode_is_the_files(duck: Duck, text: str) -> None:
    columns = (*head_columns(), Column(REST, "JSON"))
    decode = decoder_for("like", columns, frozenset())
    named: dict[str, JsonValue] = {"id": 1, REST: text}
    row = tuple(named.get(column.name) for column in columns)

    with pytest.raises(Unavailable, match=r"whole\.parquet cannot be read"), duck.cursor(WHOLE):
        decode(Org("main"), [row])


def test_who_loses_the_instance_to_another_use_asks_once_more(duck: Duck) -> None:
    asked = []

    def question(cursor: duckdb.DuckDBPyConnection) -> object:
        asked.append(cursor)
        if len(asked) == 1:
            break_instance(duck)
        return cursor.execute("SELECT 7").fetchone()

    assert duck.ask(question, WHOLE) == (7,)
    assert len(asked) == 2


def test_who_loses_it_again_is_told_so_and_not_of_a_damaged_file(duck: Duck) -> None:
    def question(cursor: duckdb.DuckDBPyConnection) -> object:
        break_instance(duck)
        return cursor.execute("SELECT 7").fetchone()

    with pytest.raises(InstanceLost) as refused:
        duck.ask(question, WHOLE)

    assert "rebuild" not in refused.value.hint


def test_an_error_of_the_old_instance_closes_no_new_one(duck: Duck) -> None:
    with ExitStack() as open_:
        old = open_.enter_context(ExitStack())
        old.enter_context(duck.cursor(WHOLE))
        break_instance(duck)
        sound = open_.enter_context(duck.cursor(OTHER))
        late = duckdb.FatalException("FATAL Error: told late")

        with pytest.raises(Unavailable):
            old.__exit__(type(late), late, None)

        assert sound.execute("SELECT 7").fetchone() == (7,)
