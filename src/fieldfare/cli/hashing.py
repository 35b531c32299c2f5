"""`fieldfare hash FILE...`: print what files are known and looked up by, with no server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np

from fieldfare.cli.one_by_one import OneByOne
from fieldfare.cli.printing import print_json, print_line
from fieldfare.cli.reach import must_be_files
from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching.fingerprints import WHOLE, FrameTable
from fieldfare.matching.sound import STEP_S, SoundPrint
from fieldfare.signals.fingerprinting import Fingerprinted, Fingerprinter, Side

HASHES: Final = ("sha256", "md5", "pdq", "sound")
Form = Literal["text", "json", "vpdq"]
_DEFAULT_FPS: Final = 25.0


def hash_files(files: Sequence[Path], *, side: Side, kinds: Sequence[str], form: Form) -> None:
    """Print the hashes of each file. Raises BadInput, after the others, if one cannot be hashed."""
    unknown = [kind for kind in kinds if kind not in HASHES]
    if unknown:
        raise BadInput(
            f"there is no kind of hash {unknown[0]!r}", hint=f"There are {', '.join(HASHES)}."
        )
    chosen = kinds or HASHES
    each = OneByOne(files)
    with Fingerprinter() as fingerprinter:
        for path in each:
            with each.dealing_with(path):
                must_be_files([path])
                taken = fingerprinter.take(path, side)
                must_be_decoded(path, taken)
                _show(path, taken, side, chosen, form)
    each.end("hashed", hint="Give videos, pictures or sounds.")


def must_be_decoded(path: Path, taken: Fingerprinted) -> None:
    """Raise BadInput for a file of which nothing could be hashed but its bytes."""
    nothing = not len(taken.fingerprint.frames) and taken.fingerprint.sound is None
    if taken.found.problem and nothing:
        raise BadInput(
            f"{path} cannot be hashed: {taken.found.problem}",
            hint="Give a video, a picture or a sound.",
        )


def _show(path: Path, taken: Fingerprinted, side: Side, kinds: Sequence[str], form: Form) -> None:
    if form == "vpdq":
        for line in vpdq_lines(taken):
            print_line(line)
    elif form == "json":
        print_json(_json(path, taken, side, kinds))
    else:
        _print(path, taken, kinds)


def vpdq_lines(taken: Fingerprinted) -> list[str]:
    """Write the frames as vPDQ does: number of the frame, quality, hash, seconds."""
    probe = taken.found.probe
    fps = (probe.fps if probe else None) or _DEFAULT_FPS
    frames = _plain(taken)
    return [
        f"{round(float(t) * fps)},{quality},{bits.tobytes().hex()},{t:.3f}"
        for t, quality, bits in zip(frames.t, frames.quality, frames.bits, strict=True)
    ]


def _plain(taken: Fingerprinted) -> FrameTable:
    frames = taken.fingerprint.frames
    return frames.chosen((frames.form == 0) & (frames.window == WHOLE))


def _json(path: Path, taken: Fingerprinted, side: Side, kinds: Sequence[str]) -> JsonValue:
    fingerprint, probe = taken.fingerprint, taken.found.probe
    said: dict[str, JsonValue] = {
        "file": str(path),
        "kind": probe.kind if probe else None,
        "bytes": taken.size,
        "seconds": round(fingerprint.seconds, 3),
        "for": side,
        "complete": taken.found.complete,
        "problem": taken.found.problem,
        "cpu_s": round(taken.found.cpu_s, 4),
    }
    if "sha256" in kinds:
        said["sha256"] = fingerprint.sha256
    if "md5" in kinds:
        said["md5"] = fingerprint.md5
    if "pdq" in kinds:
        said["pdq"] = _rows(fingerprint.frames)
    if "sound" in kinds:
        said["sound"] = _peaks(fingerprint.sound)
    return said


def _rows(frames: FrameTable) -> list[JsonValue]:
    columns = (frames.t, frames.quality, frames.form, frames.window)
    return [
        {
            "t": round(float(t), 3),
            "hex": bits.tobytes().hex(),
            "quality": int(quality),
            "form": int(form),
            "window": int(window),
        }
        for t, quality, form, window, bits in zip(*columns, frames.bits, strict=True)
    ]


def _peaks(sound: SoundPrint | None) -> JsonValue:
    if sound is None:
        return None
    return {
        "seconds": round(sound.seconds, 3),
        "t": [round(float(frame) * STEP_S, 3) for frame in sound.frame],
        "bin": sound.bin.tolist(),
    }


def _print(path: Path, taken: Fingerprinted, kinds: Sequence[str]) -> None:
    fingerprint, found = taken.fingerprint, taken.found
    kind = found.probe.kind if found.probe else "unknown"
    # A picture lasts no time at all.
    lasts = f", {fingerprint.seconds:.1f} s" if fingerprint.seconds > 0 else ""
    print_line(f"{path}: {kind}, {taken.size} bytes{lasts}")
    if found.problem:
        print_line(f"  not complete: {found.problem}")
    if "sha256" in kinds:
        print_line(f"  sha256 {fingerprint.sha256}")
    if "md5" in kinds:
        print_line(f"  md5    {fingerprint.md5}")
    if "pdq" in kinds:
        _print_frames(taken)
    if "sound" in kinds and fingerprint.sound is not None:
        sound = fingerprint.sound
        print_line(f"  sound  {len(sound)} peaks in {sound.seconds:.1f} s")


def _print_frames(taken: Fingerprinted) -> None:
    fingerprint, frames = taken.fingerprint, _plain(taken)
    for t, quality, bits in zip(frames.t, frames.quality, frames.bits, strict=True):
        print_line(f"  pdq    {bits.tobytes().hex()}  quality {quality:3d}  at {t:.3f} s")
    if len(fingerprint.frames) > len(frames):
        bordered = len(np.unique(fingerprint.frames.t[fingerprint.frames.window > WHOLE]))
        print_line(f"  each in 8 forms; {bordered} of {len(frames)} without borders too")
