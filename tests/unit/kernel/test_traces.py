from fieldfare.kernel import trace_of

WORDS = "what ana wrote"
NOTHING: dict[str, str] = {}


def breaks(*, hidden: bool = False) -> None:
    try:
        NOTHING[WORDS]
    except KeyError as error:
        raise ValueError(WORDS) from (None if hidden else error)


def caught(*, hidden: bool) -> dict[str, str | list[str]]:
    try:
        breaks(hidden=hidden)
    except ValueError as error:
        return trace_of(error)
    raise AssertionError("it broke")


def test_a_trace_says_what_broke_and_where_and_none_of_its_words() -> None:
    told = caught(hidden=True)

    assert told["error"] == "ValueError"
    assert [place.partition(":")[0] for place in told["trace"]] == ["test_traces"] * 2
    assert "breaks" in told["trace"][-1]
    assert WORDS not in str(told)


def test_a_trace_begins_with_what_was_behind_it() -> None:
    told = caught(hidden=False)

    assert told["error"] == "KeyError > ValueError"
    assert "breaks" in told["trace"][0]


def test_an_error_that_is_its_own_cause_ends() -> None:
    error = ValueError(WORDS)
    error.__context__ = KeyError(WORDS)
    error.__context__.__context__ = error

    assert trace_of(error)["error"] == "KeyError > ValueError"
