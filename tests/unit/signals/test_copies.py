from fieldfare.kernel import Org, Span, Unknown
from fieldfare.matching.known_text import SOME_TIME, KnownText, TextEntry, When
from fieldfare.matching.repositories import BankRecord
from fieldfare.records import Fact
from fieldfare.signals.copies import COPY_FACTS, CopySignal

MAIN = Org("main")
SPAM = "Get free zorblats now, send your number to the norfling club today"


def known() -> KnownText:
    texts = KnownText()
    texts.put_banks(
        [
            BankRecord(org=MAIN, name="spam", policy="IN.SPAM", vetted=True),
            BankRecord(org=MAIN, name="fresh", policy="IN.FRAUD", vetted=False),
        ]
    )
    texts.add(
        [
            TextEntry(id=1, bank="spam", content=SPAM, label="wave 7"),
            TextEntry(id=2, bank="fresh", content="shop.com", is_url=True),
        ]
    )
    return texts


def facts_of(fields: dict[str, str], when: When = SOME_TIME) -> dict[str, Fact]:
    found = CopySignal(known()).facts(fields, when)
    assert tuple(fact.name for fact in found) == COPY_FACTS
    return {fact.name: fact for fact in found}


def test_a_near_copy_has_facts_with_the_stretch_it_stands_in() -> None:
    typed = SPAM.replace("today", "tonight")

    facts = facts_of({"text": typed})

    assert facts["text.match.policy"].value == "IN.SPAM"
    assert facts["text.match.bank"].value == "spam"
    assert facts["text.match.vetted"].value is True
    assert facts["text.match.means"].value == "near"
    assert facts["text.match.similarity"].value == 0.8545
    assert facts["text.match.policy"].spans == (Span(0, 63, "char", "text"),)
    assert facts["text.match.all"].value == [
        {
            "bank": "spam",
            "policy": "IN.SPAM",
            "vetted": True,
            "entry": "1",
            "label": "wave 7",
            "means": "near",
            "similarity": 0.8545,
            "found": "",
            "field": "text",
            "start": 0,
            "end": 63,
        }
    ]
    assert facts["url.match.policy"].value is None


def test_a_known_url_has_facts_of_its_own() -> None:
    facts = facts_of({"caption": "at hxxp://x.shop[.]com/a"})

    assert facts["url.match.policy"].value == "IN.FRAUD"
    assert facts["url.match.vetted"].value is False
    assert facts["url.match.means"].value == "domain"
    assert facts["url.match.found"].value == "x.shop.com/a"
    assert facts["url.match.all"].spans == (Span(3, 24, "char", "caption"),)
    assert facts["text.match.policy"].value is None


def test_words_nobody_knows_match_nothing_and_that_is_known() -> None:
    facts = facts_of({"text": "a mellow afternoon"})

    assert {fact.value for fact in facts.values()} == {None}
    assert facts == facts_of({}) | {
        "text.match.policy": facts["text.match.policy"]  # its cost differs
    }


def test_what_came_later_is_not_known_then() -> None:
    assert (
        facts_of({"text": SPAM}, When(asking=SOME_TIME.asking, as_of=0))["text.match.policy"].value
        is None
    )


def test_a_host_of_look_alikes_is_a_fact() -> None:
    fact = facts_of({"text": "pаypal.com"})["url.lookalike"]  # noqa: RUF001 -- a look-alike

    assert (fact.value, fact.spans) == ("paypal.com", (Span(0, 10, "char", "text"),))


def test_nothing_is_looked_for_where_nothing_is_known_or_asked_for() -> None:
    found = CopySignal(KnownText(), lookalikes=False).values({"text": f"{SPAM} shop.com"})

    assert tuple(found) == COPY_FACTS
    assert {name for name, value in found.items() if value is not None} == {"url.lookalike"}
    assert isinstance(found["url.lookalike"], Unknown)
