import pytest
import yaml

from fieldfare.kernel.yaml_trouble import YamlTrouble, yaml_trouble


def trouble(text: str) -> YamlTrouble:
    with pytest.raises((yaml.YAMLError, RecursionError)) as refused:
        yaml.safe_load(text)
    return yaml_trouble(refused.value, text)


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("a: 1\nb: c: d", 2, 5, "mapping values are not allowed here"),
        ("- [", 1, 4, "while parsing a flow node: expected the node content, but found"),
        ("- a\n- \x07b", 2, 3, "special characters are not allowed"),
        ("*nobody", 1, 1, "found undefined alias 'nobody'"),
        ("[" * 100_000, 1, 1, "it nests too deeply"),
    ],
)
def test_trouble_with_yaml_is_one_line_with_its_place(
    text: str, line: int, column: int, why: str
) -> None:
    found = trouble(text)

    assert (found.line, found.column) == (line, column)
    assert found.why.startswith(why)
    assert "\n" not in found.why
    assert "<unicode string>" not in found.why


def test_other_errors_say_what_they_say_at_the_beginning() -> None:
    assert yaml_trouble(ValueError("no\naliases"), "") == YamlTrouble(why="no aliases")
