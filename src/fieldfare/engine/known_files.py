"""A file becomes a piece for a bank: its digests, its frames, its sound, and local features."""

from fieldfare.engine.banks import KnownPiece
from fieldfare.kernel import BadInput
from fieldfare.matching.features import features_for_bank, is_available, pack_features
from fieldfare.matching.fingerprints import Stills, pack_frames
from fieldfare.matching.pdq import MIN_QUALITY
from fieldfare.matching.repositories import EntryHashes
from fieldfare.matching.sound import pack_sound
from fieldfare.signals.fingerprinting import Fingerprinted


def piece_of_file(label: str, taken: Fingerprinted, *, features: bool) -> KnownPiece:
    """Make a piece of what was taken of a file. Raises BadInput if nothing can be compared.

    features: local ones too, for a priority bank. Frames too plain to tell anything apart are
    left out.
    """
    fingerprint = taken.fingerprint
    frames = fingerprint.frames.chosen(fingerprint.frames.quality >= MIN_QUALITY)
    sound = fingerprint.sound
    if not len(frames) and not sound and taken.found.problem:
        hint = "Only what can be decoded can be banked."
        raise BadInput(f"{label}: {taken.found.problem}", hint=hint)
    return KnownPiece(
        label=label,
        sha256=fingerprint.sha256,
        md5=fingerprint.md5,
        frames=len(frames),
        seconds=fingerprint.seconds,
        hashes=EntryHashes(
            frames=pack_frames(frames) if len(frames) else b"",
            sound=pack_sound(sound) if sound else b"",
            features=_features(fingerprint.stills) if features else b"",
        ),
    )


def _features(stills: Stills | None) -> bytes:
    found = features_for_bank(stills) if is_available() else None
    return pack_features(found) if found is not None else b""
