"""What rules are checked under, as it is now: pack, lists that can be read, names of banks.

In flows what is stored; out flow the words rules may name. The rules in force are not asked: they
may be what is to be mended.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldfare.engine.compiling import Compiler
from fieldfare.engine.in_force import POLICIES, vocabulary
from fieldfare.engine.readable_lists import readable_lists
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import NotFound, Org
from fieldfare.kernel.ids import LAST_ID
from fieldfare.matching.repositories import NAMED_LIST
from fieldfare.policies import PolicyPack
from fieldfare.rules import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The pack in force, entries by name of the lists that can be read, the names of banks.

    stored: the names of all lists, those that nothing can read included.
    """

    pack: PolicyPack
    lists: Mapping[str, frozenset[str]]
    stored: frozenset[str]
    banks: frozenset[str]

    @property
    def words(self) -> Vocabulary:
        """Say what rules may name: what the evaluator will find when it takes them up."""
        return vocabulary(self.pack, frozenset(self.lists), self.banks)


def surroundings(uow: UnitOfWork, org: Org, compiler: Compiler) -> Surroundings:
    """Read what is in force now. Raises NotFound without a pack."""
    stored = uow.versions.in_force(org, POLICIES, as_of=LAST_ID)
    if stored is None:
        hint = "Run `fieldfare init` for it."
        raise NotFound(f"organisation {org!r} has no policy pack", hint=hint)
    records = uow.lists.current(org, as_of=LAST_ID)
    return Surroundings(
        pack=compiler.pack(stored.files["policies.yaml"]),
        lists=readable_lists(uow, org, records, compiler).named,
        stored=frozenset(record.name for record in records if record.kind == NAMED_LIST),
        banks=frozenset(bank.name for bank in uow.banks.banks(org)),
    )


def are_those_of_today(uow: UnitOfWork, org: Org, pack: str, stored: frozenset[str]) -> bool:
    """Tell whether the pack (a hash) and the lists (their names) are the same as at a check.

    No list is read for it, because the one writer waits: one that could be read then can be still.
    """
    now = uow.versions.in_force(org, POLICIES, as_of=LAST_ID)
    records = uow.lists.current(org, as_of=LAST_ID)
    names = frozenset(record.name for record in records if record.kind == NAMED_LIST)
    return now is not None and now.hash == pack and names == stored
