"""Trouble at run time stops nothing, and nothing in a source text becomes code."""

import ast
import builtins
import keyword
import re
import string
import unicodedata
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.rules import Problem, RuleSetDoesNotCompile, load_rule_set
from fieldfare.rules.functions import FUNCTIONS
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary, evaluated

ALLOWED = re.compile(
    r"v\d+|k\d+|event_id|data|facts|counts|lists|labels|errors|error|hits|deeds|compiled"
)
TYPES = {"type", "len", "Exception", "str", "int", "float", "bool", "dict"}
METHODS = {"get", "append", "lower", "upper", "startswith", "endswith"}
IDENTIFIERS = st.one_of(
    st.sampled_from([*dir(builtins), "Compiled", "compiled", "v1", "k0", "data"]),
    st.text(alphabet=string.ascii_letters + "_éﬁ", min_size=1, max_size=8),
).filter(lambda name: name.isidentifier() and not keyword.iskeyword(name) and name[0] != "_")
HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "')\nimport os\n('",
            '"""\nraise SystemExit\n"""',
            "\\",
            "{data}",
            "__import__('os').system('x')",
            "\u2028'\r\n\"",
            "\x00",
            "{0.__class__}",
        ]
    ),
)


ANY = st.one_of(st.characters(), st.characters(categories=["Cs"]))
"""Any character, and as often half of one: JSON may hold a lone surrogate."""


def test_a_rule_that_throws_is_unknown_and_stops_no_other() -> None:
    def breaks(_: str) -> int:
        raise RuntimeError("broken on purpose")

    broken = replace(FUNCTIONS["HashMd5"], run=breaks)
    source = (
        "T: str = JsonData(path='$.t')\nHash = HashMd5(input=T)\n"
        "Thrown = Rule(when_all=[HashMd5(input=T) == 'x'], description='')\n"
        "NotThrown = Rule(when_all=[not Thrown], description='')\n"
        "OnName = Rule(when_all=[Hash != 'x'], description='')\n"
        "Missing = Rule(when_all=[Hash == None, Thrown == None], description='')\n"
        "Fine = Rule(when_all=[T == 'a'], description=f'{Hash}')\n"
        "WhenRules(rules_any=[Thrown, Fine], then=[Hold(policy='IN.SPAM')])"
    )
    words = replace(a_vocabulary(), functions={**FUNCTIONS, "HashMd5": broken})
    rules = load_rule_set({"main.sml": source}, vocabulary=words)

    outcome = evaluated(rules, {"t": "a"})

    assert outcome.fired == ("Missing", "Fine")
    assert len(outcome.verdicts) == 1
    assert any("Thrown" in e and "broken on purpose" in e for e in outcome.errors)
    assert any("Hash" in e for e in outcome.errors)


def test_a_counter_key_that_throws_counts_nothing() -> None:
    rules = a_rule_set(
        "X: int = JsonData(path='$.x')\nT: str = JsonData(path='$.t')\n"
        "R = Rule(when_all=[Count(key=[X ** X], window='5m') > 0], description='')\n"
        "S = Rule(when_all=[Count(key=[T], window='5m') > 0], description='')"
    )

    outcome = evaluated(rules, {"x": 10**6, "t": "a"})

    assert outcome.fired == ("S",)
    assert outcome.errors


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(ANY, max_size=5)),
        lambda below: st.one_of(
            st.lists(below, max_size=3),
            st.dictionaries(st.sampled_from(["item", "a", "n", "tags"]), below, max_size=4),
        ),
        max_leaves=10,
    )
)
def test_whatever_an_event_holds_nothing_is_raised(value: object) -> None:
    data = {"item": value, "a": value, "n": value, "tags": value}

    outcome = evaluated(WIDE, data, facts={"visual.nsfw.max": value})  # type: ignore[dict-item]

    assert "Always" in outcome.fired


