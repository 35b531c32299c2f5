"""Files of hashes on this machine."""

import os
from pathlib import Path

import pytest

from fieldfare.matching.exchanges import (
    Asked,
    ExchangeClient,
    ExchangeRefused,
    ExchangeSetup,
    ExchangeUnavailable,
    OpinionNotTaken,
    OwnOpinion,
    Signal,
    SignalKind,
    api_named,
)
from fieldfare.matching.exchanges import local_file as reading

ONE, TWO = "1a" * 32, "2b" * 32
MD5 = "ab" * 16
NOW_S = 1_800_000_000


def nobody(request: Asked) -> bytes:
    raise AssertionError(f"a file asks nobody: {request.url}")


def client(folder: Path, name: str, *, kind: str = "") -> ExchangeClient:
    api = api_named("local_file")
    config = api.check_config({"filename": name, "signal_type": kind})
    return api.make(ExchangeSetup(config=config, secrets={}, ask=nobody, folder=folder))


def signals(folder: Path, name: str, *, kind: str = "") -> list[Signal]:
    pages = client(folder, name, kind=kind).pages(None, now_s=NOW_S)
    return [signal for page in pages for record in page.records for signal in record.signals]


def test_lines_name_their_kind_or_the_exchange_does(tmp_path: Path) -> None:
    (tmp_path / "named.txt").write_text(f"pdq {ONE}\n\nvideo_md5 {MD5}\n")
    (tmp_path / "plain.txt").write_text(f"{ONE}\n{TWO.upper()}\n")

    assert signals(tmp_path, "named.txt") == [
        Signal(SignalKind.PDQ, ONE),
        Signal(SignalKind.MD5, MD5),
    ]
    assert signals(tmp_path, "plain.txt", kind="pdq") == [
        Signal(SignalKind.PDQ, ONE),
        Signal(SignalKind.PDQ, TWO),
    ]


def test_tables_and_objects_are_read_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"id,signal_type,signal,tags\nx,pdq,{ONE},a;b\n")
    (tmp_path / "b.csv").write_text(f"md5\n{MD5}\n")
    vpdq = f'["{ONE},100,0.000","{TWO},90,123.456"]'
    (tmp_path / "c.ndjson").write_text(
        f'{{"signal_type":"vpdq","signal":{vpdq}}}\n{{"kind":"url","value":"https://x.test"}}\n'
    )

    assert signals(tmp_path, "a.csv") == [Signal(SignalKind.PDQ, ONE)]
    assert signals(tmp_path, "b.csv", kind="md5") == [Signal(SignalKind.MD5, MD5)]
    assert signals(tmp_path, "c.ndjson") == [
        Signal(SignalKind.VPDQ, vpdq),
        Signal(SignalKind.URL, "https://x.test"),
    ]


def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"pdq {ONE}\npdq nonsense\nfoo {TWO}\npdq {TWO}\n")

    (page,) = client(tmp_path, "a.txt").pages(None, now_s=NOW_S)

    assert len(page.records) == 2
    assert page.skipped == 2
    assert page.problems[0] == "row 2: that is no pdq"
    assert page.problems[1].startswith("row 3: no kind of signal")


def test_an_unchanged_file_is_not_read_again_and_a_changed_one_is(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"pdq {ONE}\n")
    (page,) = client(tmp_path, "a.txt").pages(None, now_s=NOW_S)

    again = list(client(tmp_path, "a.txt").pages(page.checkpoint, now_s=NOW_S))
    path.write_text(f"pdq {TWO}\n")
    os.utime(path, ns=(1, 1))
    (changed,) = client(tmp_path, "a.txt").pages(page.checkpoint, now_s=NOW_S)

    assert again == []
    assert (changed.begins, changed.ends) == (True, True)
    assert changed.records[0].signals == (Signal(SignalKind.PDQ, TWO),)


def test_a_reading_that_was_cut_off_goes_on_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LINES", 2)
    lines = "".join(f"pdq {number:064x}\n" for number in range(5))
    (tmp_path / "a.txt").write_text(lines)
    first = next(client(tmp_path, "a.txt").pages(None, now_s=NOW_S))

    rest = list(client(tmp_path, "a.txt").pages(first.checkpoint, now_s=NOW_S))

    assert [len(page.records) for page in rest] == [2, 1]
    assert [page.begins for page in rest] == [False, False]
    assert rest[-1].ends


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "a/b.txt", ".."])
def test_no_file_outside_of_the_folder_is_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExchangeRefused, match="exchanges folder"):
        client(tmp_path / "exchanges", name)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x")
    folder = tmp_path / "exchanges"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(ExchangeRefused, match="exchanges folder"):
        client(folder, "link.txt")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExchangeUnavailable, match=r"no file a\.txt"):
        client(tmp_path, "a.txt").introduce()


def test_a_file_takes_no_opinions(tmp_path: Path) -> None:
    with pytest.raises(OpinionNotTaken):
        client(tmp_path, "a.txt").tell(OwnOpinion(key="k", agrees=True, signals=(), address={}))


def test_a_long_field_is_read_and_one_that_is_too_long_is_named(tmp_path: Path) -> None:
    vpdq = "[" + ",".join(f'"{ONE},100,{at}.000"' for at in range(2_000)) + "]"
    quoted = vpdq.replace('"', '""')
    (tmp_path / "long.csv").write_text(f'signal_type,signal\nvpdq,"{quoted}"\n')
    (tmp_path / "endless.csv").write_text(f'signal_type,signal\npdq,"{"a" * 5_000_000}\n')
    pages = list(client(tmp_path, "endless.csv").pages(None, now_s=NOW_S))

    assert len(vpdq) > 140_000
    assert [each.kind for each in signals(tmp_path, "long.csv")] == [SignalKind.VPDQ]
    assert [page.records for page in pages] == [()]
    assert "no row of CSV" in pages[0].problems[0]


def test_a_quote_that_is_not_closed_costs_its_own_line_alone(tmp_path: Path) -> None:
    hashes = [f"{number:064x}" for number in range(1, 301)]
    lines = [f"pdq,{each}" for each in hashes]
    lines[99] = f'pdq,"{hashes[99]}'
    lines[199] = f'pdq,"{hashes[199]}"x'
    (tmp_path / "list.csv").write_text("\n".join(["signal_type,signal", *lines]) + "\n")

    pages = list(client(tmp_path, "list.csv").pages(None, now_s=NOW_S))

    found = [signal.value for page in pages for each in page.records for signal in each.signals]
    assert found == [*hashes[:99], *hashes[100:199], *hashes[200:]]
    assert sum(page.skipped for page in pages) == 2
    assert pages[-1].ends


def test_a_text_in_quotes_may_go_over_several_lines(tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text(
        'signal_type,signal\nraw_text,"one\ntwo\n\nthree"\nraw_text,"a ""b"" c"\n'
    )

    assert [each.value for each in signals(tmp_path, "texts.csv")] == [
        "one\ntwo\n\nthree",
        'a "b" c',
    ]


def test_a_file_that_is_being_written_is_not_taken_for_all_there_is(tmp_path: Path) -> None:
    path = tmp_path / "growing.txt"
    path.write_text(f"pdq {ONE}\n" * reading.LINES)
    pages = client(tmp_path, "growing.txt").pages(None, now_s=NOW_S)
    next(pages)
    with path.open("a") as file:
        file.write(f"pdq {TWO}\n")

    rest = list(pages)

    assert [page.ends for page in rest] == [False]
    assert rest[-1].checkpoint["done"] is False
