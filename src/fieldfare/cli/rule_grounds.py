"""What a folder of rules is checked against: an installation's pack, lists and banks, or a pack's.

In flow the home and the pack a person names, or neither; out flow the words rules may name and the
entries of the lists. The server checks a draft against the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldfare.engine.in_force import vocabulary
from fieldfare.engine.settings import load_settings
from fieldfare.installation import has_installation, in_force_alone, pack_files
from fieldfare.kernel import NotFound
from fieldfare.matching.lists import parse_list
from fieldfare.policies import load_pack
from fieldfare.rules import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Words and lists (name -> entries) to check by. whose: of what, for people."""

    words: Vocabulary
    lists: Mapping[str, frozenset[str]]
    whose: str


def grounds(home: Path | None, pack: str | None) -> Grounds:
    """Give those of the installation, if there is one and no pack is named, else of the pack.

    Raises NotFound where a home is named and holds no installation.
    """
    settings = load_settings(home)
    if pack is None and has_installation(settings):
        in_force = in_force_alone(settings)
        whose = f"the installation in {settings.home}"
        return Grounds(words=in_force.words, lists=in_force.lists, whose=whose)
    if pack is None and home is not None:
        hint = "Run `fieldfare init` first, or leave out --home."
        raise NotFound(f"there is no installation in {home}", hint=hint)
    name = pack or settings.pack
    files = pack_files(name)
    lists = {each: parse_list(each, text).entries for each, text in files.lists.items()}
    words = vocabulary(load_pack(files.policies["policies.yaml"]), frozenset(lists))
    return Grounds(words=words, lists=lists, whose=f"the pack {name}")
