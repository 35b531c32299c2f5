"""Delays after failures, and the circuit of a webhook that is down."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fieldfare.enforcement import Circuit, Schedule


@given(seed=st.integers(), attempts=st.integers(1, 200))
def test_a_delay_is_never_beyond_its_bound(seed: int, attempts: int) -> None:
    schedule = Schedule()

    delay_ms = schedule.delay_ms(attempts, random=Random(seed))

    assert 0 <= delay_ms <= schedule.bound_ms(attempts) <= 3_600_000


def test_bounds_double_from_a_second_to_an_hour() -> None:
    schedule = Schedule()

    assert [schedule.bound_ms(n) for n in (1, 2, 3, 12, 13, 24)] == [
        1_000,
        2_000,
        4_000,
        2_048_000,
        3_600_000,
        3_600_000,
    ]


def test_all_attempts_together_take_at_most_half_a_day() -> None:
    schedule = Schedule()

    total_ms = sum(schedule.bound_ms(n) for n in range(1, schedule.attempts))

    assert 12 * 3_600_000 < total_ms < 13 * 3_600_000


def test_jitter_is_full_and_comes_from_the_given_random() -> None:
    schedule = Schedule()
    random = Random(7)

    delays = [schedule.delay_ms(5, random=random) for _ in range(2000)]

    assert min(delays) < 400
    assert max(delays) > 15_600
    assert abs(sum(delays) / len(delays) - 8_000) < 400
    assert delays[0] == schedule.delay_ms(5, random=Random(7))


def test_a_receiver_may_ask_for_more_time_but_for_an_hour_at_most() -> None:
    schedule = Schedule()

    assert schedule.delay_ms(1, random=Random(1), at_least_ms=60_000) == 60_000
    assert schedule.delay_ms(1, random=Random(1), at_least_ms=10**9) == 3_600_000


def test_the_circuit_opens_after_five_failures_and_lets_one_probe_through() -> None:
    circuit = Circuit()

    for _ in range(4):
        circuit.failed(now_ms=0)
    assert circuit.room(now_ms=0, width=8) == 8
    circuit.failed(now_ms=0)

    assert circuit.room(now_ms=4_999, width=8) == 0
    assert circuit.room(now_ms=5_000, width=8) == 1


def test_each_failed_probe_doubles_the_pause_up_to_five_minutes() -> None:
    circuit = Circuit()
    pauses = []

    for _ in range(14):
        circuit.failed(now_ms=0)
        pauses.append(circuit.opens_at_ms // 1000)

    assert pauses == [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300, 300]


def test_one_good_answer_closes_the_circuit() -> None:
    circuit = Circuit()
    for _ in range(9):
        circuit.failed(now_ms=0)

    circuit.succeeded()

    assert circuit.room(now_ms=0, width=8) == 8
