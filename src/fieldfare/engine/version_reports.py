"""What a version did beside another, over the time it ran.

In flow which hits are meant; out flow a report that knows how long of its period the version ran,
so that what would come in a day is not spread over days on which it did not run.
"""

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Org
from fieldfare.kernel.ids import LAST_ID
from fieldfare.metrics.rule_hits import HitReport, HitsOf, report_hits
from fieldfare.rules.lifecycle import ran_ms


def report_version(  # what is known of the version besides its hits
    uow: UnitOfWork, org: Org, of: HitsOf, *, against: str, now_ms: int, problem: str = ""
) -> HitReport:
    """Report on the version named in `of`; against: hash of another, "" for none.

    problem: why it does not run although it was moved to where it should, "" if it does.
    """
    ran = ran_ms(
        uow.rule_versions.moves(org, as_of=LAST_ID),
        of.rule_set,
        from_ms=of.from_ms,
        to_ms=max(of.from_ms, min(of.to_ms, now_ms)),
    )
    return report_hits(uow, org, of, against=against, ran_ms=ran, problem=problem)
