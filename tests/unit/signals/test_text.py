import pytest

from fieldfare.kernel import Span, Unknown
from fieldfare.matching.lexicon import Entry, Lexicon
from fieldfare.policies import UnknownPolicy, load_default_pack
from fieldfare.records import Fact
from fieldfare.signals.language import language_of
from fieldfare.signals.text import TEXT_FACTS, TextSignal

PACK = load_default_pack()
RUDE = Lexicon(
    name="rude", entries={"zorblat": Entry(policy="HB.LOW"), "blip zorp": Entry(policy="HS.SLUR")}
)


def facts(fields: dict[str, str], *lexicons: Lexicon) -> dict[str, Fact]:
    signal = TextSignal(lexicons or (RUDE,), PACK)
    return {fact.name: fact for fact in signal.facts(fields)}


def test_one_fact_for_every_name_it_promises() -> None:
    for fields in ({}, {"text": ""}, {"text": "zorblat", "caption": "x"}):
        assert tuple(facts(fields)) == TEXT_FACTS


def test_the_gravest_hit_names_policy_and_severity_and_every_hit_has_its_place() -> None:
    found = facts({"caption": "You Z0RBLAT!", "text": "he is a blip  zorp"})

    assert found["text.lexicon.policy"].value == "HS.SLUR"
    assert found["text.lexicon.severity"].value == "S2"
    assert found["text.lexicon.hits"].value == [
        {
            "list": "rude",
            "term": "zorblat",
            "policy": "HB.LOW",
            "field": "caption",
            "start": 4,
            "end": 11,
        },
        {
            "list": "rude",
            "term": "blip zorp",
            "policy": "HS.SLUR",
            "field": "text",
            "start": 8,
            "end": 18,
        },
    ]
    assert found["text.lexicon.policy"].spans == (
        Span(4, 11, "char", "caption"),
        Span(8, 18, "char", "text"),
    )
    assert found["text.normalised"].value == "you zorblat!\nhe is a blip zorp"


def test_clean_words_are_known_to_be_clean_and_not_unknown() -> None:
    found = facts({"text": "what a lovely day for a walk"})

    assert found["text.lexicon.policy"].value is None
    assert found["text.lexicon.severity"].value is None
    assert found["text.lexicon.hits"].value == []


def test_an_item_without_words_has_an_empty_text_and_no_language() -> None:
    found = facts({})

    assert found["text.normalised"].value == ""
    assert found["text.language"].value == Unknown("too short to tell")


def test_the_version_changes_with_the_lexicons() -> None:
    other = Lexicon(name="rude", entries={"vroomp": Entry(policy="HB.LOW")})

    assert facts({})["text.normalised"].version == facts({})["text.language"].version
    assert facts({})["text.normalised"].version != facts({}, other)["text.normalised"].version


def test_a_lexicon_for_a_policy_nobody_knows_is_refused_at_once() -> None:
    with pytest.raises(UnknownPolicy):
        TextSignal([Lexicon(name="x", entries={"zorb": Entry(policy="XX.NO")})], PACK)


def test_language_may_be_left_out() -> None:
    signal = TextSignal([], PACK, language=None)

    assert isinstance(signal.facts({"text": "what a lovely day"})[1].value, Unknown)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What a lovely day for a long walk by the river", "en"),
        ("Was für ein schöner Tag für einen Spaziergang", "de"),
        ("Quelle belle journée pour se promener\nau bord de l'eau", "fr"),
        ("我们明天一起去吃饭好吗", "zh"),
        ("今日はとても良い天気ですね", "ja"),
    ],
)
def test_a_sentence_tells_its_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "ok", "!!! 12345 678", "😀😀😀😀😀😀😀😀"])
def test_a_few_letters_do_not(text: str) -> None:
    assert language_of(text) == Unknown("too short to tell")


def test_words_of_no_language_are_not_guessed() -> None:
    assert language_of("zorblat quibnood vroomp glaffi snill") == Unknown("cannot tell")
