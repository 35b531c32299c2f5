"""Versions of the rules for whoever has a store: look, check outside, write inside.

In flow what a person asks of a version; out flow what became of it. Compiling and testing happen
on the caller's thread over a read, so that the writer is held up by a few rows alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fieldfare.engine.compiling import Compiler
from fieldfare.engine.rule_checks import Checked, Checks
from fieldfare.engine.rule_moves import (
    Override,
    Proposal,
    Rollback,
    files_of,
    move,
    override,
    propose,
    roll_back,
    way_back,
)
from fieldfare.engine.rule_tests import CaseReport
from fieldfare.engine.rule_versions import RuleVersion, find_version
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import FieldfareError, Org
from fieldfare.kernel.ids import LAST_ID
from fieldfare.rules import RuleSet
from fieldfare.rules.lifecycle import RUNNING, Move, Standing, VersionState, Wanted, standings


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version and where it stands, for lists."""

    version: RuleVersion
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSheet:
    """All there is to know of one version.

    moves: its own, oldest first. tests: what they say under the pack and lists of today; None where
    it does not compile any more, and then `problem` says why.
    """

    row: VersionRow
    files: Mapping[str, str]
    moves: tuple[Move, ...]
    tests: CaseReport | None
    problem: str = ""


class Versioning:
    """Lists, proposes and moves the versions of organisations' rules."""

    def __init__(self, store: Store, compiler: Compiler) -> None:
        self._store = store
        self._checks = Checks(compiler)

    def all(self, org: Org) -> Sequence[VersionRow]:
        """Give every version and where it stands, the newest first."""
        return self._store.read(lambda uow: _rows(uow, org))[::-1]

    def find(self, org: Org, name: str) -> VersionRow:
        """Find a version by hash, beginning of a hash or number. Raises NotFound."""
        return self._store.read(lambda uow: _find(uow, org, name))

    def sheet(self, org: Org, name: str) -> VersionSheet:
        """Give one version whole, with what its tests say under what is in force.

        Raises NotFound.
        """
        row, files, moves = self._store.read(lambda uow: _read(uow, org, name))
        tests, problem = self._tests(org, files)
        return VersionSheet(row=row, files=files, moves=moves, tests=tests, problem=problem)

    def files(self, org: Org, name: str) -> dict[str, str]:
        """Give the files of a version. Raises NotFound."""
        return self._store.read(lambda uow: files_of(uow, org, _find(uow, org, name).version.hash))

    def problems(self, org: Org, rows: Iterable[VersionRow]) -> Mapping[str, str]:
        """Say by hash why versions do not compile under what is in force; sound ones are left out.

        Compiles those that were not asked about before: some 30 ms each.
        """
        around = self._store.read(lambda uow: self._checks.surroundings(uow, org))
        found = {
            row.version.hash: self._checks.problem(
                around, row.version.hash, partial(self.files, org, row.version.hash)
            )
            for row in rows
        }
        return {version: problem for version, problem in found.items() if problem}

    def propose(self, org: Org, files: Mapping[str, str], proposal: Proposal) -> RuleVersion:
        """Keep a folder as a draft. Raises RuleSetDoesNotCompile, Conflict if it is there."""
        made = self._checked(org, files)
        return self._store.write(lambda uow: propose(uow, org, made, proposal))

    def move(
        self,
        org: Org,
        name: str,
        to: VersionState,
        *,
        by: str,
        share: int = 0,
        note: str = "",
        etag: str | None = None,
    ) -> Move:
        """Move a version, unless it stands elsewhere than the caller saw (`etag`)."""
        version = self.find(org, name).version
        runs = to in RUNNING
        made = self._checked(org, self.files(org, version.hash)) if runs else None
        wanted = Wanted(
            hash=version.hash, to=to, by=by, author=version.author, share=share, etag=etag
        )
        return self._store.write(lambda uow: move(uow, org, wanted, made, note=note))

    def roll_back(self, org: Org, live: str, *, by: str, note: str = "") -> Rollback:
        """Put the version live again that was live before `live`, and take a rollout back.

        Raises Conflict where there is neither, and if another version is live by now.
        """
        now = self.find(org, live).version.hash
        before = self._store.read(lambda uow: way_back(uow, org)).before
        made = None
        if before:
            around = self._store.read(lambda uow: self._checks.surroundings(uow, org))
            made = self._checks.compiled(around, self.files(org, before))
        return self._store.write(lambda uow: roll_back(uow, org, made, live=now, by=by, note=note))

    def override(
        self, org: Org, files: Mapping[str, str], *, by: str, note: str = ""
    ) -> tuple[Override, RuleSet]:
        """Put a folder live past review, on the record, and take a rollout back."""
        made = self._checked(org, files)
        put = self._store.write(lambda uow: override(uow, org, made, by=by, note=note))
        return put, made.rules

    def _checked(self, org: Org, files: Mapping[str, str]) -> Checked:
        around = self._store.read(lambda uow: self._checks.surroundings(uow, org))
        return self._checks.checked(around, files)

    def _tests(self, org: Org, files: Mapping[str, str]) -> tuple[CaseReport | None, str]:
        try:
            return self._checked(org, files).tests, ""
        except FieldfareError as error:
            return None, str(error)


def _read(
    uow: UnitOfWork, org: Org, name: str
) -> tuple[VersionRow, dict[str, str], tuple[Move, ...]]:
    row = _find(uow, org, name)
    content = row.version.hash
    moves = uow.rule_versions.moves(org, as_of=LAST_ID)
    mine = tuple(each for each in moves if each.hash == content)
    return row, files_of(uow, org, content), mine


def _rows(uow: UnitOfWork, org: Org) -> list[VersionRow]:
    stands = standings(uow.rule_versions.moves(org, as_of=LAST_ID))
    return [
        VersionRow(version=version, standing=stands[version.hash])
        for version in uow.rule_versions.all(org)
    ]


def _find(uow: UnitOfWork, org: Org, name: str) -> VersionRow:
    version = find_version(uow.rule_versions.all(org), name)
    stands = standings(uow.rule_versions.moves(org, as_of=LAST_ID))
    return VersionRow(version=version, standing=stands[version.hash])
