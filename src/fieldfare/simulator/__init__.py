"""The simulator: a synthetic community with known truth, which talks to the platform as a host."""

from fieldfare.simulator.community import Community, Posting
from fieldfare.simulator.demo import run_demo
from fieldfare.simulator.edits import Edit, repost
from fieldfare.simulator.host import Host
from fieldfare.simulator.planning import plan
from fieldfare.simulator.play import Seen, play
from fieldfare.simulator.rendering import Scene, render
from fieldfare.simulator.truth import Measured, measure
from fieldfare.simulator.wording import Trick, Wording

__all__ = [
    "Community",
    "Edit",
    "Host",
    "Measured",
    "Posting",
    "Scene",
    "Seen",
    "Trick",
    "Wording",
    "measure",
    "plan",
    "play",
    "render",
    "repost",
    "run_demo",
]
