"""Lists and lexicons as people write them.

Flows in: the text of a file. Flows out: a NamedList (one entry a line) or a Lexicon (YAML: terms
and the policies they break), or an error that names the line. The formats are described in
docs/reference/policies.md and at the head of every file in packs/*/lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from fieldfare.kernel import BadInput, did_you_mean, digest
from fieldfare.kernel.yaml_trouble import yaml_trouble
from fieldfare.matching.alignment import Match
from fieldfare.matching.lexicon import Entry, Lexicon, TermDoesNotFold, letters_of
from fieldfare.matching.normalise import fold

MAX_ENTRY: Final = 500
"""Code points of one entry or term."""

_HEAD: Final = ("policy", "match", "terms")
_TERM: Final = ("term", "policy", "match")


class ListDoesNotRead(BadInput):
    """A list or lexicon has a mistake. `line` counts from 1."""

    slug = "list-does-not-read"

    def __init__(self, name: str, line: int, problem: str, *, hint: str = "") -> None:
        super().__init__(f"{name} line {line}: {problem}", hint=hint)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """A set of words, addresses or handles that rules ask for by name. Entries are folded."""

    name: str
    entries: frozenset[str]

    @property
    def hash(self) -> str:
        return digest([self.name, sorted(self.entries)])

    def __contains__(self, text: object) -> bool:
        """Whether a text is on the list, whatever its case and invisible characters."""
        return isinstance(text, str) and fold(text).strip() in self.entries


def parse_list(name: str, text: str) -> NamedList:
    """Read one entry a line; `# ` begins a comment line. Raises ListDoesNotRead."""
    entries = set()
    for number, line in enumerate(text.splitlines(), start=1):
        entry = fold(line).strip()
        if line.lstrip().startswith("# ") or line.strip() in ("", "#"):
            continue
        if not entry:
            raise ListDoesNotRead(name, number, "has invisible characters only.")
        if len(entry) > MAX_ENTRY:
            raise ListDoesNotRead(name, number, f"is longer than {MAX_ENTRY} characters.")
        entries.add(entry)
    return NamedList(name=name, entries=frozenset(entries))


def parse_lexicon(name: str, text: str) -> Lexicon:
    """Read a lexicon in YAML: `policy` and `match` for all its `terms`, or of single ones.

    Raises ListDoesNotRead.
    """
    root = _compose(name, text)
    if root is None:
        return Lexicon(name=name, entries={})
    head = _fields(name, root, _HEAD)
    default = Entry(policy=_scalar(name, head.get("policy")), match=_match(name, head.get("match")))
    terms = head.get("terms")
    entries: dict[str, Entry] = {}
    seen: dict[str, str] = {}
    for node in _items(name, terms):
        term, entry = _term(name, node, default)
        letters = _letters(name, node, term)
        if letters in seen:
            problem = f"{term!r} is the same as {seen[letters]!r} above."
            raise ListDoesNotRead(name, _line(node), problem)
        seen[letters] = term
        entries[term] = entry
    return Lexicon(name=name, entries=entries)


def _compose(name: str, text: str) -> yaml.Node | None:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found = yaml_trouble(error, text)
        raise ListDoesNotRead(name, found.line, f"{found.why}.") from error
    return root


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


def _fields(name: str, node: yaml.Node, known: tuple[str, ...]) -> Mapping[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        hint = f"Write {', '.join(f'{field}:' for field in known)}."
        raise ListDoesNotRead(name, _line(node), "fields are missing.", hint=hint)
    fields: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if key.value not in known:
            hint = did_you_mean(str(key.value), known) or f"Known are {', '.join(known)}."
            raise ListDoesNotRead(name, _line(key), f"unknown field {key.value!r}.", hint=hint)
        fields[key.value] = value
    return fields


def _items(name: str, terms: yaml.Node | None) -> list[yaml.Node]:
    if isinstance(terms, yaml.SequenceNode):
        return list(terms.value)
    if terms is None or (isinstance(terms, yaml.ScalarNode) and not terms.value):
        return []
    hint = "Write one term a line, each after a dash."
    raise ListDoesNotRead(name, _line(terms), "terms is not a list.", hint=hint)


def _term(name: str, node: yaml.Node, default: Entry) -> tuple[str, Entry]:
    if isinstance(node, yaml.ScalarNode):
        term, entry = _scalar(name, node), default
    else:
        fields = _fields(name, node, _TERM)
        term = _scalar(name, fields.get("term"))
        policy = _scalar(name, fields.get("policy")) or default.policy
        match = _match(name, fields["match"]) if "match" in fields else default.match
        entry = Entry(policy=policy, match=match)
    if not entry.policy:
        hint = "Write policy: at the head of the file or of the term."
        raise ListDoesNotRead(name, _line(node), f"{term!r} has no policy.", hint=hint)
    return term, entry


def _letters(name: str, node: yaml.Node, term: str) -> str:
    if len(term) > MAX_ENTRY:
        raise ListDoesNotRead(name, _line(node), f"is longer than {MAX_ENTRY} characters.")
    try:
        return letters_of(term)
    except TermDoesNotFold as error:
        raise ListDoesNotRead(name, _line(node), error.message, hint=error.hint) from error


def _scalar(name: str, node: yaml.Node | None) -> str:
    """Give a scalar as it was written: `no` and `123` are terms like any other."""
    if node is None:
        return ""
    if not isinstance(node, yaml.ScalarNode):
        raise ListDoesNotRead(name, _line(node), "one word or phrase is expected here.")
    return str(node.value)


def _match(name: str, node: yaml.Node | None) -> Match:
    if node is None:
        return Match.WORD
    word = _scalar(name, node)
    if word not in Match.__members__.values():
        hint = did_you_mean(word, map(str, Match)) or f"Known are {', '.join(Match)}."
        raise ListDoesNotRead(name, _line(node), f"{word!r} is no way to match.", hint=hint)
    return Match(word)
