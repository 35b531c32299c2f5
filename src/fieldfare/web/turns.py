"""Turns: work that takes a core for as long as somebody's draft or question is big.

In flow calls, out flows what they give; where too many are at work already the next one is told to
come again, so that such work never takes every thread that answers requests.
"""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from fieldfare.kernel import Overloaded

MOST: Final = 8
"""At work at a time; what an editor asks at each pause in the typing takes a tenth of a second."""
_free: Final = threading.BoundedSemaphore(MOST)
T = TypeVar("T")


def in_turn(work: Callable[[], T]) -> T:
    """Do work now. Raises Overloaded where MOST are at work."""
    if not _free.acquire(blocking=False):
        raise Overloaded("Many drafts and queries are at work.", retry_after_s=5)
    try:
        return work()
    finally:
        _free.release()
