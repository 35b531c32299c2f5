"""Chance with a name: every draw of the simulator is from a stream that name and seed fix."""

import hashlib
from random import Random


def chance(seed: int, *names: object) -> Random:
    """Give the stream of draws named `names` under `seed`; what one stream draws moves no other."""
    text = "/".join(str(name) for name in (seed, *names))
    return Random(hashlib.sha256(text.encode()).digest())  # noqa: S311  # repeatable, no secret
