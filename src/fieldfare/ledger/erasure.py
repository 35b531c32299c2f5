"""Erasure: a person is forgotten, and the log says that it happened.

The person's data key and payloads are destroyed, the host id gives way to a pseudonym in the
projections, and `account.erased` goes onto the log in the same transaction. What other people said
stays theirs. The person's media are the caller's to delete afterwards (`Blobs.delete_person`);
without the key they cannot be read in any case.
"""

from dataclasses import dataclass
from typing import Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.ledger.keys import ERASED, Vault
from fieldfare.ledger.repositories import DataKeys, Projections
from fieldfare.ledger.verify import ACCOUNT_ERASED
from fieldfare.records import Log, NewEvent, Subject


class ErasureUnit(Protocol):
    """The part of a unit of work that erasing needs."""

    @property
    def log(self) -> Log: ...
    @property
    def data_keys(self) -> DataKeys: ...
    @property
    def projections(self) -> Projections: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did. event_id: of account.erased; rows: changed in the projections."""

    event_id: EventId
    payloads: int
    rows: int


def erase(
    unit: ErasureUnit,
    vault: Vault,
    org: Org,
    person: Subject,
    /,
    *,
    causes: tuple[EventId, ...] = (),
) -> Erased:
    """Forget a person inside the open transaction. Repeating it does no harm.

    causes: the request on the log, if there is one. The event names the person by pseudonym alone,
    in its payload as well.
    """
    pseudonym = vault.pseudonym(org, person)
    # The payloads lead to what the projections hold of the person, so they go last.
    rows = unit.projections.forget(org, person, pseudonym)
    payloads = unit.data_keys.destroy(org, pseudonym)
    event = unit.log.append(
        org,
        NewEvent(
            kind=ACCOUNT_ERASED,
            subject=Subject(ERASED, pseudonym),
            data={"payloads": payloads, "rows": rows},
            causes=causes,
        ),
    )
    return Erased(event_id=event.id, payloads=payloads, rows=rows)
