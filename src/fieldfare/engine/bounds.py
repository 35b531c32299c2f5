"""Bounds: what the settings say about how much is taken, fetched and worked on at once."""

import os

from fieldfare.engine.settings import Settings
from fieldfare.ingest.remote import FetchLimits, RemoteMedia
from fieldfare.media import MediaLimits


def media_limits(settings: Settings) -> MediaLimits:
    return MediaLimits(
        size_bytes=settings.media_bytes,
        duration_s=settings.media_duration_s,
        side_px=settings.media_side_px,
        frame_px=settings.media_pixels,
        memory_bytes=settings.media_memory_bytes,
        cpu_s=settings.media_cpu_s,
        wall_s=settings.media_wall_s,
    )


def remote_media(settings: Settings) -> RemoteMedia:
    limits = FetchLimits(size_bytes=settings.media_bytes, total_s=settings.media_fetch_s)
    return RemoteMedia(limits, hosts=frozenset(settings.media_hosts))


def scan_workers(settings: Settings) -> int:
    return settings.workers or max(1, (os.cpu_count() or 1) - 1)
