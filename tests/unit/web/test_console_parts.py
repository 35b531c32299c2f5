"""The small parts pages are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import Span
from fieldfare.metrics import Share
from fieldfare.policies import RESTRICTION_KINDS
from fieldfare.records import Event, Fact, Restriction, SeenValue, Subject
from fieldfare.web.console.highlight import highlight
from fieldfare.web.console.moments import Moment, length, twin
from fieldfare.web.console.pages.signin import local
from fieldfare.web.console.templating import icon, number, percent
from fieldfare.web.console.views.grounds import show, signal_line, text_lines
from fieldfare.web.console.views.items import FactLine
from fieldfare.web.console.views.outbox import read_cursor, write_cursor
from fieldfare.web.console.views.review import lanes_of
from fieldfare.web.console.wording import WORDS, sentence, word

SOURCE = '''# why
Nudity: float = Fact('visual.nsfw.max')
Certain = Rule(
    when_all=[Nudity >= 0.90, not None],
    description=f"""score
{Nudity}""",
)'''


def test_a_source_in_colour_is_still_the_source() -> None:
    lines = highlight(SOURCE)

    assert ["".join(piece.text for piece in line) for line in lines] == SOURCE.splitlines()
    kinds = {piece.text.strip(): piece.kind for line in lines for piece in line}
    assert kinds["# why"] == "com"
    assert kinds["Fact"] == "call"
    assert kinds["'visual.nsfw.max'"] == "str"
    assert kinds["0.90"] == "num"
    assert kinds["not"] == "key"
    assert kinds["Nudity"] == "name"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200))
def test_no_text_is_lost_in_colouring(source: str) -> None:
    lines = highlight(source)

    assert ["".join(piece.text for piece in line) for line in lines] == source.splitlines()


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (-5, "0 s"),
        (119_999, "119 s"),
        (120_000, "2 min"),
        (7_200_000, "2 h"),
        (172_800_000, "2 d"),
    ],
)
def test_a_stretch_of_time_is_told_in_one_unit(ms: int, said: str) -> None:
    assert length(ms).replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_moment_is_written_with_its_offset_in_json() -> None:
    assert twin({"at": Moment(0)}) == b'{"at":"1970-01-01T00:00:00.000Z"}'
    assert Moment(5) == Moment(5)
    assert len({Moment(5), Moment(5), Moment(6)}) == 2
    assert Moment(0).day_and_time == "1 Jan 1970, 00:00:00"


def test_what_has_no_json_form_is_an_error() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        twin({"at": object()})


def test_a_share_of_nothing_is_a_dash_and_small_ones_keep_two_digits() -> None:
    assert percent(Share(0, 0)) == percent(None) == "\N{EN DASH}"
    assert percent(Share(0, 3)) == "0.0\N{NO-BREAK SPACE}%"
    assert percent(Share(1, 900)) == "0.11\N{NO-BREAK SPACE}%"
    assert percent(Share(1, 2)) == "50.0\N{NO-BREAK SPACE}%"


def test_numbers_are_written_with_thousands_apart() -> None:
    assert number(1_234_567) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"
    assert number(0.5) == "0.5"
    assert number(10.0) == "10"


def test_every_word_has_an_icon_that_exists() -> None:
    for known in WORDS.values():
        assert 'class="i"' in icon(known.icon)
        assert 'aria-hidden="true"' in icon(known.icon)


def test_every_built_in_restriction_has_its_word() -> None:
    assert {kind.name for kind in RESTRICTION_KINDS} <= set(WORDS)
    assert word("an_operators_own").text == "an operators own"


@pytest.mark.parametrize(
    ("restriction", "said"),
    [
        (Restriction(kind="remove", policy="P"), "Shown to nobody"),
        (
            Restriction(kind="age_gate", policy="P", min_age=18),
            "Shown to people of 18 and over only",
        ),
        (
            Restriction(kind="limit", policy="P", surfaces=frozenset({"feed"})),
            "Off feed and search (feed)",
        ),
        (
            Restriction(kind="geo_block", policy="P", markets=frozenset({"FR", "DE"})),
            "Not shown in DE, FR",
        ),
        (
            Restriction(kind="hold", policy="P", markets=frozenset({"DE"})),
            "Shown to nobody until decided (DE)",
        ),
        (Restriction(kind="own", policy="P"), "Restriction “own”"),
    ],
)
def test_a_restriction_is_told_with_its_scope(restriction: Restriction, said: str) -> None:
    assert sentence(restriction) == said


def test_a_gauge_places_value_and_threshold_on_one_scale() -> None:
    within = signal_line(SeenValue(name="f", value=0.5, op=">=", threshold=0.9))
    beyond = signal_line(SeenValue(name="f", value=2_000, op=">=", threshold=1_000))
    words = signal_line(SeenValue(name="f", value="spam", op="==", threshold="spam"))

    assert (within.gauge, within.mark) == (44, 80)
    assert (beyond.gauge, beyond.mark) == (100, 50)
    assert (words.gauge, words.mark, words.op) == (None, None, "=")


def test_an_unknown_is_told_as_such_and_is_no_hit() -> None:
    line = signal_line(SeenValue(name="f", value=None, unknown="no decoder"))

    assert (line.value, line.unknown, line.is_hit) == ("", "no decoder", False)


def test_values_are_shown_short() -> None:
    assert show(0.12345) == "0.123"
    assert show(True) == "yes"
    assert show(["a", 1]) == "a, 1"
    assert show({"a": None}) == "a \N{EN DASH}"
    assert len(show("x" * 500)) == 161


def test_texts_are_cut_where_something_was_found() -> None:
    post = Event(
        org="main",  # type: ignore[arg-type]  # a plain name does
        id=1,  # type: ignore[arg-type]  # likewise
        at=0,
        kind="item.posted",
        subject=Subject("video", "v"),
        data={"item": {"caption": "ab zorblat", "hashtags": ["x"]}},
    )
    found = Fact(
        name="f", version="1", value=None, spans=(Span(3, 10, "char", "caption"), Span(0, 9, "s"))
    )

    caption, tags = text_lines(post, lambda _: [found])

    assert [(piece.text, piece.is_hit) for piece in caption.pieces] == [
        ("ab ", False),
        ("zorblat", True),
    ]
    assert [piece.is_hit for piece in tags.pieces] == [False]
    assert text_lines(None, lambda _: []) == ()


def test_lanes_lie_on_a_thousandth_scale_and_stay_visible() -> None:
    fact = FactLine(
        name="f", value="1", unknown="", version="1", ms=0, spans=((0, 1), (9.999, 10), (12, 13))
    )

    (lane,) = lanes_of([fact], 10)

    assert lane.spans == ((0, 100), (1000, 4), (1000, 4))
    assert lanes_of([fact], 0) == ()


def test_findings_on_the_same_stretches_share_a_lane_that_names_the_bank() -> None:
    def fact(name: str, value: str, *spans: tuple[float, float]) -> FactLine:
        return FactLine(name=name, value=value, unknown="", version="", ms=0.0, spans=spans)

    lanes = lanes_of(
        [
            fact("hash.match.all", "bank known-spam", (2.0, 4.0)),
            fact("hash.match.bank", "known-spam", (2.0, 4.0)),
            fact("hash.match.policy", "IN.SPAM", (2.0, 4.0)),
            fact("visual.nudity", "0.9", (0.0, 1.0)),
        ],
        10,
    )

    assert [(lane.name, lane.value) for lane in lanes] == [
        ("hash.match", "known-spam"),
        ("visual.nudity", "0.9"),
    ]
    assert lanes[0].spans == ((200, 200),)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/items?x=1", "/items?x=1"),
        ("", ""),
        ("items", ""),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("https://evil.example/", ""),
        ("/a\nb", ""),
    ],
)
def test_only_our_own_pages_are_led_to(path: str, kept: str) -> None:
    assert local(path) == kept


@given(st.integers(0, 2**63 - 1), st.integers(0, 99), st.text(st.characters(codec="ascii")))
def test_a_cursor_of_the_outbox_is_read_as_written(decision: int, part: int, hook: str) -> None:
    place = (decision, part, hook)

    assert read_cursor(write_cursor(place)) == place  # type: ignore[arg-type]  # a plain id
    assert read_cursor("") is None
