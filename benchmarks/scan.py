"""What a scan costs: CPU of taps over plain decoding, and CPU of the whole default scan.

Clip: 576 x 1024, 30 frames a second, H.264 at 1 Mbit/s (what phones upload and feeds serve), 15 s,
or 2 s with --quick; moving textures with grain, made here. First, in one warm and sealed child: the
plain PyAV loop and the decoding with all taps, in turn, one thread each; the ratio is of their
medians. Then whole scans, the nudity model included, from bytes to facts and stills. Ends with one
line of JSON: overhead_over_decode (at most 0.15), scan_cpu_s (at most 2).

Taps cost the same whatever the bit rate, decoding does not: on clips that are very easy to decode
(4,000 frames/s and more) the same taps are up to a third on top.
"""

import argparse
import io
import json
import os
import statistics
import struct
import tempfile
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in the zygote; read when NumPy is imported

import av

from fieldfare.media.errand import DEFAULT_TAPS, Errand
from fieldfare.media.examine import examine
from fieldfare.media.limits import MediaLimits
from fieldfare.media.seal import seal
from fieldfare.media.taps import TAPS
from fieldfare.media.zygote import warm_up
from fieldfare.signals import Scanner
from fieldfare.testing.clips import Clip, write_clip

TAKEN = (*DEFAULT_TAPS, "probes", "sound")
"""What a scan takes where there are banks."""

_PAIR = struct.Struct("dd")


def plain_decode_s(data: bytes) -> float:
    """Decode every frame with one thread and do nothing with it: CPU seconds."""
    started = time.process_time()
    with av.open(io.BytesIO(data), "r") as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        video.codec_context.thread_type = "NONE"
        for _ in container.decode(video):
            pass
    return time.process_time() - started


def tapped_decode_s(file: io.FileIO) -> float:
    """Decode every frame with all taps of a scan, arrays included: CPU seconds."""
    started = time.process_time()
    file.seek(0)
    answer, _ = examine(
        file,
        Errand(limits=MediaLimits(), taps=TAKEN),
        taps=TAPS,
        report=None,
        tell=lambda _: None,
    )
    assert answer.complete, answer.problem
    return time.process_time() - started


def measure_in_child(path: Path, rounds: int) -> list[tuple[float, float]]:
    """Fork, seal as for a real file, and measure both in turn: (plain, tapped) CPU s a round."""
    reader, writer = os.pipe()
    data = path.read_bytes()
    file = io.FileIO(path)
    if os.fork() == 0:
        try:
            seal(MediaLimits(cpu_s=600))
            plain_decode_s(data)
            tapped_decode_s(file)
            for _ in range(rounds):
                os.write(writer, _PAIR.pack(plain_decode_s(data), tapped_decode_s(file)))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        pairs = list(_PAIR.iter_unpack(said.read()))
    os.wait()
    assert len(pairs) == rounds
    return [(plain, tapped) for plain, tapped in pairs]


def measure_scans(path: Path, rounds: int) -> list[float]:
    """Scan with everything the default scan does, warm: CPU s of parent and child a scan."""
    with Scanner() as scanner:
        scanner.scan(path)
        results = [scanner.scan(path) for _ in range(rounds)]
    for fact in results[0].facts:
        assert fact.name != "media.readable" or fact.value is True
    return [result.cpu_s for result in results]


def main() -> None:
    """Measure, print what was found, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print only the line of JSON")
    parser.add_argument("--quick", action="store_true", help="a shorter clip and fewer rounds")
    asked = parser.parse_args()
    rounds = 3 if asked.quick else 9
    clip = Clip(
        width=576,
        height=1024,
        fps=30,
        frames=60 if asked.quick else 450,
        grain=3.0,
        options=(("preset", "veryfast"), ("crf", "-1"), ("b", "1M")),
    )
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = write_clip(Path(folder, "clip.mp4"), clip)
        pairs = measure_in_child(path, rounds)
        scans = measure_scans(path, rounds)
    plain = statistics.median(plain for plain, _ in pairs)
    tapped = statistics.median(tapped for _, tapped in pairs)
    figures = {
        "overhead_over_decode": round(tapped / plain - 1, 4),
        "scan_cpu_s": round(statistics.median(scans), 4),
    }
    if not asked.json:
        print(f"{clip.frames} frames, {rounds} rounds, medians")
        print(f"plain decode      {plain:.3f} CPU s   {clip.frames / plain:,.0f} frames/s")
        print(
            f"decode and taps   {tapped:.3f} CPU s   overhead {tapped / plain - 1:.1%}, limit 15 %"
        )
        print(f"whole scan        {figures['scan_cpu_s']:.3f} CPU s   limit 2")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
