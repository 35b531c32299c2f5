"""Moving versions of the rules: each move an event on the log, in the transaction that keeps it.

In flow a folder of rules and what somebody wants of it; out flow the version, its moves and, when
it goes live, the rule set in force from that event on. What a version needs (it compiles under the
pack and lists of today, its tests pass) is checked before the transaction is open, because the one
writer must not wait for that, and refused if pack or lists changed in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.engine.in_force import RULES
from fieldfare.engine.rule_checks import Checked, Compiled, must_be_of_today
from fieldfare.engine.rule_tests import must_pass
from fieldfare.engine.rule_versions import RuleVersion, find_version
from fieldfare.engine.unit import StoredVersion, UnitOfWork
from fieldfare.kernel import BadInput, Conflict, JsonValue, Org, at_of
from fieldfare.kernel.ids import LAST_ID
from fieldfare.records import NewEvent, Subject
from fieldfare.rules.lifecycle import (
    DECIDING,
    RUNNING,
    Move,
    Step,
    VersionState,
    Wanted,
    going_live,
    in_state,
    lived,
    standings,
    steps,
    taking_back,
)

MOVED: Final = "ruleset.moved"
_S = VersionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What comes with a new version. base: hash of the version it was made from, "": of the live
    one.
    """

    by: str
    note: str = ""
    base: str = ""


def propose(uow: UnitOfWork, org: Org, made: Checked, proposal: Proposal) -> RuleVersion:
    """Keep a version as a draft. Raises Conflict if there is one of the same content."""
    known = uow.rule_versions.all(org)
    stands = standings(uow.rule_versions.moves(org, as_of=LAST_ID))
    same = next((version for version in known if version.hash == made.rules.hash), None)
    if same is not None:
        raise Conflict(
            f"version {same.number} has this content and is {stands[same.hash].state.value}",
            hint=f"Move that one: fieldfare rules move {same.hash[:12]} --to ...",
        )
    base = find_version(known, proposal.base).hash if proposal.base else ""
    if not base:
        base = next((live.hash for live in in_state(stands, _S.LIVE)), "")
    step = Step(hash=made.rules.hash, before=None, to=_S.DRAFT)
    (move,) = write(uow, org, (step,), made.files, by=proposal.by, note=proposal.note)
    version = RuleVersion(
        org=org,
        hash=made.rules.hash,
        number=len(known) + 1,
        author=proposal.by,
        created_at=at_of(move.event_id),
        note=proposal.note,
        base=base,
    )
    uow.rule_versions.put(version, made.files)
    return version


