import numpy as np
import pytest

from fieldfare.kernel import Span, Unknown
from fieldfare.media import Examination, Probe
from fieldfare.records import Fact
from fieldfare.signals import MEDIA_FACTS
from fieldfare.signals.media import media_facts

PROBE = Probe(
    container="mp4",
    kind="video",
    duration_s=3.0,
    width=90,
    height=160,
    fps=30.0,
    video_codec="h264",
)


def _found(*, dark: list[float], change: list[float], complete: bool = True) -> Examination:
    t = np.arange(len(dark), dtype=np.float64)
    return Examination(
        probe=PROBE,
        complete=complete,
        problem="" if complete else "3 of 9 packets are damaged",
        sampling="every frame",
        arrays={
            "luma.t": t,
            "luma.until": t + 1,
            "luma.dark": np.array(dark),
            "luma.change": np.array(change),
        },
        cpu_s=0.25,
    )


def _by_name(facts: tuple[Fact, ...]) -> dict[str, Fact]:
    return {fact.name: fact for fact in facts}


def test_every_fact_is_stated_once_in_order() -> None:
    facts = media_facts(_found(dark=[0, 0], change=[1, 1]))

    assert tuple(fact.name for fact in facts) == MEDIA_FACTS
    assert sum(fact.cost_ms for fact in facts) == 250.0


def test_black_and_frozen_are_shares_of_time_with_their_stretches() -> None:
    facts = _by_name(media_facts(_found(dark=[1, 0.99, 0.5, 0.98], change=[1, 0, 0.3, 0.001])))

    assert facts["media.black_share"].value == 0.75
    assert facts["media.black_share"].spans == (Span(0.0, 2.0), Span(3.0, 4.0))
    assert facts["media.frozen_share"].value == 0.5
    assert facts["media.frozen_share"].spans == (Span(1.0, 2.0), Span(3.0, 4.0))


def test_a_file_that_was_not_looked_at_leaves_unknowns_with_the_reason() -> None:
    facts = _by_name(media_facts(Examination(problem="the file is text")))

    assert facts["media.readable"].value is False
    assert facts["media.problem"].value == "the file is text"
    for name in set(MEDIA_FACTS) - {"media.readable", "media.problem"}:
        assert facts[name].value == Unknown("the file is text")


def test_a_file_seen_in_part_keeps_what_it_says_and_no_shares() -> None:
    facts = _by_name(media_facts(_found(dark=[1, 1], change=[1, 0], complete=False)))

    assert facts["media.readable"].value is False
    assert facts["media.width"].value == 90
    assert facts["media.black_share"].value == Unknown("3 of 9 packets are damaged")


def test_sound_alone_has_no_picture_and_says_so() -> None:
    nothing = np.empty(0)
    found = Examination(
        probe=Probe(container="flac", kind="audio", audio_codec="flac", has_audio=True),
        complete=True,
        arrays={f"luma.{name}": nothing for name in ("t", "until", "dark", "change")},
    )

    facts = _by_name(media_facts(found))

    assert facts["media.width"].value is None
    assert facts["media.video_codec"].value is None
    assert facts["media.black_share"].value is None
    assert facts["media.duration_s"].value == Unknown("the file does not say")


@pytest.mark.parametrize(("dark", "share"), [(1.0, 1.0), (0.5, 0.0)])
def test_a_still_picture_is_black_or_it_is_not(dark: float, share: float) -> None:
    zero = np.zeros(1)
    found = Examination(
        probe=PROBE,
        complete=True,
        arrays={
            "luma.t": zero,
            "luma.until": zero,
            "luma.dark": np.array([dark]),
            "luma.change": np.ones(1),
        },
    )

    assert _by_name(media_facts(found))["media.black_share"].value == share
