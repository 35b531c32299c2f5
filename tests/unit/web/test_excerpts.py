"""Where a rule is written, and which versions changed it."""

from fieldfare.web.console.excerpts import changed_in, definition_of, excerpts_of

MAIN = """Import(rules=['a.sml'])
Score = Fact('visual.nsfw.max')

# Why there is this rule.
# In two lines.
High = Rule(
    when_all=[Score > 0.9],
    description='high',
)
Low = Rule(when_all=[Score < 0.1], description='low')
# What follows.
WhenRules(rules_any=[High], then=[Hold(policy='P')])
"""
OTHER = "WhenRules(rules_any=[Low, High], then=[Limit(policy='P')])\n"


def test_a_rule_is_its_definition_and_all_that_follows_from_it_with_the_comments_above() -> None:
    found = excerpts_of({"main.sml": MAIN, "a.sml": OTHER, "ruleset.yaml": "High: x"}, "High")

    assert [(each.file, each.line, each.text.splitlines()[0]) for each in found] == [
        ("a.sml", 1, OTHER.strip()),
        ("main.sml", 4, "# Why there is this rule."),
        ("main.sml", 11, "# What follows."),
    ]
    assert found[1].text.splitlines()[-1] == ")"


def test_a_file_that_is_no_syntax_defines_nothing() -> None:
    assert excerpts_of({"main.sml": "High = Rule("}, "High") == ()
    assert definition_of({"main.sml": "High = Rule("}, "High") is None


def test_a_name_is_found_where_it_is_assigned() -> None:
    found = definition_of({"main.sml": MAIN}, "Score")

    assert found is not None
    assert (found.line, found.text) == (2, "Score = Fact('visual.nsfw.max')")
    assert definition_of({"main.sml": MAIN}, "Score", "other.sml") is None


def test_only_versions_that_change_the_text_of_a_rule_changed_it() -> None:
    moved = {"main.sml": f"Other = 1\n{MAIN}"}
    grown = {"main.sml": MAIN.replace("0.9]", "0.8]")}

    versions = [{"main.sml": "X = 1"}, {"main.sml": MAIN}, moved, grown, {"main.sml": "X = 1"}]

    assert changed_in(versions, "High") == (1, 3, 4)
    assert changed_in(versions, "Low") == (1, 4)
