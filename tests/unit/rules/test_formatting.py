"""Formatting keeps what a file says and every comment; formatting twice is formatting once."""

import ast
import io
import tokenize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.kernel import BadInput
from fieldfare.rules.format_printer import WIDTH
from fieldfare.rules.formatting import formatted

NAMES = st.sampled_from(["A", "Caption", "_local", "AVeryLongNameThatTakesUpRoomOnALine"])
LITERALS = st.sampled_from(["1", "0x1F", "1_000", "2.5", "'a'", '"b"', "'a' 'b'", "r'\\d'", "None"])
STRINGS = st.sampled_from(
    ["f'{A} and {Caption}'", "'''x\ny'''", "'word ' f'{A}' 'another word here'"]
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def call(args: list[str]) -> str:
        return f"Make({', '.join(f'k{at}={arg}' for at, arg in enumerate(args))})"

    def joined(word: str) -> st.SearchStrategy[str]:
        return st.lists(inner, min_size=2, max_size=4).map(
            lambda parts: word.join(f"({part})" for part in parts)
        )

    return st.one_of(
        st.lists(inner, max_size=4).map(call),
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, min_size=1, max_size=4).map(lambda items: f"[{', '.join(items)},]"),
        *map(joined, [" and ", " or ", " + ", " ** ", " not in ", " < "]),
        inner.map(lambda part: f"not ({part})"),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"({part})"),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, LITERALS, STRINGS), compound, max_leaves=14)
STATEMENTS = st.one_of(
    EXPRESSIONS.map(lambda value: f"Name = {value}"),
    EXPRESSIONS.map(lambda value: f"Name: Optional[str] = {value}"),
    EXPRESSIONS.map(lambda value: f"WhenRules(rules_any=[A], then={value})"),
    st.sampled_from(["pass", "x: int", "a = b = 3", "A.b = {1: [2, 3]}", "A = (1, 2)[0]"]),
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Draw statements with line breaks and comments wherever brackets allow them."""
    written = []
    for statement in draw(st.lists(STATEMENTS, max_size=4)):
        out, depth, at = "", 0, (1, 0)
        lines = statement.split("\n")
        for token in tokenize.generate_tokens(io.StringIO(statement).readline):
            if token.type in {tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER}:
                continue
            gap = lines[at[0] - 1][at[1] : token.start[1]] if token.start[0] == at[0] else ""
            out += (
                draw(st.sampled_from(["", "  ", "\n", " # one\n", "\n  # two\n\n"]))
                if depth
                else gap
            )
            out += gap + token.string
            depth += (token.string in "([{") - (token.string in ")]}")
            at = token.end
        comment = draw(st.sampled_from(["", "  # behind", "\n\n\n# below", "\n"]))
        written.append(f"{out}{comment}\n")
    return draw(st.sampled_from(["", "\n\n", "# first\n\n"])) + "".join(written)


def comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sorted(token.string for token in tokens if token.type == tokenize.COMMENT)


@settings(max_examples=100, deadline=None)
@given(programs())
def test_formatting_keeps_the_program_and_is_done_once(text: str) -> None:
    once = formatted(text)

    assert ast.dump(ast.parse(once)) == ast.dump(ast.parse(text))
    assert comments(once) == comments(text)
    assert formatted(once) == once
    assert "\n\n\n" not in once.replace("'''x\ny'''", "")


MESSY = """

# A head.
A   =  JsonData( path = '$.a' )  # the a


B: Optional[ str ]=JsonData(path="$.b",required=False,)
R = Rule(when_all=[A == 'x',
  # Why this one.
  (B != None) and not (B in ['bramble', 'nettle']) or A in ['a rather long word',
  'another long word',
  'a third'],
  Count(key=[A], window='10m') > 5  # many
  ], description=f'{A}')
WhenRules(rules_any=[R], then=[Hold(policy='IN.SPAM')
# At the end.
])
"""
TIDY = """\
# A head.
A = JsonData(path='$.a')  # the a

B: Optional[ str ] = JsonData(
    path="$.b",
    required=False,
)
R = Rule(
    when_all=[
        A == 'x',
        # Why this one.
        (B != None and not (B in ['bramble', 'nettle']))
        or A in ['a rather long word', 'another long word', 'a third'],
        Count(key=[A], window='10m') > 5,  # many
    ],
    description=f'{A}',
)
WhenRules(
    rules_any=[R],
    then=[
        Hold(policy='IN.SPAM'),
        # At the end.
    ],
)
"""


def test_a_messy_file_comes_out_tidy() -> None:
    assert formatted(MESSY) == TIDY
    assert formatted(MESSY.replace("\n", "\r\n")) == TIDY


def test_what_is_too_long_is_broken_where_it_can_be() -> None:
    long = " or ".join(f"Name{at} == 'bramble'" for at in range(12))
    words = " ".join(f"'word {at} '" for at in range(20))

    made = formatted(f"A = {long}\nB = {words}\nC = F(x={long}, y=[{words}])\nD = not ({long})\n")

    assert max(map(len, made.splitlines())) <= WIDTH
    assert formatted(made) == made
    assert made.startswith("A = (\n    Name0 == 'bramble'\n    or Name1 == 'bramble'\n")


@pytest.mark.parametrize("text", ["A = (", "A = '", "A == \x00", "(" * 500])
def test_what_is_no_syntax_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no syntax"):
        formatted(text)


def test_nothing_stays_nothing() -> None:
    assert formatted("") == formatted(" \n\n") == ""
    assert formatted("# only a word\n\n\n# and one\n") == "# only a word\n\n# and one\n"
