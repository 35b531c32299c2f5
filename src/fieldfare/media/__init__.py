"""Media: a stranger's file goes in, small arrays come out; decoding happens in a sealed child.

Models, matching and everything that imports much stands outside, on those arrays. This package
stays lean, because the zygote passes through it.
"""

from fieldfare.media.findings import Array, Examination, Probe, SandboxReport
from fieldfare.media.limits import KINDS, Kind, MediaLimits
from fieldfare.media.pdq import hash_forms, hash_luma, hash_many, luma_of
from fieldfare.media.sandbox import MediaSandbox

__all__ = [
    "KINDS",
    "Array",
    "Examination",
    "Kind",
    "MediaLimits",
    "MediaSandbox",
    "Probe",
    "SandboxReport",
    "hash_forms",
    "hash_luma",
    "hash_many",
    "luma_of",
]
