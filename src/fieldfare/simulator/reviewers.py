"""People who review, played: the plan's truth and a seed flow in, verdicts flow out over HTTP.

They come by in every tick of a working day, take the most urgent cases through the API with a key
of scope review, and decide by the truth; now and then they are wrong, as people are. What is opened
after their last day is left to whoever opens the console.
"""

from collections.abc import Iterable
from typing import Final

from fieldfare.simulator.chance import chance
from fieldfare.simulator.community import Posting
from fieldfare.simulator.host import CaseInHand, Host, Name

WRONG: Final = 0.06
"""Of all verdicts: an assumption, so that the report does not take people for the truth."""

VIDEOS_A_CASE: Final = 20
"""How many videos of a community pay for one case a tick: 3 cases in two hours for 60 videos."""

DAY_MIN: Final = 24 * 60
WORK_BEGINS_MIN: Final = 6 * 60
LAST_TICK_MIN: Final = 46 * 60
"""Ten in the evening of the second day; the nights and the third day are nobody's."""


class Reviewers:
    """Plays them. host: with a key of scope review. verdicts: policy by item, "" for allowed."""

    def __init__(self, host: Host, *, seed: int, postings: Iterable[Posting]) -> None:
        self._host = host
        self._seed = seed
        self._truth = {posting.name: posting.truth for posting in postings}
        videos = sum(kind == "video" for kind, _ in self._truth)
        self._most = -(-videos // VIDEOS_A_CASE)
        self.verdicts: dict[Name, str] = {}

    def work(self, minute: int) -> str | None:
        """Decide what one tick leaves time for; answers until when it can be taken back.

        None if nothing was decided, because it is night or nothing waits.
        """
        if minute > LAST_TICK_MIN or minute % DAY_MIN < WORK_BEGINS_MIN:
            return None
        undo_until = None
        for _ in range(self._most):
            case = self._host.claim_case()
            if case is None:
                break
            undo_until = self._decide(case)
        return undo_until

    def waiting(self) -> set[Name]:
        """Name the items that still wait for a person."""
        return self._host.open_cases()

    def _decide(self, case: CaseInHand) -> str:
        policy = self._truth.get(case.item, "")
        if chance(self._seed, "verdict", *case.item).random() < WRONG:
            policy = "" if policy else case.policies[0]
        self.verdicts[case.item] = policy
        return self._host.decide_case(case, policy)
