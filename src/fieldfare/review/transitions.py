"""The states of a case as pure functions: a case and the time flow in, the next case flows out.

ready -> leased -> decided | cancelled | superseded. A lapsed lease is as good as none, a decided
case can be taken back for a moment by the one who decided it, and nothing else leads backwards.
"""

import hashlib
import hmac
import secrets
from dataclasses import replace
from typing import Final

from fieldfare.kernel import Conflict
from fieldfare.records import Case, CaseState, Lease

LANES_FIRST: Final = 0
OPEN_STATES: Final = frozenset({CaseState.READY, CaseState.LEASED})


class CaseNotLeased(Conflict):
    """The caller does not hold the case: the lease lapsed, is another's, or the case is closed."""

    slug = "case-not-leased"


class UndoTooLate(Conflict):
    """The decision can no longer be taken back by its maker."""

    slug = "undo-too-late"


def draw_token() -> tuple[str, str]:
    """Draw a lease token of 128 random bits: what the holder keeps, and the digest we store."""
    token = secrets.token_hex(16)
    return token, token_digest(token)


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def lease_of(reviewer: str, digest: str, *, now_ms: int, lease_ms: int) -> Lease:
    """Make a lease that ends `lease_ms` from now."""
    return Lease(
        reviewer=reviewer, token_sha256=digest, granted_at=now_ms, expires_at=now_ms + lease_ms
    )


def is_held(case: Case, reviewer: str, *, now_ms: int) -> bool:
    """Say whether this person holds a live lease on the case."""
    lease = case.lease
    if case.state is not CaseState.LEASED or lease is None:
        return False
    return lease.reviewer == reviewer and now_ms < lease.expires_at


def must_hold(case: Case, reviewer: str, token: str, *, now_ms: int) -> Lease:
    """Give the live lease this person holds under this token. Raises CaseNotLeased."""
    lease = case.lease
    if case.state is not CaseState.LEASED or lease is None:
        raise CaseNotLeased(f"Case {case.id} is {case.state.value}, not yours.", hint=_TAKE_NEXT)
    fits = hmac.compare_digest(lease.token_sha256, token_digest(token))
    if not fits or lease.reviewer != reviewer:
        raise CaseNotLeased(f"Case {case.id} is held by somebody else now.", hint=_TAKE_NEXT)
    if now_ms >= lease.expires_at:
        raise CaseNotLeased(f"The lease on case {case.id} has lapsed.", hint=_TAKE_NEXT)
    return lease


def extended(case: Case, lease: Lease, *, now_ms: int, lease_ms: int) -> Case:
    """Let the lease end `lease_ms` from now, and never sooner than it did."""
    ends = max(lease.expires_at, now_ms + lease_ms)
    return replace(case, lease=replace(lease, expires_at=ends))


def put_back(case: Case) -> Case:
    """Make a leased case ready for anybody."""
    return replace(case, state=CaseState.READY, lease=None)


def skipped(case: Case, reviewer: str) -> Case:
    """Put the case back for anybody but this person."""
    return replace(put_back(case), excluded=case.excluded | {reviewer})


def escalated(case: Case, reviewer: str, *, queue: str) -> Case:
    """Put the case first in a queue of people who know more, without the one who passed it on."""
    return replace(skipped(case, reviewer), queue=queue, lane=LANES_FIRST)


def decided(case: Case, outcome: str, *, now_ms: int) -> Case:
    """Close the case. Its lease stays on it and says who decided."""
    return replace(case, state=CaseState.DECIDED, outcome=outcome, closed_at=now_ms)


def taken_back(case: Case, lease: Lease, *, now_ms: int, undo_ms: int) -> Case:
    """Give a decided case back to the one who decided it, under a new lease. Raises UndoTooLate."""
    if case.state is not CaseState.DECIDED or case.lease is None or case.closed_at is None:
        raise UndoTooLate(f"Case {case.id} is {case.state.value}; there is nothing to take back.")
    if case.lease.reviewer != lease.reviewer:
        raise UndoTooLate(f"Case {case.id} was decided by somebody else.")
    if now_ms >= case.closed_at + undo_ms:
        raise UndoTooLate(
            f"Case {case.id} was decided more than {undo_ms // 1000} s ago.",
            hint="Its effects are on their way; ask for a second look instead.",
        )
    return replace(case, state=CaseState.LEASED, lease=lease, closed_at=None, outcome="")


def ended(case: Case, state: CaseState, *, now_ms: int, outcome: str) -> Case:
    """Close an open case without a verdict: cancelled (nothing to ask) or superseded (changed).

    A closed case stays as it is.
    """
    if case.state not in OPEN_STATES:
        return case
    return replace(case, state=state, lease=None, closed_at=now_ms, outcome=outcome)


_TAKE_NEXT: Final = "Nothing was changed. Keep your note and take the next case."
