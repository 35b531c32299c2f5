"""Nothing that stands in a source text becomes code: random sources, and what they compile to."""

import ast
import re
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.rules import Problem, RuleSet, RuleSetDoesNotCompile, Semantics, load_rule_set
from fieldfare.testing.rule_sets import a_vocabulary, evaluated

OUR_NAMES: Final = re.compile(r"[vk]\d+")
GIVEN: Final = {"event_id", "data", "facts", "counts", "lists", "labels", "errors", "error"}
BUILT_IN: Final = {"str", "int", "float", "bool", "dict", "type", "len", "Exception"}
MADE: Final = {"compiled", "hits", "deeds"}
METHODS: Final = {"get", "append", "lower", "upper", "startswith", "endswith"}
SYNTAX: Final = (
    *(ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.Expr),
    *(ast.If, ast.Try, ast.ExceptHandler, ast.Name, ast.Load, ast.Store, ast.Constant),
    *(ast.Call, ast.Attribute, ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop, ast.UnaryOp),
    *(ast.unaryop, ast.BinOp, ast.operator, ast.IfExp, ast.Tuple, ast.List, ast.Set),
    *(ast.NamedExpr, ast.GeneratorExp, ast.comprehension, ast.Subscript, ast.Slice),
)
HOSTILE: Final = [
    "'",
    '"',
    "'''",
    "\\",
    "\\'",
    "\n",
    "\r\n",
    "\u2028",
    "\x00",
    "\ud800",
    "');import os#",
    '"+str(data)+"',
    "{data}",
    "{{",
    "%s",
    "__class__",
    "__builtins__",
    "__import__('os')",
    "exec",
    "v1",
    "k0",
    "compiled",
    "errors.clear()",
    "é",
]
NAMES: Final = [
    "__class__",
    "__builtins__",
    "__import__",
    "compiled",
    "data",
    "errors",
    "event_id",
    "v1",
    "k0",
    "eval",
    "exec",
    "print",
    "_local",
    "É",
    "ﬁ",
    "X" * 300,
]
TOKENS: Final = [
    *HOSTILE,
    *NAMES,
    *("A", "B", "=", "==", "!=", "<", "in", "not", "and", "or", "(", ")", "[", "]", ",", ":", "."),
    *("1", "1e999", "-", "**", "/", "None", "True", "lambda", "import", "def", "if", "f'{A}'"),
    *("Rule(when_all=[A], description='')", "JsonData(path='$.a')", "Import", "Require"),
    *("RegexMatch(pattern='a', target=A)", "A: str", "WhenRules", "Hold(policy='IN.SPAM')"),
    *("\n", "\n", " ", " ", "    ", "#", ";", "\\\n"),
]
WORDS = st.one_of(st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join), st.text(max_size=20))
SEMANTICS = st.sampled_from(["safe", "osprey"])


def loaded(text: str, semantics: Semantics) -> RuleSet | None:
    """Load a source; the only thing that may go wrong is that it does not compile."""
    words = replace(a_vocabulary(), event_kinds=frozenset({"item.posted"}))
    problems: tuple[Problem, ...]
    try:
        return load_rule_set({"main.sml": text}, vocabulary=words, semantics=semantics)
    except RuleSetDoesNotCompile as refused:
        problems = refused.problems
    assert problems
    assert all(str(problem) for problem in problems)
    return None


def check_code(rules: RuleSet) -> None:
    """Assert that the code holds our names, plain constants and a handful of methods, no more."""
    for kind in rules.event_kinds:
        for node in ast.walk(ast.parse(rules.python_of(kind))):
            assert isinstance(node, SYNTAX), ast.dump(node)
            match node:
                case ast.Name(id=name):
                    is_ours = OUR_NAMES.fullmatch(name)
                    assert is_ours or name in GIVEN | BUILT_IN | MADE, name
                case ast.Attribute(attr=method):
                    assert method in METHODS, method
                case ast.Constant(value=value):
                    assert value is None or type(value) in {str, int, float, bool}
                case ast.FunctionDef(name=name):
                    assert name == "compiled"
                case ast.arg(arg=name):
                    assert name in GIVEN
                case ast.Call(func=func):
                    assert isinstance(func, ast.Name | ast.Attribute)
                case _:
                    pass


def written(words: str, other: str, name: str) -> str:
    """Write a rule set that loads, with any words wherever a text can stand."""
    return (
        f"{name}: str = JsonData(path={'$.' + name!r})\n"
        f"T: Optional[str] = JsonData(path='$.t')\n"
        f"Said = {words!r}\nBoth = f'{{{name}}}-{{Said}}'\n"
        f"Listed = [Said, {other!r}, {words!r}]\n"
        f"R = Rule(when_all=[{name} == {words!r} or {name} in Listed or T == {other!r}\n"
        f"  or StringReplace(s={name}, old={other!r}, new={words!r}) != Both],\n"
        f"  description={other!r})\n"
        f"S = Rule(when_all=[{words!r} in {name}], description=f'{{{name}}}')\n"
        f"WhenRules(rules_any=[R, S], then=[Review(policy='IN.SPAM', reason={words!r})])\n"
    )


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, st.sampled_from(NAMES), SEMANTICS, st.text(max_size=8))
def test_hostile_words_stay_words(
    words: str, other: str, name: str, semantics: Semantics, value: str
) -> None:
    rules = loaded(written(words, other, name), semantics)

    if rules is not None:
        check_code(rules)
        for given_value in (value, words, other, 7, None):
            assert evaluated(rules, {name: given_value, "t": value}).errors == ()


@settings(max_examples=50, deadline=None)
@given(WORDS, SEMANTICS, st.booleans())
def test_hostile_patterns_stay_patterns(
    pattern: str,
    semantics: Semantics,
    insensitive: bool,  # noqa: FBT001 -- hypothesis gives it
) -> None:
    rules = loaded(
        "T: str = JsonData(path='$.t')\n"
        f"R = Rule(when_all=[RegexMatch(pattern={pattern!r}, target=T, "
        f"case_insensitive={insensitive})], description='')\n",
        semantics,
    )

    if rules is not None:
        check_code(rules)
        assert evaluated(rules, {"t": pattern}).errors == ()


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=30), SEMANTICS)
def test_any_tokens_compile_or_are_refused_with_a_place(
    tokens: list[str], semantics: Semantics
) -> None:
    rules = loaded("A: bool = JsonData(path='$.a')\n" + " ".join(tokens), semantics)

    if rules is not None:
        check_code(rules)
        evaluated(rules, {"a": True})


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), SEMANTICS)
def test_any_text_compiles_or_is_refused_with_a_place(text: str, semantics: Semantics) -> None:
    loaded(text, semantics)


@pytest.mark.parametrize(
    "text",
    [
        "A = ().__class__",
        "A = [].append(1)",
        "A = __import__('os')",
        "A = (lambda: 1)()",
        "A = data['x']",
        "R = Rule(when_all=[eval('1')], description='')",
        "R = Rule(when_all=[True], description=f'{().__class__}')",
        "R = Rule(when_all=[True], description=f'{R!r}')",
        "import os",
        "exec('1')",
        "A = [x for x in [1]]",
        "A = (B := 1)",
        "A = 1 if True else 2",
        "A = {**{}}",
        "A = StringLength(**{'s': 'x'})",
        "A = await B",
    ],
)
def test_what_is_python_and_not_the_language_is_refused(text: str) -> None:
    assert loaded(text, "safe") is None
    assert loaded(text, "osprey") is None
