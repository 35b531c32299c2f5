"""What a rule set says of itself: `ruleset.yaml`, read from its text, every mistake with its line.

In: the files of a rule set. Out: its name, its description and the null semantics it was written
for; a key that is misspelt is refused, since a semantics that silently does not apply changes
which rules fire.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

import yaml

from fieldfare.kernel import did_you_mean
from fieldfare.kernel.yaml_trouble import yaml_trouble
from fieldfare.rules.label_terms import SECTION, LabelTerms, read_label_terms
from fieldfare.rules.problems import Place, ProblemList

Semantics: TypeAlias = Literal["safe", "osprey"]
"""How a missing value behaves: `safe`, Unknown satisfies nothing; `osprey`, exactly as there."""

MANIFEST: Final = "ruleset.yaml"
_KEYS: Final = ("name", "description", "semantics", "labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A rule set's word on itself. name, description: for people, may be empty.

    labels: those its rules may name, from here or `config/labels.yaml`.
    """

    name: str = ""
    description: str = ""
    semantics: Semantics = "safe"
    labels: Mapping[str, LabelTerms] = field(default_factory=dict)


def read_manifest(
    sources: Mapping[str, str], problems: ProblemList, *, semantics: Semantics | None = None
) -> Manifest:
    """Read the manifest among the files; without one, the rule set is `safe`.

    semantics: what holds where the manifest says nothing of it.
    """
    said: dict[str, str] = {}
    if MANIFEST in sources:
        said = dict(_entries(sources[MANIFEST], problems))
    wanted = said.get("semantics", semantics or "safe")
    return Manifest(
        name=said.get("name", ""),
        description=said.get("description", ""),
        semantics="osprey" if wanted == "osprey" else "safe",
        labels=read_label_terms(sources, problems),
    )


def _entries(text: str, problems: ProblemList) -> Iterator[tuple[str, str]]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        found = yaml_trouble(e, text)
        place = Place(MANIFEST, found.line, found.column)
        problems.add(place, f"the manifest cannot be read: {found.why}")
        return
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        problems.add(_place(root), "a manifest is keys with values", "Write `semantics: safe`.")
        return
    seen: set[str] = set()
    for key, value in root.value:
        if entry := _entry(key, value, seen, problems):
            seen.add(entry[0])
            yield entry


def _entry(
    key: yaml.Node, value: yaml.Node, seen: set[str], problems: ProblemList
) -> tuple[str, str] | None:
    name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
    if name not in _KEYS:
        hint = did_you_mean(name, _KEYS) or f"It has: {', '.join(_KEYS)}."
        problems.add(_place(key), f"a manifest has no key {name!r}", hint)
    elif name == SECTION:
        return None  # read with the labels of the configuration
    elif name in seen:
        problems.add(_place(key), f"{name} is given twice")
    elif not isinstance(value, yaml.ScalarNode):
        problems.add(_place(value), f"{name} is a text")
    elif name == "semantics" and value.value not in get_args(Semantics):
        kinds = get_args(Semantics)
        hint = did_you_mean(str(value.value), kinds) or f"It is {' or '.join(kinds)}."
        problems.add(_place(value), f"unknown semantics {value.value!r}", hint)
    else:
        return name, str(value.value)
    return None


def _place(node: yaml.Node) -> Place:
    start, end = node.start_mark, node.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return Place(MANIFEST, start.line + 1, start.column + 1, max(1, width))
