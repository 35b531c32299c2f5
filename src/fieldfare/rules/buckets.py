"""Buckets: which authors a rollout takes. A version and an author flow in, one of 10,000 flows out.

The bucket depends on nothing else, so that a larger share keeps everybody of the smaller one, a
restart and a replay find the same authors, and two versions in a row do not try the same people.
"""

from typing import Final

import mmh3

BUCKETS: Final = 10_000
PER_CENT: Final = BUCKETS // 100


def bucket_of(version: str, author: str) -> int:
    """Give the bucket (0..9,999) of an author under a version: MurmurHash3 (x86, 32 bits)."""
    return mmh3.hash(f"{version}:{author}", signed=False) % BUCKETS


def takes(version: str, author: str, share: int) -> bool:
    """Tell whether a rollout to `share` per cent takes an author."""
    return bucket_of(version, author) < share * PER_CENT
