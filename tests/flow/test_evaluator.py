"""The evaluator when something breaks: an event, a promise, the store."""

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from fieldfare.engine.administration import activate_rules
from fieldfare.engine.grounds import Assessment
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import Unavailable
from fieldfare.records import Decision, Event
from fieldfare.testing.platforms import Community, a_comment

T = TypeVar("T")


class Unhurried(threading.Event):
    """An event of a worker that never waits in vain."""

    def wait(self, _timeout: float | None = None) -> bool:
        return self.is_set()


class Failing:
    """A store that fails as often as it is told to, before anything is written."""

    def __init__(self, store: Store, failures: int) -> None:
        self.store = store
        self.failures = failures

    def read(self, work: Callable[[UnitOfWork], T], /) -> T:
        self._fail()
        return self.store.read(work)

    def write(self, work: Callable[[UnitOfWork], T], /) -> T:
        self._fail()
        return self.store.write(work)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the disk is full")


class FailingToCommit(Failing):
    """A store whose writes are rolled back once all their work is done."""

    def write(self, work: Callable[[UnitOfWork], T], /) -> T:
        def is_not_committed(uow: UnitOfWork) -> T:
            done = work(uow)
            self._fail()
            return done

        return self.store.write(is_not_committed)

    def read(self, work: Callable[[UnitOfWork], T], /) -> T:
        return self.store.read(work)


def test_one_who_gives_up_takes_nothing_from_another_who_waits(community: Community) -> None:
    evaluator = community.platform.evaluator
    accepted = community.post(a_comment())
    first = evaluator.waits_for(accepted.event_id)
    second = evaluator.waits_for(accepted.event_id)

    evaluator.gives_up(accepted.event_id, first)
    community.settle()

    assert not first.done()
    assert second.result(0).subject.host_id == "c1"


def test_a_promise_cancelled_at_the_last_moment_stops_nobody(community: Community) -> None:
    evaluator = community.platform.evaluator
    ids = [community.post(a_comment(host_id=f"c{n}")).event_id for n in range(2)]
    cancelled, kept = (evaluator.waits_for(each) for each in ids)
    cancelled.cancel()

    community.settle()

    assert kept.done()
    assert evaluator.failures == 0


def test_no_promise_is_remembered_once_it_is_kept_or_given_up(community: Community) -> None:
    evaluator = community.platform.evaluator
    for number in range(3):
        accepted = community.post(a_comment(host_id=f"c{number}"))
        promise = evaluator.waits_for(accepted.event_id)
        if number:
            evaluator.gives_up(accepted.event_id, promise)
    community.settle()

    assert evaluator._waiting == {}


def test_an_event_that_breaks_is_held_and_those_around_it_are_decided(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = community.platform.evaluator
    react = evaluator._react

    def breaks(uow: UnitOfWork, event: Event, assessment: Assessment | None) -> list[Decision]:
        if assessment and event.subject.host_id == "c1" and not assessment.outcome.errors:
            raise ZeroDivisionError("division by zero")
        return react(uow, event, assessment)

    monkeypatch.setattr(evaluator, "_react", breaks)
    for number in range(3):
        community.post(a_comment(host_id=f"c{number}"))
    community.settle()

    reasons = [community.may_see("comment", f"c{number}").reason for number in range(3)]
    assert reasons == ["allow", "hold", "allow"]
    decision = community.decision("comment", "c1")
    assert decision is not None
    assert any("ZeroDivisionError" in why for why in decision.judgement.unknown.values())


def test_an_event_that_breaks_in_every_way_is_passed_and_stays_hidden(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = community.platform.evaluator
    react = evaluator._react

    def breaks(uow: UnitOfWork, event: Event, assessment: Assessment | None) -> list[Decision]:
        if event.subject.host_id == "c1":
            raise ZeroDivisionError("division by zero")
        return react(uow, event, assessment)

    monkeypatch.setattr(evaluator, "_react", breaks)
    for number in range(3):
        community.post(a_comment(host_id=f"c{number}"))
    community.settle()

    reasons = [community.may_see("comment", f"c{number}").reason for number in range(3)]
    assert reasons == ["allow", "undecided", "allow"]


def test_a_store_that_fails_loses_no_event_and_counts_none_twice(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "win a free quimsa now"
    evaluator = community.platform.evaluator
    for number in range(9):
        community.post(a_comment(text, host_id=f"c{number}", author=f"u{number}"))
    # The batch fails, then the first look at where to go on from, then nothing more.
    failing = Failing(community.platform.store, failures=2)
    monkeypatch.setattr(evaluator, "_store", failing)

    with pytest.raises(Unavailable):
        evaluator.step()
    evaluator._start_over(Unhurried())
    community.settle()

    assert failing.failures == 0
    nine = [community.decision("comment", f"c{number}") for number in range(9)]
    assert [made.judgement.action for made in nine if made] == ["allow"] * 9
    tenth = community.posted(a_comment(text, host_id="c9", author="u9"))
    assert tenth.judgement.action == "limit"


def test_what_comes_before_new_rules_is_judged_by_the_old_ones_after_a_failed_commit_too(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, org = community.platform, community.org
    evaluator = platform.evaluator
    files = {
        "main.sml": "Any = Rule(when_all=[True], description='')\n"
        "WhenRules(rules_any=[Any], then=[Limit(policy='IN.SPAM')])"
    }
    community.post(a_comment(host_id="before"))
    platform.store.write(lambda uow: activate_rules(uow, org, files, platform.pack(org), by="test"))
    community.post(a_comment(host_id="after"))
    monkeypatch.setattr(evaluator, "_store", FailingToCommit(platform.store, failures=1))

    with pytest.raises(Unavailable):
        evaluator.step()
    evaluator._start_over(Unhurried())
    community.settle()

    made = [community.decision("comment", name) for name in ("before", "after")]
    assert [each.judgement.action for each in made if each] == ["allow", "limit"]


def test_the_thread_outlives_a_store_that_fails(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = community.platform.evaluator
    accepted = community.post(a_comment())
    monkeypatch.setattr(evaluator, "_store", Failing(community.platform.store, failures=2))
    promise = evaluator.waits_for(accepted.event_id)
    stop = Unhurried()
    running = threading.Thread(target=evaluator.run, args=(stop,))

    running.start()
    made = promise.result(30)
    stop.set()
    evaluator.tail.wake()
    running.join()

    assert made.judgement.action == "allow"
    assert evaluator.failures == 1
