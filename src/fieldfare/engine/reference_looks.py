"""Looks at the clear stills of an entry: on the log and counted as exposure, like any other."""

from typing import Final

from fieldfare.engine.administration import note
from fieldfare.engine.banks import BANK
from fieldfare.engine.unit import UnitOfWork
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.records import Exposure, Subject
from fieldfare.review import MEDIA_REVEALED

REFERENCE: Final = "reference"


def looked_clearly(
    uow: UnitOfWork, bank: BankRecord, entry: BankEntryRecord, *, by: str
) -> Exposure:
    """Record that somebody sees an entry's stills clearly. The entry stands for the case."""
    data = {"reviewer": by, "entry": str(entry.id), "policy": bank.policy, "what": REFERENCE}
    event_id = note(uow, bank.org, MEDIA_REVEALED, Subject(BANK, bank.name), data=data, by=by)
    event = uow.log.get(bank.org, event_id)
    exposure = Exposure(
        org=bank.org,
        id=event_id,
        reviewer=by,
        case_id=entry.id,
        version="",
        policy=bank.policy,
        what=REFERENCE,
        at=event.at if event else 0,
    )
    uow.exposures.add(exposure)
    return exposure
