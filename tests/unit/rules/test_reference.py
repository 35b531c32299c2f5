"""The reference says what the language is: its tables are generated, its example compiles."""

import re
from pathlib import Path

import pytest

from fieldfare.rules import load_rule_set
from fieldfare.rules.functions import FUNCTIONS, SYNTAX
from fieldfare.rules.reference import Entry, effects_table, entries, functions_table
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary, evaluated

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "rules.md").read_text("utf-8")


def part(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", PAGE, re.DOTALL)
    return found[1] if found else ""


def test_the_tables_are_those_of_the_language() -> None:
    assert part("functions") == functions_table()
    assert part("effects") == effects_table()


def test_every_call_with_a_meaning_of_its_own_is_explained() -> None:
    assert [name for name in SYNTAX if name not in PAGE] == []


NAMES = {
    "str": "Author Bio Caption Code Cookies Country DeviceId Email FileName Handle Host Ip Joined"
    " Link Name Payload Phone Tag Wanted",
    "int": "Age_ PostedAt",
    "float": "Price",
    "List[str]": "Mentions Tags",
}
PRELUDE = "".join(
    f"{name.rstrip('_')}: {of} = JsonData(path='$.{name.lower()}')\n"
    for of, names in NAMES.items()
    for name in names.split()
)


PRELUDE += """
Sender: Entity[str] = EntityJson(type='Account', path='$.sender')
Running = Experiment(
    entity=Sender, buckets=['control', 'strict'], bucket_sizes=[5.0, 5.0], version=1, revision=0
)
"""


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_every_example_compiles(entry: Entry) -> None:
    names, example = PRELUDE, entry.example
    if "=" in example.split("(", maxsplit=1)[0]:  # the example gives a name itself
        own = example.split("=", maxsplit=1)[0].split(":", maxsplit=1)[0].strip()
        names = "".join(line for line in PRELUDE.splitlines(True) if not line.startswith(f"{own}:"))
    else:
        example = f"Example = {example}"
    if "timedelta=Age" in example:
        names = f"{names.replace('Age: int', 'Years: int')}Age = TimeSince(timestamp=Joined)\n"
    if "ParseInt" in example:
        names = names.replace("Age: int", "Age: str")

    load_rule_set(
        {
            "main.sml": f"{names}{example}\n",
            "config/labels.yaml": "labels: {hasty: {valid_for: [Account]}}",
        },
        vocabulary=a_vocabulary(lists=["bad_words", "known_senders"]),
    )


def test_every_call_has_a_topic_a_meaning_and_an_example() -> None:
    assert {entry.name for entry in entries()} == {*SYNTAX, *FUNCTIONS}
    assert [e.name for e in entries() if not (e.topic and e.about and e.example)] == []


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
