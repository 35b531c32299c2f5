"""The comparison of the tables with the log runs on every backend."""

from fieldfare.kernel import Org
from fieldfare.records import NewEvent, Subject
from fieldfare.storage import SqlStore

MAIN = Org("main")


def test_a_post_and_a_decision_without_their_rows_are_told(store: SqlStore) -> None:
    for kind in ("item.posted", "decision.made"):
        new = NewEvent(kind=kind, subject=Subject("comment", "c1"), data={})
        store.write(lambda uow, new=new: uow.log.append(MAIN, new).id)  # type: ignore[misc]

    found = store.read(lambda uow: uow.agreement.check(MAIN))

    assert len(found.problems) == 2
    assert all("missing in the index" in problem for problem in found.problems)
