"""What differs between two versions, line by line."""

from fieldfare.engine.rule_diffs import diff_of


def test_the_end_of_the_last_line_begins_no_further_one() -> None:
    (added,) = diff_of({}, {"a.sml": "X = 1\nY = 2\n"})
    (changed,) = diff_of({"a.sml": "X = 1\n"}, {"a.sml": "X = 2\n"})

    assert added.lines == ("@@ -0,0 +1,2 @@", "+X = 1", "+Y = 2")
    assert changed.lines == ("@@ -1 +1 @@", "-X = 1", "+X = 2")


def test_an_empty_line_at_the_end_is_a_line() -> None:
    (changed,) = diff_of({"a.sml": "X = 1\n"}, {"a.sml": "X = 1\n\n"})

    assert changed.added == 1
