"""The reference says what the language is: its tables are generated, its example compiles."""

import re
from pathlib import Path

from fieldfare.rules.functions import SYNTAX
from fieldfare.rules.reference import effects_table, functions_table
from fieldfare.testing.rule_sets import a_rule_set, evaluated

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "rules.md").read_text("utf-8")


def part(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", PAGE, re.DOTALL)
    return found[1] if found else ""


def test_the_tables_are_those_of_the_language() -> None:
    assert part("functions") == functions_table()
    assert part("effects") == effects_table()


def test_every_call_with_a_meaning_of_its_own_is_explained() -> None:
    assert [name for name in SYNTAX if name not in PAGE] == []


def test_the_example_compiles_and_fires() -> None:
    (example,) = re.findall(r"```sml\n(.*?)```", PAGE, re.DOTALL)
    rules = a_rule_set(example.replace("_Posts > 5", "_Posts >= 0"))

    outcome = evaluated(
        rules,
        {"item": {"author": "u1", "caption": "a Nettle"}},
        kind="item.scanned",
        facts={"visual.nsfw.max": 0.2},
    )

    assert outcome.fired == ("NudityInAHurry",)
    assert outcome.verdicts[0].reasons[0].description == "u1 scored 0.2 after 0 posts"
