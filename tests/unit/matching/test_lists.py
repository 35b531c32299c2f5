import pytest

from fieldfare.matching.alignment import Match
from fieldfare.matching.lexicon import Entry
from fieldfare.matching.lists import (
    MAX_ENTRY,
    ListDoesNotRead,
    parse_lexicon,
    parse_list,
)
from fieldfare.policies import load_default_pack, packs_dir


def test_a_named_list_holds_one_entry_a_line_whatever_its_case() -> None:
    found = parse_list("domains", "# comment\n#\n\nZorb.example\n #tag\n  blip.test  \n")

    assert found.entries == {"zorb.example", "#tag", "blip.test"}
    assert "ZORB.example" in found
    assert "zo\u200brb.example" in found
    assert "zorb" not in found
    assert 5 not in found


def test_the_hash_of_a_list_does_not_depend_on_the_order_of_its_lines() -> None:
    assert parse_list("l", "a\nb\n").hash == parse_list("l", "b\na\n").hash
    assert parse_list("l", "a\nb\n").hash != parse_list("l", "a\n").hash


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [("a\n\u200b\u200b\n", 2, "invisible"), (f"a\nb\n{'x' * (MAX_ENTRY + 1)}", 3, "longer")],
)
def test_a_mistake_in_a_list_names_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ListDoesNotRead, match=f"l line {line}: .*{words}") as caught:
        parse_list("l", text)
    assert caught.value.line == line


LEXICON = """\
policy: HB.LOW
terms:
  - zorblat
  - no
  - {term: blip zorp, policy: HS.SLUR, match: substring}
"""


def test_a_lexicon_gives_terms_the_policy_and_match_of_its_head_or_their_own() -> None:
    assert parse_lexicon("rude", LEXICON).entries == {
        "zorblat": Entry(policy="HB.LOW"),
        "no": Entry(policy="HB.LOW"),
        "blip zorp": Entry(policy="HS.SLUR", match=Match.SUBSTRING),
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "policy: HB.LOW\nterms:\n", "terms: []"])
def test_an_empty_lexicon_is_fine(text: str) -> None:
    assert parse_lexicon("rude", text).entries == {}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- zorblat\n", 1, "fields are missing"),
        ("policy: HB.LOW\nterm:\n  - zorblat\n", 2, "Did you mean 'terms'"),
        ("policy: HB.LOW\nterms: zorblat\n", 2, "not a list"),
        ("terms:\n  - zorblat\n", 2, "no policy"),
        ("policy: HB.LOW\nmatch: wrod\nterms: []\n", 2, "Did you mean 'word'"),
        ("policy: HB.LOW\nterms:\n  - ok\n  - '...'\n", 4, "nothing to look for"),
        ("policy: HB.LOW\nterms:\n  - zorb\n  - ZORB\n", 4, "same as 'zorb'"),
        ("policy: HB.LOW\nterms:\n  - [a]\n", 3, "fields are missing"),
        ("policy: HB.LOW\nterms:\n  - {term: [a]}\n", 3, "one word or phrase"),
        (f"policy: HB.LOW\nterms:\n  - {'x' * (MAX_ENTRY + 1)}\n", 3, "longer"),
        ("policy: HB.LOW\nterms: [\n", 3, "expected"),
        ("policy: \x00\n", 1, "special characters"),
    ],
)
def test_a_mistake_in_a_lexicon_names_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ListDoesNotRead) as caught:
        parse_lexicon("rude", text)
    assert caught.value.line == line
    assert words in str(caught.value)


def test_the_shipped_lists_are_empty_and_the_demo_speaks_for_policies_of_the_pack() -> None:
    pack = load_default_pack()
    default, demo_folder = (packs_dir() / name / "lists" for name in ("default", "demo"))
    shipped, demo = (
        [parse_lexicon(path.stem, path.read_text("utf-8")) for path in folder.glob("*.yaml")]
        for folder in (default, demo_folder)
    )
    named = [parse_list(path.stem, path.read_text("utf-8")) for path in default.glob("*.txt")]

    policies = {entry.policy for one in demo for entry in one.entries.values()}

    assert not any(one.entries for one in shipped)
    assert not any(one.entries for one in named)
    assert {one.name for one in demo} < {one.name for one in shipped}
    assert "S1" in {str(pack.policy(code).severity) for code in policies}
