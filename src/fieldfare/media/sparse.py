"""Sparse decoding: keyframes, and a few frames between those that lie far apart.

In: the packets of one stream of pictures. Out: frames in order of time, a fraction of all. Against
a bank that holds every frame a query needs no more. A keyframe is decoded by itself; a frame
between two needs those it refers to, back to the keyframe before it, so decoding goes on only to
the last one that is wanted and leaves out what nothing refers to.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

KEYFRAMES_APART_S: Final = 0.5
"""Of keyframes closer than this only one is decoded: some clips have no others."""

_SLACK: Final = 1.25  # gaps longer than this many times what is allowed are filled
OPTIONS: Final = {"skip_loop_filter": "nokey"}
"""Of the decoder, when it opens: frames between keyframes are only hashed, and smoothing their
blocks moves few bits."""


class SparseFrames:
    """Decodes some frames of a stream. gap_s: how far apart samples may be, where they can.

    damaged: is told of each packet that could not be decoded, with the error.
    """

    def __init__(
        self,
        context: VideoCodecContext,
        *,
        tick_s: float,
        gap_s: float,
        damaged: Callable[["Packet[Stream]", FFmpegError], None],
    ) -> None:
        self._context = context
        self._tick_s = tick_s or 1.0
        self._gap_s = gap_s
        self._damaged = damaged
        self._first: int | None = None
        self._taken: int | None = None
        self.until_s = 0.0

    def of(self, packets: "Iterable[Packet[Stream]]") -> Iterator[VideoFrame]:
        """Give the frames, in order. Afterwards `until_s` says how long the stream is, in s."""
        group: list[Packet[Stream]] = []
        for packet in packets:
            if not packet.size:
                continue
            self._note_time(packet)
            if packet.is_keyframe and group:
                yield from self._of_group(group, packet.pts)
                group = []
            group.append(packet)
        if group:
            yield from self._of_group(group, None)

    def _note_time(self, packet: "Packet[Stream]") -> None:
        if packet.pts is None:
            return
        if self._first is None:
            self._first = packet.pts
        until = packet.pts - self._first + (packet.duration or 0)
        self.until_s = max(self.until_s, until * self._tick_s)

    def _of_group(
        self, group: "Sequence[Packet[Stream]]", following: int | None
    ) -> Iterator[VideoFrame]:
        """Decode what is wanted of a keyframe and all that follows it up to the next."""
        start = group[0].pts
        if start is None:  # without times nothing can be planned
            yield from self._decoded(group)
            self._settle()
            return
        ends = [p.pts + (p.duration or 0) for p in group if p.pts is not None]
        wanted = self._wanted(start, max(ends) if following is None else following)
        if not wanted:
            return
        only_key = len(wanted) == 1 and wanted[0] == start
        self._context.skip_frame = "DEFAULT" if only_key else "NONREF"
        for frame in self._decoded(group[:1] if only_key else group):
            if frame.pts is None or frame.pts < wanted[0]:
                continue  # shown before its keyframe: it refers to what was not decoded
            self._taken = frame.pts
            yield frame
            wanted = [tick for tick in wanted if tick > frame.pts]
            if not wanted:
                break
        self._settle()

    def _wanted(self, start: int, end: int) -> list[int]:
        """Plan the moments (ticks): the keyframe, and places evenly between it and the next."""
        long = (end - start) * self._tick_s
        between = math.ceil(long / self._gap_s) - 1 if long > _SLACK * self._gap_s else 0
        wanted = [start + round((end - start) * i / (between + 1)) for i in range(between + 1)]
        apart = KEYFRAMES_APART_S / self._tick_s
        if self._taken is not None and start - self._taken < apart:
            return wanted[1:]
        return wanted

    def _decoded(self, group: "Sequence[Packet[Stream]]") -> Iterator[VideoFrame]:
        for packet in (*group, None):
            try:
                frames = packet.decode() if packet else self._context.decode(None)
            except FFmpegError as error:
                self._damaged(packet or group[-1], error)
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame) and not frame.is_corrupt:
                    yield frame

    def _settle(self) -> None:
        """Forget what was fed, so that the decoder takes up at the next keyframe."""
        self._context.flush_buffers()
