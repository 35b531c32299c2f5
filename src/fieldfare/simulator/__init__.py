"""The simulator: a synthetic community with known truth, which talks to the platform as a host.

Only what is light stands here, because every process that renders films imports it; `demo`, `play`
and `truth` are imported where they are used.
"""

from fieldfare.simulator.community import Community, Posting
from fieldfare.simulator.edits import Edit, repost
from fieldfare.simulator.planning import plan
from fieldfare.simulator.rendering import Scene, render
from fieldfare.simulator.wording import Trick, Wording

__all__ = [
    "Community",
    "Edit",
    "Posting",
    "Scene",
    "Trick",
    "Wording",
    "plan",
    "render",
    "repost",
]
