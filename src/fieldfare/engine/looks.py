"""Looks: that a person was shown an item's words and facts is itself written on the log.

In flow an item and the pseudonym of who looks; out flows one `item.looked_at` event a page. Clear
media are another matter: they need a reveal, which leaves a record of its own.
"""

from typing import Final

from fieldfare.access import Principal, PrincipalKind
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import Org
from fieldfare.records import NewEvent, Subject

LOOKED_AT: Final = "item.looked_at"


def looked_at(uow: UnitOfWork, org: Org, subject: Subject, *, by: str) -> None:
    """Write that somebody looked at an item; nothing if there is no such item."""
    item = uow.items.current(org, subject)
    if item is None:
        return
    post = uow.log.get(org, item.event_id)
    is_erased = post is None or post.data is None
    event = NewEvent(
        kind=LOOKED_AT,
        subject=subject,
        # Under an erased person's name a new data key would begin.
        person=None if is_erased else item.author,
        data={"by": by},
        causes=(item.event_id,),
    )
    uow.log.append(org, event)


def looked_in_person(store: Store, who: Principal, subject: Subject) -> None:
    """Record a look of a person who reads through the API; a host's program reads as it goes."""
    if who.kind is PrincipalKind.PERSON:
        store.write(lambda uow: looked_at(uow, who.org, subject, by=who.pseudonym))