WIDE_RULES = (
    "Who: Entity[str] = EntityJson(type='Account', path='$.a')\n"
    "S1 = Rule(when_all=[Sum(of=N, key=[A, F], window='1m') > 3], description='')\n"
    "S2 = Rule(when_all=[TimeSince(key=Who) < TimeDelta(seconds=9)], description='')\n"
    "S3 = Rule(when_all=[CountDistinct(of=A, key=[First], window='1h') > 0], description='')\n"
    "S4 = Rule(when_all=[HasLabel(entity=Who, label='hasty') or A == Who], description='')\n"
    "WhenRules(rules_any=[Always, S1, S2, S3, S4], then=[LabelRemove(entity=Who, label='late'),"
    "LabelAdd(entity=Who, label='hasty', apply_if=R1), DeclareVerdict(verdict=f'{A}{Who}')])\n"
    "A: str = JsonData(path='$.item.a')\nN: int = JsonData(path='$.n')\n"
    "F: float = JsonData(path='$.item.n')\nTags: List[str] = JsonData(path='$.tags')\n"
    "First: str = JsonData(path='$.tags[0].a')\n"
    "Always = Rule(when_all=[True], description=f'{A} {N} {F} {Tags} {First}')\n"
    "R1 = Rule(when_all=[A in ['x', 'y', 'z'] or N ** 2 > F, N % 3 != F / N], description='')\n"
    "R2 = Rule(when_all=['a' in Tags, ListLength(list=Tags) > 1], description='')\n"
    "R3 = Rule(when_all=[RegexMatch(pattern='[a-z]+', target=A, case_insensitive=True)],"
    "description='')\n"
    "R4 = Rule(when_all=[Fact('visual.nsfw.max') + N > Count(key=[A, N], window='1m')],"
    "description='')\n"
    "WhenRules(rules_any=[Always, R1, R2, R3, R4], then=[Hold(policy='IN.SPAM'), "
    "Review(policy='IN.SPAM', reason=f'{A} {Tags}'), "
    "Ban(account=First, policy='IN.SPAM')])"
)
WIDE = load_rule_set(
    {"main.sml": WIDE_RULES, "ruleset.yaml": "labels: {hasty: , late: }"},
    vocabulary=a_vocabulary(),
)


def strings_and_names(python: str) -> tuple[set[str], set[str], set[str]]:
    tree = ast.parse(python)
    texts, names, attributes = set(), set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                texts.add(text)
            case ast.Name(id=name) | ast.arg(arg=name):
                names.add(name)
            case ast.Attribute(attr=attribute):
                attributes.add(attribute)
            case ast.Import() | ast.ImportFrom() | ast.Lambda() | ast.ClassDef() | ast.Global():
                raise AssertionError(f"{type(node).__name__} in generated code")
    return texts, names, attributes


@settings(max_examples=120, deadline=None)
@given(
    names=st.lists(IDENTIFIERS, min_size=3, max_size=3, unique=True),
    texts=st.lists(HOSTILE, min_size=4, max_size=4),
)
def test_names_and_strings_never_become_code(names: list[str], texts: list[str]) -> None:
    a, b, c = (unicodedata.normalize("NFKC", name) for name in names)  # as Python reads names
    source = (
        f"{a}: str = JsonData(path='$.t')\n"
        f"{b} = {a} in [{texts[0]!r}, {texts[1]!r}, 'end']\n"
        f"{c} = Rule(when_all=[{b} or {a} == {texts[2]!r}], description={texts[3]!r})\n"
        f"Last = StringReplace(s={a}, old={texts[0]!r}, new={texts[1]!r})\n"
        f"Other = Rule(when_all=[Last != {texts[3]!r}], description='')\n"
        f"WhenRules(rules_any=[{c}], then=[Review(queue='adult', reason={texts[3]!r})])\n"
    )
    try:
        rules = a_rule_set(source)
    except RuleSetDoesNotCompile:
        return

    written, used, attributes = strings_and_names(rules.python_of("like"))

    assert written <= {*texts, "end", "t"}
    assert {name for name in used if not ALLOWED.fullmatch(name)} <= TYPES
    assert attributes <= METHODS
    outcome = evaluated(rules, {"t": texts[2]}, kind="like")
    assert outcome.errors == ()
    assert c in outcome.fired
    assert outcome.verdicts[0].reasons[0].description == texts[3]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ABab_=()[]{}'\"\\.,:#\n fFR0179+-*/<>!%&|^~@;", max_size=60))
def test_any_text_compiles_or_is_refused_with_problems(text: str) -> None:
    found = problems_of(text)

    assert all(p.line >= 1 and p.column >= 1 and p.message for p in found)


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        a_rule_set(text)
    except RuleSetDoesNotCompile as e:
        return e.problems
    return ()