def move(uow: UnitOfWork, org: Org, wanted: Wanted, made: Checked | None, *, note: str) -> Move:
    """Move a version. What runs from then on has to compile, what decides has to pass its tests.

    made: None for a move after which it does not run: what broke can always be taken out.
    Raises what `rules.lifecycle.steps` raises, Conflict if pack or lists changed since the check.
    """
    taken = steps(standings(uow.rule_versions.moves(org, as_of=LAST_ID)), wanted)
    if taken[0].to not in RUNNING:
        return write(uow, org, taken, {}, by=wanted.by, note=note)[0]
    if made is None:
        raise ValueError("a version that is to run was not checked")
    must_be_of_today(uow, org, made)
    if taken[0].to in DECIDING:
        must_pass(made.tests)
    return write(uow, org, taken, made.files, by=wanted.by, note=note)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What a rollback would do. before: hash of what was live before `live`, "" if nothing was.

    rollout: the step that takes back the version that is rolled out, if there is one.
    """

    live: str
    before: str
    rollout: Step | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What a rollback did. move: what it went live again by; without an earlier live version, what
    the rollout was taken back by. taken_back: that of the rollout, None if there was none.
    """

    move: Move
    taken_back: Move | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What was put live past review. taken_back: the move of a rollout that it ended."""

    version: RuleVersion
    taken_back: Move | None


def way_back(uow: UnitOfWork, org: Org) -> WayBack:
    """Say what there is to go back to. Raises Conflict without a live version, and without any."""
    moves = uow.rule_versions.moves(org, as_of=LAST_ID)
    past = lived(moves)
    if not past:
        raise Conflict("no version is live", hint="Put one live first.")
    before = next((version for version in past[::-1] if version != past[-1]), "")
    # As from where it goes: what goes live again may give up a seat in the shadow.
    rollout = next(iter(taking_back(standings(moves), besides=before)), None)
    if not before and rollout is None:
        hint = "There is nothing to go back to."
        raise Conflict("no version was live before, and none is rolled out", hint=hint)
    return WayBack(live=past[-1], before=before, rollout=rollout)


def roll_back(
    uow: UnitOfWork, org: Org, made: Compiled | None, *, live: str, by: str, note: str
) -> Rollback:
    """Put the version live again that was live before `live`, and take a rollout back.

    made: that version; None without one, and then the rollout alone is taken back. Its tests are
    not asked: what decided yesterday may decide again while something is on fire. Raises Conflict
    if another version is live by now, so that two people do not go back two steps.
    """
    way = way_back(uow, org)
    if way.live != live or way.before != (made.rules.hash if made else ""):
        raise Conflict(
            f"version {way.live[:12]} is live, not {live[:12]}",
            hint="Somebody moved it meanwhile. List them: fieldfare rules versions",
            pointer="/live",
        )
    if made is None:
        taken = taking_back(standings(uow.rule_versions.moves(org, as_of=LAST_ID)))
        (move,) = write(uow, org, taken, {}, by=by, note=note or "the rollout was rolled back")
        return Rollback(move=move, taken_back=move)
    must_be_of_today(uow, org, made)
    stands = standings(uow.rule_versions.moves(org, as_of=LAST_ID))
    number = find_version(uow.rule_versions.all(org), live).number
    aside = f"rolled back with version {number}"
    taken = going_live(stands, way.before, back=True)
    written = write(uow, org, taken, made.files, by=by, note=note, aside=aside)
    return Rollback(move=written[0], taken_back=_taken_back(written))


def override(uow: UnitOfWork, org: Org, made: Checked, *, by: str, note: str) -> Override:
    """Put a rule set live past review, on the record; its tests must pass all the same.

    It decides for all authors: a rollout is taken back. What is live already stays so, and nothing
    else is written.
    """
    must_be_of_today(uow, org, made)
    must_pass(made.tests)
    known = uow.rule_versions.all(org)
    stands = standings(uow.rule_versions.moves(org, as_of=LAST_ID))
    live = in_state(stands, _S.LIVE)
    found = next((version for version in known if version.hash == made.rules.hash), None)
    number = found.number if found else len(known) + 1
    aside = f"taken back as version {number} was put live past review"
    if found is not None and live and live[0].hash == found.hash:
        written = write(uow, org, taking_back(stands), {}, by=by, note=aside)
        return Override(version=found, taken_back=_taken_back(written))
    taken = going_live(stands, made.rules.hash, override=True)
    written = write(uow, org, taken, made.files, by=by, note=note, aside=aside)
    version = found or RuleVersion(
        org=org,
        hash=made.rules.hash,
        number=number,
        author=by,
        created_at=at_of(written[0].event_id),
        note=note,
        base=live[0].hash if live else "",
    )
    uow.rule_versions.put(version, made.files)
    return Override(version=version, taken_back=_taken_back(written))


def _taken_back(written: Sequence[Move]) -> Move | None:
    """Find the move that ended a rollout; the version that went live may come from one itself."""
    ended = (move for move in written if move.before is _S.ROLLOUT and move.to is not _S.LIVE)
    return next(ended, None)


def write(
    uow: UnitOfWork,
    org: Org,
    taken: tuple[Step, ...],
    files: Mapping[str, str],
    *,
    by: str,
    note: str,
    aside: str = "",
) -> list[Move]:
    """Put steps on the log and in the table; the later ones follow from the first.

    aside: the note of a rollout that another step takes back.
    """
    written: list[Move] = []
    for step in taken:
        said = aside if written and step.before is _S.ROLLOUT else note
        causes = (written[0].event_id,) if written else ()
        event = NewEvent(
            kind=MOVED,
            subject=Subject("ruleset", step.hash[:12]),
            data=_told(step, by=by, note=said),
            causes=causes,
        )
        event_id = uow.log.append(org, event).id
        made = Move(
            event_id=event_id,
            hash=step.hash,
            before=step.before,
            to=step.to,
            share=step.share,
            by=by,
            note=said,
            override=step.override,
            back=step.back,
        )
        uow.rule_versions.move(org, made)
        if step.to is _S.LIVE:
            uow.versions.put(
                StoredVersion(
                    org=org, kind=RULES, hash=step.hash, files=dict(files), since=event_id
                )
            )
        written.append(made)
    return written


def _told(step: Step, *, by: str, note: str) -> dict[str, JsonValue]:
    return {
        "hash": step.hash,
        "from": step.before.value if step.before else None,
        "to": step.to.value,
        "share": step.share,
        "override": step.override,
        "back": step.back,
        "by": by,
        "note": note,
    }


def files_of(uow: UnitOfWork, org: Org, version: str) -> dict[str, str]:
    """Give the files of a version that is known to be there."""
    files = uow.rule_versions.files(org, version)
    if files is None:
        raise BadInput(f"version {version[:12]} has no files", hint="Run `fieldfare audit verify`.")
    return files
