"""What the reference says of the calls that are syntax of their own: topic, result, meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

READING: Final = "reading the event"
ASKING: Final = "asking and defaulting"
PATTERNS: Final = "patterns and lists of words"
COUNTERS: Final = "counters"
LABELS: Final = "labels and experiments"
RULES: Final = "rules"


@dataclass(frozen=True, slots=True)
class Words:
    """Topic, type of the result, one line of meaning, and an example that compiles."""

    topic: str
    returns: str
    about: str
    example: str


WORDS: Final[Mapping[str, Words]] = {
    "JsonData": Words(
        READING,
        "as annotated",
        "Read a value of the event by its path, as the annotation's type.",
        "Caption: str = JsonData(path='$.item.caption')",
    ),
    "EntityJson": Words(
        READING,
        "Entity",
        "Read the id of an entity by its path.",
        "Author: Entity[str] = EntityJson(type='Account', path='$.item.author')",
    ),
    "Entity": Words(
        READING, "Entity", "Make an entity of a value.", "Entity(type='Device', id=DeviceId)"
    ),
    "GetActionName": Words(
        READING, "str", "Give the event's kind.", "GetActionName() == 'item.posted'"
    ),
    "GetActionId": Words(READING, "int", "Give the event's id.", "GetActionId() % 2 == 0"),
    "Fact": Words(
        READING, "as the fact", "Give a fact by its name.", "Fact('visual.nsfw.max') > 0.8"
    ),
    "is_missing": Words(
        ASKING, "bool", "Tell whether a value is Unknown; never Unknown.", "is_missing(Caption)"
    ),
    "default": Words(
        ASKING, "as x", "Give x, or v where x is Unknown.", "default(Caption, '') == ''"
    ),
    "ResolveOptional": Words(
        ASKING,
        "as the value",
        "Give the value, or the default where it is Unknown.",
        "ResolveOptional(optional_value=Caption, default_value='')",
    ),
    "RegexMatch": Words(
        PATTERNS,
        "bool",
        "Tell whether the pattern is found in the first 10,000 characters.",
        "RegexMatch(pattern='bramble|nettle', target=Caption, case_insensitive=True)",
    ),
    "RegexMatchMap": Words(
        PATTERNS,
        "bool",
        "Tell whether the pattern is found in any or in all of the texts.",
        "RegexMatchMap(pattern='^#bram', target=Tags, mode='any')",
    ),
    "CountRegexMatches": Words(
        PATTERNS,
        "int",
        "Give how many of the patterns are found.",
        "CountRegexMatches(patterns=['bramble', 'nettle', 'thistle'], target=Caption) >= 2",
    ),
    "InList": Words(
        PATTERNS,
        "bool",
        "Tell whether a value is in a named list.",
        "InList(list='bad_words', value=Caption)",
    ),
    "TextMatch": Words(
        PATTERNS,
        "bool",
        "Tell whether a text has an entry of a named list as words, evasions seen through.",
        "TextMatch(list='bad_words', target=Caption)",
    ),
    "Count": Words(
        COUNTERS,
        "int",
        "Give how many events with this key happened in the window.",
        "Count(key=[Author], window='10m') > 5",
    ),
    "CountDistinct": Words(
        COUNTERS,
        "int",
        "Give by how many different values.",
        "CountDistinct(of=Caption, key=[Author], window='1h') > 3",
    ),
    "Sum": Words(
        COUNTERS,
        "int or float",
        "Give the sum of a number over the events with this key in the window.",
        "Sum(of=Price, key=Author, window='1d') > 1000",
    ),
    "Rate": Words(
        COUNTERS,
        "float",
        "Give how many events with this key there were, as so many a second over the window.",
        "Rate(key=Author, window='5m') > 0.5",
    ),
    "TimeSince": Words(
        COUNTERS,
        "TimeDelta",
        "Give how long before this event the last one with this key was; Unknown if there was none "
        "in the window.",
        "TimeSince(key=Author) < TimeDelta(seconds=10)",
    ),
    "HasLabel": Words(
        LABELS,
        "bool",
        "Tell whether an entity has a label, as of the event's id.",
        "HasLabel(entity=Sender, label='hasty', min_label_age=TimeDelta(hours=1))",
    ),
    "Experiment": Words(
        LABELS,
        "str",
        "Give the bucket an entity is in, for ever.",
        "Trial = Experiment(entity=Sender, buckets=['control', 'strict'], "
        "bucket_sizes=[5.0, 5.0], version=1, revision=0)",
    ),
    "ExperimentWhen": Words(
        LABELS,
        "list[bool]",
        "Give the conditions of the entity's bucket; who is in none counts as the control.",
        "ExperimentWhen(experiment=Running, control=[Age < 13], strict=[Age < 16])",
    ),
    "Rule": Words(
        RULES,
        "Rule",
        "Fire where all conditions are True.",
        "R = Rule(when_all=[Age < 18], description=f'{Author} is {Age}')",
    ),
}
"""By name; every call of SYNTAX and every call that counts has words here."""
