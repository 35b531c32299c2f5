"""Moving pictures and sound: one pass over a file with libav, from bytes to pictures.

In: an open file and the one demuxer it may be read with. Out: a Probe, then pictures in order.
libav gets no path, no protocol and no say in which demuxer or codec to use.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import IO, Final

import av
import av.logging
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from fieldfare.media.findings import Probe, Sampling
from fieldfare.media.limits import MediaLimits, Refused, refuse_frame
from fieldfare.media.pictures import VideoPicture
from fieldfare.media.sampler import EVERY_S, Sampler
from fieldfare.media.sniff import Container
from fieldfare.media.sparse import OPTIONS, SparseFrames

VIDEO_CODECS: Final = frozenset({"h264", "hevc", "av1", "vp8", "vp9"})
AUDIO_CODECS: Final = frozenset({"aac", "mp3", "opus", "vorbis", "flac", "alac"})

_DECODERS: Final = {"libdav1d": "av1", "mp3float": "mp3", "libopus": "opus", "libvorbis": "vorbis"}
_PIXELS_PER_CPU_S: Final = 150e6
_DAMAGE_TOLERATED: Final = 0.02
_END_TOLERATED_S: Final = 1.0
_END_TOLERATED: Final = 0.1
_DEFAULT_FPS: Final = 25.0
_MOST_FPS: Final = 240


class MovingPictures:
    """A file of libav, opened. Iterate `pictures` once; then `problem` says what was amiss.

    gap_s: None for every frame; else only keyframes are decoded, and others where those are further
    apart. ears: told of the sound as it comes, beside pictures too. Raises Refused if it cannot be
    opened or holds neither picture nor sound.
    """

    def __init__(
        self,
        file: IO[bytes],
        container: Container,
        limits: MediaLimits,
        *,
        gap_s: float | None = None,
        ears: Sequence[Callable[[AudioFrame], None]] = (),
    ) -> None:
        av.logging.set_level(av.logging.PANIC)
        self._limits = limits
        self._gap_s = gap_s
        self._ears = ears
        self._input = _open(file, container, limits)
        self._video, self._other_pictures = _picture_streams(self._input)
        self._sound = _sound_stream(self._input)
        self.probe = _probe(container, self._input, self._video)
        self.decoded_s = 0.0
        self.sampling: Sampling = "every frame"
        self._seen = self._packets = self._damaged = 0
        self._breaks_off = False
        self._until_s = 0.0

    def refuse_beyond_limits(self) -> None:
        """Raise Refused if what the file says of itself is more than may be looked at."""
        probe, limits = self.probe, self._limits
        if probe.kind == "video":
            refuse_frame(probe.width, probe.height, limits)
            if probe.video_codec not in VIDEO_CODECS:
                raise Refused(f"the video codec {probe.video_codec or 'unknown'} is not accepted")
        elif not _is_heard(probe.audio_codec):
            raise Refused(f"the audio codec {probe.audio_codec or 'unknown'} is not accepted")
        if probe.duration_s is not None and probe.duration_s > limits.duration_s:
            raise Refused(
                f"it lasts {probe.duration_s:.0f} s, the limit is {limits.duration_s:g} s"
            )

    def pictures(self) -> Iterator[VideoPicture]:
        """Decode the frames, in order. Sound alone is decoded too, and gives no pictures."""
        if self._video is None:
            if self._sound is not None:
                self._hear(self._sound)
            return
        self._prepare(self._video)
        scaler = VideoReformatter()
        tick_s = float(self._video.time_base or 0)
        sampler = Sampler(self.probe.fps or _DEFAULT_FPS, tick_s)
        for frame, t, lasts_s in self._timed(self._video, sampler):
            taken = sampler.takes(t, lasts_s, keyframe=bool(frame.key_frame))
            yield VideoPicture(
                frame,
                scaler,
                t=t,
                duration_s=lasts_s,
                sampled=taken or self._gap_s is not None,
                quarter_turns=self.probe.rotation // 90,
            )

    @property
    def problem(self) -> str:
        """Say, after the pass, why it did not see all there is; "" if it did."""
        if self._seen == 0:
            return "nothing in it can be decoded"
        if self._other_pictures:
            return f"{self._other_pictures} further picture stream(s) were not looked at"
        if self._damaged > _DAMAGE_TOLERATED * self._packets:
            return f"{self._damaged} of {self._packets} packets are damaged"
        promised = _promised_s(self._input, self._video)
        if promised - self.decoded_s > max(_END_TOLERATED_S, _END_TOLERATED * promised):
            return f"it ends after {self.decoded_s:.1f} of {promised:.1f} s"
        return "it breaks off in the middle" if self._breaks_off else ""

    def close(self) -> None:
        self._input.close()

    def _prepare(self, video: VideoStream) -> None:
        """Decode with this thread alone; leave out what no frame refers to if all is too much."""
        context = video.codec_context
        context.thread_count = 1
        context.thread_type = "NONE"
        context.options = {"max_pixels": str(self._limits.frame_px)}
        if self._gap_s is not None:
            self.sampling = "keyframes and gaps"
            context.options = {**context.options, **OPTIONS}
            return
        frames = (self.probe.duration_s or 0.0) * (self.probe.fps or _DEFAULT_FPS)
        cost_s = frames * self.probe.width * self.probe.height / _PIXELS_PER_CPU_S
        if cost_s > self._limits.cpu_s / 2:
            self.sampling = "reference frames"
            context.skip_frame = "NONREF"

    def _timed(
        self, video: VideoStream, sampler: Sampler
    ) -> Iterator[tuple[VideoFrame, float, float]]:
        """Give each frame with its time (s) and how long it is shown: until the next one comes."""
        before: tuple[VideoFrame, float] | None = None
        for frame in self._frames(video):
            if self._seen == 0:
                self._turn(frame)
            self._seen += 1
            refuse_frame(frame.width, frame.height, self._limits)
            t = sampler.place(frame)
            self._refuse_endless(t, sampler)
            if before is not None:
                yield *before, t - before[1]
            before = frame, t
        if before is not None:
            frame, t = before
            lasts_s = sampler.claimed_s(frame)
            self.decoded_s = max(t + lasts_s, self._until_s)
            self._refuse_endless(self.decoded_s, sampler)
            yield frame, t, lasts_s

    def _frames(self, video: VideoStream) -> Iterator[VideoFrame]:
        if self._gap_s is not None:
            sparse = SparseFrames(
                video.codec_context,
                tick_s=float(video.time_base or 0),
                gap_s=self._gap_s,
                damaged=self._note_damage,
            )
            yield from sparse.of(self._seen_and_heard(video))
            self._until_s = sparse.until_s
            return
        for packet in self._seen_and_heard(video):
            try:
                frames = packet.decode()
            except FFmpegError as error:
                self._note_damage(packet, error)
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame):
                    yield frame

    def _seen_and_heard(self, video: VideoStream) -> "Iterator[Packet[Stream]]":
        """Give the packets of the pictures, and let ears hear those of the sound between them."""
        sound = self._sound
        if not self._ears or sound is None or not _is_heard(self.probe.audio_codec):
            yield from self._readable(video)
            return
        sound.codec_context.thread_count = 1
        for packet in self._readable(video, sound):
            if packet.stream.index == video.index:
                yield packet
                continue
            try:
                for frame in packet.decode():
                    self._tell(frame)
            except FFmpegError as error:  # a clip whose sound is damaged is still a whole clip
                _raise_if_out_of_memory(error)

    def _tell(self, frame: object) -> None:
        if isinstance(frame, AudioFrame):
            for ear in self._ears:
                ear(frame)

    def _hear(self, sound: Stream) -> None:
        for packet in self._readable(sound):
            try:
                for frame in packet.decode():
                    self._tell(frame)
                    self._seen += 1
                    self.decoded_s = max(self.decoded_s, getattr(frame, "time", None) or 0.0)
            except FFmpegError as error:
                self._note_damage(packet, error)
            if self.decoded_s > self._limits.duration_s + _END_TOLERATED_S:
                raise Refused(f"it lasts more than {self._limits.duration_s:g} s")

    def _readable(self, *streams: Stream) -> "Iterator[Packet[Stream]]":
        """Give the packets up to the first place where the file cannot be read on."""
        packets = self._input.demux(*streams)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError as error:
                _raise_if_out_of_memory(error)
                self._breaks_off = True
                return
            self._packets += packet.size > 0 and packet.stream.index == streams[0].index
            yield packet

    def _note_damage(self, packet: "Packet[Stream]", error: FFmpegError) -> None:
        _raise_if_out_of_memory(error)
        self._damaged += packet.size > 0

    def _turn(self, frame: VideoFrame) -> None:
        """Take the rotation from the first frame: there libav tells it for every container."""
        rotation = round(frame.rotation / 90) * 90 % 360
        self.probe = replace(self.probe, rotation=rotation)
        if rotation % 180:
            width, height = self.probe.height, self.probe.width
            self.probe = replace(self.probe, width=width, height=height)

    def _refuse_endless(self, until_s: float, sampler: Sampler) -> None:
        most_s = self._limits.duration_s
        if until_s > most_s + _END_TOLERATED_S or sampler.seen > most_s * _MOST_FPS:
            raise Refused(f"it lasts more than {most_s:g} s")
        if self.sampling == "reference frames" and sampler.gap_s > 2 * EVERY_S:
            raise Refused(f"decoding all of it would take more than {self._limits.cpu_s} CPU s")


def _open(file: IO[bytes], container: Container, limits: MediaLimits) -> InputContainer:
    options = {
        "max_pixels": str(limits.frame_px),
        "protocol_whitelist": "none",
        "enable_drefs": "0",
        "threads": "1",
    }
    try:
        return av.open(file, "r", format=container.format, options=options)
    except FFmpegError as error:
        _raise_if_out_of_memory(error)
        raise Refused(f"it cannot be read as {container.name}: {error.strerror}") from None


def _raise_if_out_of_memory(error: FFmpegError) -> None:
    if isinstance(error, MemoryError):
        raise error


def _picture_streams(source: InputContainer) -> tuple[VideoStream | None, int]:
    """Find the stream that players show, and count the others, cover pictures included."""
    streams = source.streams.video
    shown = [s for s in streams if not s.disposition & s.disposition.attached_pic]
    if not shown and not source.streams.audio:
        raise Refused("it holds neither picture nor sound")
    return (shown[0] if shown else None), len(streams) - bool(shown)


def _sound_stream(source: InputContainer) -> AudioStream | None:
    """Find the track that players play: the one marked as the default, else the first."""
    tracks = source.streams.audio
    marked = (track for track in tracks if track.disposition & track.disposition.default)
    return next(marked, tracks[0] if tracks else None)


def _probe(container: Container, source: InputContainer, video: VideoStream | None) -> Probe:
    sound = _sound_stream(source)
    context = video.codec_context if video else None
    rate = (video.average_rate or video.guessed_rate) if video else None
    return Probe(
        container=container.name,
        kind="video" if video else "audio",
        duration_s=None if source.duration is None else max(0.0, source.duration / av.time_base),
        width=context.width if context else 0,
        height=context.height if context else 0,
        fps=float(rate) if rate else None,
        video_codec=_codec_name(video),
        audio_codec=_codec_name(sound),
        has_audio=sound is not None,
    )


def _codec_name(stream: Stream | None) -> str:
    context = stream.codec_context if stream else None
    return _DECODERS.get(context.name, context.name) if context else ""


def _is_heard(codec: str) -> bool:
    return codec.startswith("pcm_") or codec in AUDIO_CODECS


def _promised_s(source: InputContainer, video: VideoStream | None) -> float:
    """Tell how long the pictures (or the sound) should last; 0 where the file does not say."""
    if video and video.duration is not None and video.time_base is not None:
        return float(video.duration * video.time_base)
    if source.duration is None or (video and source.streams.audio):
        return 0.0
    return source.duration / av.time_base
