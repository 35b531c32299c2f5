import pytest

from fieldfare.engine.bank_files import BankFormat
from fieldfare.engine.bank_formats import format_of
from fieldfare.kernel import BadInput

HEX = "ab" * 32


@pytest.mark.parametrize(
    ("name", "beginning", "form"),
    [
        ("a.csv", '{"sha256": 1}', BankFormat.CSV),
        ("A.JSONL", "", BankFormat.NDJSON),
        ("a.txt", f"pdq {HEX}\n", BankFormat.THREATEXCHANGE),
        ("a.txt", f"\ufeffVIDEO_MD5 {HEX}", BankFormat.THREATEXCHANGE),
        ("a.json", '[{"sha256":', BankFormat.NDJSON),
        ("", ' {"pdq": ""}', BankFormat.NDJSON),
        ("", '"SHA256","label"', BankFormat.CSV),
        ("a.lst", "md5", BankFormat.CSV),
        ("a.txt", "", BankFormat.NDJSON),
    ],
)
def test_a_file_tells_its_format(name: str, beginning: str, form: BankFormat) -> None:
    assert format_of(name, beginning) is form


@pytest.mark.parametrize("beginning", [HEX, "the md5", "a,b"])
def test_what_tells_none_is_asked_about(beginning: str) -> None:
    with pytest.raises(BadInput, match="tells the format") as refused:
        format_of("a.txt", beginning)

    assert "--format" in refused.value.hint
