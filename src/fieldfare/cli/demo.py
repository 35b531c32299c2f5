"""`fieldfare demo`: a short-video community being moderated, to watch and to measure."""

from pathlib import Path


def demo(
    *,
    seed: int = 7,
    videos: int = 60,
    once: bool = False,
    as_json: bool = False,
    home: Path | None = None,
    port: int | None = None,
) -> None:
    """Play a community. once: end by itself and leave nothing; else the console stays open.

    home: ./demo-data, or with `once` a folder that is gone afterwards; never that of another
    installation. port: 8000, or the next free one.
    """
    from fieldfare.simulator.demo import PORT, run_demo

    run_demo(
        seed=seed,
        videos=videos,
        once=once,
        as_json=as_json,
        home=home,
        port=PORT if port is None else port,
    )
