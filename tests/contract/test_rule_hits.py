"""What rules hit, as it is kept, counted and forgotten, on either database."""

from dataclasses import replace

from fieldfare.engine.unit import Retention
from fieldfare.kernel import EventId, Org, make_id
from fieldfare.ledger import Vault
from fieldfare.metrics.overview import DAY_MS
from fieldfare.metrics.rule_hits import HOUR_MS, HitsOf, measure_rules, report_hits
from fieldfare.records import ACCOUNT, HitMode, RuleHit, Subject
from fieldfare.storage import SqlStore

MAIN = Org("main")
DAY = 1_794_960_000_000 - 1_794_960_000_000 % DAY_MS
SPAN = HitsOf(from_ms=DAY, to_ms=DAY + 2 * DAY_MS)
LIVE, NEW = "live-version", "new-version"


def hit(at_ms: int, rule: str, *, rule_set: str = LIVE, host_id: str = "v1") -> RuleHit:
    return RuleHit(
        org=MAIN,
        event_id=make_id(DAY + at_ms),
        rule_set=rule_set,
        rule=rule,
        mode=HitMode.LIVE if rule_set == LIVE else HitMode.SHADOW,
        subject=Subject("video", host_id),
        version="d",
        action="remove",
        queue="hate",
    )


def keep(store: SqlStore, *hits: RuleHit) -> None:
    store.write(lambda uow: uow.rule_hits.add(hits))


def test_hits_are_counted_by_hour_and_day_of_utc(store: SqlStore) -> None:
    moments = (0, HOUR_MS - 1, HOUR_MS, DAY_MS - 1, DAY_MS)
    keep(store, *(hit(at, "A", host_id=f"v{at}") for at in moments))

    (rule,) = store.read(lambda uow: measure_rules(uow, MAIN, SPAN))

    assert rule.hours == (
        (DAY, 2),
        (DAY + HOUR_MS, 1),
        (DAY + 23 * HOUR_MS, 1),
        (DAY + DAY_MS, 1),
    )
    assert rule.days == ((DAY, 4), (DAY + DAY_MS, 1))
    assert rule.actions == {"remove": 5}


def test_a_version_is_told_from_another_and_what_both_hit_is_counted_once_an_event(
    store: SqlStore,
) -> None:
    shared = [hit(n, rule, rule_set=of) for n in range(3) for of, rule in ((LIVE, "A"), (NEW, "B"))]
    keep(store, *shared, hit(9, "B", rule_set=NEW), replace(hit(8, "C"), action="error"))

    of = replace(SPAN, rule_set=NEW)
    found = store.read(lambda uow: report_hits(uow, MAIN, of, against=LIVE, ran_ms=DAY_MS))
    stopped = store.read(
        lambda uow: report_hits(uow, MAIN, of, against=LIVE, ran_ms=DAY_MS, problem="gone")
    )
    deciding = store.read(lambda uow: measure_rules(uow, MAIN, replace(SPAN, deciding=True)))

    assert [(rule.rule, rule.hits) for rule in found.rules] == [("B", 4)]
    assert [(each.rule, each.other, each.both) for each in found.overlap] == [("B", "A", 3)]
    assert [(load.queue, load.items) for load in found.queues] == [("hate", 1)]
    assert [(rate.queue, rate.items, rate.per_day) for rate in found.rates] == [("hate", 1, 1.0)]
    assert [(rate.items, rate.per_day) for rate in stopped.rates] == [(1, None)]
    assert [(rule.rule, rule.hits, rule.errors) for rule in deciding] == [("A", 3, 0), ("C", 0, 1)]


def test_what_lies_outside_the_period_is_not_counted(store: SqlStore) -> None:
    keep(store, hit(-1, "A"), hit(2 * DAY_MS, "A"))

    assert store.read(lambda uow: measure_rules(uow, MAIN, SPAN)) == ()


def test_an_account_that_is_forgotten_leaves_a_pseudonym(store: SqlStore, vault: Vault) -> None:
    anna = Subject(ACCOUNT, "anna")
    keep(store, replace(hit(0, "A"), subject=anna), hit(1, "A", host_id="anna"))
    pseudonym = vault.pseudonym(MAIN, anna)

    store.write(lambda uow: uow.projections.forget(MAIN, anna, pseudonym))

    left = store.read(lambda uow: uow.rule_measures.examples(MAIN, SPAN, limit=9))
    assert {each.subject for each in left} == {
        Subject(ACCOUNT, pseudonym),
        Subject("video", "anna"),
    }


def test_hits_are_swept_when_their_time_is_over(store: SqlStore) -> None:
    store.write(lambda uow: uow.organisations.add(MAIN, "Main"))
    keep(store, hit(0, "A"), hit(DAY_MS, "A"))

    kept_ms = Retention().rule_hits_ms
    swept = store.write(lambda uow: uow.sweeps.sweep(Retention(), now_ms=DAY + 1 + kept_ms))

    assert swept["rule_hits"] == 1
    (left,) = store.read(lambda uow: uow.rule_measures.examples(MAIN, SPAN, limit=9))
    assert left.event_id == EventId(make_id(DAY + DAY_MS))
