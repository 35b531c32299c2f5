"""The labels a rule set knows: from `config/labels.yaml`, or `labels:` in `ruleset.yaml`.

In: the files of a rule set. Out: for each label the entity types it is for, what it says of them
and a description for people. A label nobody declared is a mistake of the rules, found when they
load.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import yaml

from fieldfare.kernel import did_you_mean
from fieldfare.kernel.yaml_trouble import yaml_trouble
from fieldfare.rules.problems import Place, ProblemList

Connotation: TypeAlias = Literal["positive", "negative", "neutral"]
SECTION: Final = "labels"
_CONFIG: Final = "config/"
_MANIFEST: Final = "ruleset.yaml"
_FIELDS: Final = ("valid_for", "connotation", "description")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTerms:
    """What a label is for. valid_for: entity types; empty means every type."""

    name: str
    valid_for: tuple[str, ...] = ()
    connotation: Connotation = "neutral"
    description: str = ""

    def fits(self, entity_type: str) -> bool:
        """Tell whether entities of a type can have the label."""
        return not self.valid_for or entity_type in self.valid_for


def read_label_terms(sources: Mapping[str, str], problems: ProblemList) -> Mapping[str, LabelTerms]:
    """Read the labels of all configuration files; what does not read is noted."""
    found: dict[str, LabelTerms] = {}
    for file in sorted(sources):
        if file == _MANIFEST or (file.startswith(_CONFIG) and file.endswith(".yaml")):
            for place, terms in _of_file(file, sources[file], problems):
                if terms.name in found:
                    problems.add(place, f"the label {terms.name!r} is declared twice")
                else:
                    found[terms.name] = terms
    return found


def _of_file(file: str, text: str, problems: ProblemList) -> Iterator[tuple[Place, LabelTerms]]:
    section = _section(file, text, problems)
    if section is None:
        return
    if not isinstance(section, yaml.MappingNode):
        problems.add(_place(file, section), "labels are names with what they are for")
        return
    for key, value in section.value:
        place = _place(file, key)
        if not isinstance(key, yaml.ScalarNode) or not str(key.value):
            problems.add(place, "a label has a name")
        elif (terms := _terms(file, str(key.value), value, problems)) is not None:
            yield place, terms


def _section(file: str, text: str, problems: ProblemList) -> yaml.Node | None:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        if file != _MANIFEST:  # whoever reads the manifest says so
            found = yaml_trouble(e, text)
            problems.add(Place(file, found.line, found.column), f"this is no YAML: {found.why}")
        return None
    if not isinstance(root, yaml.MappingNode):
        return None
    sections = {str(key.value): value for key, value in root.value}
    return sections.get(SECTION)


def _terms(file: str, name: str, value: yaml.Node, problems: ProblemList) -> LabelTerms | None:
    if isinstance(value, yaml.ScalarNode) and not value.value:
        return LabelTerms(name=name)
    if not isinstance(value, yaml.MappingNode):
        hint = f"It has: {', '.join(_FIELDS)}."
        problems.add(_place(file, value), f"this does not say what {name} is for", hint)
        return None
    fields: dict[str, yaml.Node] = {}
    for key, inner in value.value:
        if str(key.value) not in _FIELDS:
            hint = did_you_mean(str(key.value), _FIELDS) or f"It has: {', '.join(_FIELDS)}."
            problems.add(_place(file, key), f"a label has no {str(key.value)!r}", hint)
        else:
            fields[str(key.value)] = inner
    return LabelTerms(
        name=name,
        valid_for=_types(file, fields.get("valid_for"), problems),
        connotation=_connotation(file, fields.get("connotation"), problems),
        description=_text(fields.get("description")),
    )


def _types(file: str, node: yaml.Node | None, problems: ProblemList) -> tuple[str, ...]:
    if node is None:
        return ()
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(item, yaml.ScalarNode) for item in items):
        problems.add(_place(file, node), "valid_for is a list of entity types")
        return ()
    return tuple(str(item.value) for item in items)


def _connotation(file: str, node: yaml.Node | None, problems: ProblemList) -> Connotation:
    if node is None:
        return "neutral"
    known = get_args(Connotation)
    word = _text(node)
    found: Connotation | None = next((each for each in known if each == word), None)
    if found is None:
        hint = did_you_mean(word, known) or f"It is {', '.join(known)}."
        problems.add(_place(file, node), f"unknown connotation {word!r}", hint)
    return found or "neutral"


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _place(file: str, node: yaml.Node) -> Place:
    start, end = node.start_mark, node.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return Place(file, start.line + 1, start.column + 1, max(1, width))
