"""What an operator changes: refused as a whole, or in force from its place on the log."""

import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import pytest

from fieldfare.engine.administration import activate_rules, put_list
from fieldfare.engine.banks import add_to_bank, put_bank
from fieldfare.engine.shelf import Shelf
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import EventId, FieldfareError, Unavailable
from fieldfare.matching.fingerprints import Fingerprint, FrameTable
from fieldfare.matching.repositories import BankRecord
from fieldfare.media import SandboxReport
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_comment, reopened

T = TypeVar("T")
MORE_WORDS = "policy: HS.SLUR\nterms: [quimsa]\n"
READS_A_LIST = """
Text: str = JsonData(path='$.item.text')
Listed = Rule(when_all=[InList(list='odd', value=Text)], description='listed')
WhenRules(rules_any=[Listed], then=[Hold(policy='HS.SLUR')])
"""


def import_list(community: Community, name: str, text: str, *, lexicon: bool) -> EventId:
    return community.platform.store.write(
        lambda uow: put_list(uow, community.org, name, text, lexicon=lexicon, by="test")
    )


def names(community: Community) -> dict[str, str]:
    found = community.platform.store.read(
        lambda uow: uow.lists.current(community.org, as_of=EventId(2**63 - 1))
    )
    return {each.name: each.kind for each in found}


def test_a_lexicon_of_a_policy_nobody_has_is_refused_and_nothing_changes(
    community: Community,
) -> None:
    before = names(community)

    with pytest.raises(FieldfareError, match=r"NO\.SUCH"):
        import_list(community, "odd", "policy: NO.SUCH\nterms: [sarno]\n", lexicon=True)

    assert names(community) == before
    community.platform.close()
    with reopened(community.platform.settings, community.clock) as platform:
        assert platform.pack(community.org).policies


def test_a_lexicon_does_not_take_the_name_of_a_list_that_rules_read(community: Community) -> None:
    import_list(community, "odd", "sarno\n", lexicon=False)
    platform, org = community.platform, community.org
    files = {"main.sml": READS_A_LIST}
    platform.store.write(lambda uow: activate_rules(uow, org, files, platform.pack(org), by="test"))
    community.settle()

    with pytest.raises(FieldfareError, match="odd"):
        import_list(community, "odd", MORE_WORDS, lexicon=True)

    assert community.posted(a_comment("sarno")).judgement.action == "hold"


def test_after_a_restart_an_older_event_is_judged_by_what_was_in_force_then(
    community: Community,
) -> None:
    community.post(a_comment("quimsa", host_id="before"))
    import_list(community, "more", MORE_WORDS, lexicon=True)
    community.post(a_comment("quimsa", host_id="after"))
    community.platform.close()

    with reopened(community.platform.settings, community.clock) as platform:
        later = Community(platform, community.clock)
        later.settle()

        assert later.may_see("comment", "before").reason == "allow"
        assert later.may_see("comment", "after").reason == "hold"


def test_what_a_deleted_account_made_stays_hidden_after_a_restart(community: Community) -> None:
    community.posted(a_comment())
    community.send({"kind": "account.deleted", "key": "gone", "actor": "ana"})
    before = community.may_see("comment", "c1").reason
    community.platform.close()

    with reopened(community.platform.settings, community.clock) as platform:
        after = Community(platform, community.clock)
        platform.confirm_watermark()

        assert (before, after.may_see("comment", "c1").reason) == ("account_deleted",) * 2


class Interrupted:
    """A store during whose first read something else happens, once it has read."""

    def __init__(self, store: Store, happens: Callable[[], None]) -> None:
        self.store = store
        self.happens = [happens]

    def read(self, work: Callable[[UnitOfWork], T], /) -> T:
        found = self.store.read(work)
        if self.happens:
            self.happens.pop()()
        return found


def test_banks_that_came_while_they_were_read_are_there_the_next_time(
    community: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, org = community.platform, community.org
    clip = write_clip(tmp_path / "clip.webm", Clip(codec="vp9")).read_bytes()
    known = platform.known_file("clip", BytesIO(clip))
    record = BankRecord(org=org, name="known", policy="VE.TERROR", vetted=True)
    shelf = Shelf(platform.store, tmp_path / "index")
    platform.store.subscribe(shelf.observe)
    asked = Fingerprint(sha256=known.sha256, frames=FrameTable.empty())

    def the_bank_comes() -> None:
        platform.store.write(lambda uow: put_bank(uow, record, platform.pack(org), by="test"))
        platform.store.write(lambda uow: add_to_bank(uow, org, "known", [known], by="test"))

    monkeypatch.setattr(shelf, "_store", Interrupted(platform.store, the_bank_comes))
    shelf.known(org)
    (match,) = shelf.known(org).match(asked)
    shelf.close()

    assert match.bank == "known"


@pytest.mark.parametrize(
    ("thread", "part"), [("scanner-0", "scanner"), ("evaluator", "evaluator"), ("carrier",) * 2]
)
def test_a_part_whose_thread_ended_is_not_well_and_no_other(
    community: Community, thread: str, part: str
) -> None:
    platform = community.platform
    ended = threading.Thread(target=lambda: None, name=f"fieldfare-{thread}")
    ended.start()
    ended.join()
    platform._threads.append(ended)

    assert [each.name for each in platform.health().parts if not each.ok] == [part]


def test_a_started_platform_says_on_health_which_walls_are_missing(community: Community) -> None:
    platform = community.platform
    platform.start()
    (asking,) = [each for each in platform._threads if each.name == "fieldfare-walls"]
    asking.join()

    (scanner,) = [part for part in platform.health().parts if part.name == "scanner"]

    assert scanner.ok
    assert scanner.detail["missing"] == [*platform.scanner.report().missing]


def test_a_scanner_that_cannot_start_is_not_well(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> SandboxReport:
        raise Unavailable("the decoding process did not start")

    platform = community.platform
    monkeypatch.setattr(platform.scanner, "report", refuse)
    platform.walls.ask()

    assert [part.name for part in platform.health().parts if not part.ok] == ["scanner"]
