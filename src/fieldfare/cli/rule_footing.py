"""What a folder of rules is checked against: an installation's pack, lists and banks, or a pack's.

In flow the home and the pack a person names, or neither; out flow the words rules may name and the
entries of the lists. The server checks a draft against the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fieldfare.engine.in_force import vocabulary
from fieldfare.engine.settings import load_settings
from fieldfare.installation import has_installation, pack_files, surroundings_of
from fieldfare.kernel import FieldfareError, NotFound
from fieldfare.matching.lists import parse_list
from fieldfare.policies import load_pack
from fieldfare.rules import Vocabulary

_WITHOUT_IT: Final = "Or check by a pack alone: --pack default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """Words and lists (name -> entries) to check by. whose: of what, for people."""

    words: Vocabulary
    lists: Mapping[str, frozenset[str]]
    whose: str


def footing(home: Path | None, pack: str | None) -> Footing:
    """Give those of the installation, if there is one and no pack is named, else of the pack.

    Raises NotFound where a home is named and holds no installation, and what keeps it from being
    read, with the way to do without it.
    """
    settings = load_settings(home)
    if pack is None and has_installation(settings):
        try:
            around = surroundings_of(settings)
        except FieldfareError as error:
            error.hint = f"{error.hint} {_WITHOUT_IT}".lstrip()
            raise
        whose = f"the installation in {settings.home}"
        return Footing(words=around.words, lists=around.lists, whose=whose)
    if pack is None and home is not None:
        hint = "Run `fieldfare init` first, or leave out --home."
        raise NotFound(f"there is no installation in {home}", hint=hint)
    name = pack or settings.pack
    files = pack_files(name)
    lists = {each: parse_list(each, text).entries for each, text in files.lists.items()}
    words = vocabulary(load_pack(files.policies["policies.yaml"]), frozenset(lists))
    return Footing(words=words, lists=lists, whose=f"the pack {name}")
