"""The texts of the templates as the catalogue takes them."""

import re
from pathlib import Path

import fieldfare.web

TEMPLATES = Path(fieldfare.web.__file__).with_name("templates")
TEXT = re.compile(r"""_\((?P<quote>["'])(?P<text>.*?)(?P=quote)\)""")
LONE = re.compile(r"(?<!%)%(?!%|\()")


def test_a_per_cent_sign_in_a_text_is_written_twice() -> None:
    wrong = [
        f"{path.name}: {found['text']}"
        for path in sorted(TEMPLATES.glob("*.html"))
        for found in TEXT.finditer(path.read_text())
        if LONE.search(found["text"].replace("%%", ""))
    ]

    assert wrong == []
    assert LONE.search("95 % of")
    assert not LONE.search("95 %% of %(n)s".replace("%%", ""))
