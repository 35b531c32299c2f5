import pytest

from fieldfare.engine.administration import activate_rules
from fieldfare.engine.reactions import QUIET_HOUR, TENFOLD
from fieldfare.installation import pack_files
from fieldfare.kernel import EventId, JsonValue
from fieldfare.records import Event
from fieldfare.testing.platforms import Community, a_comment, reopened

HOUR_MS = 3_600_000
SURGE = """
Import(rules=['features.sml'])

ViewsPerHour = Fact('item.views_per_hour')
Surging = Rule(
    when_all=[ViewsPerHour >= 150],
    description=f'Seen {ViewsPerHour} times in this hour',
)
WhenRules(rules_any=[Surging], then=[Limit(policy='IN.SPAM'), Review(policy='IN.SPAM')])
"""


def see(community: Community, views: int, *, host_id: str = "c1", key: str = "") -> None:
    window: dict[str, JsonValue] = {
        "kind": "item.viewed",
        "key": key or f"{host_id}-{community.clock.now_ms()}-{views}",
        "item": {"kind": "comment", "host_id": host_id},
        "version": 1,
        "window_start": "2026-03-02T09:00:00Z",
        "window_s": 60,
        "views": views,
        "watch_ms": 9,
        "surface": "feed",
        "market": "DE",
        "age_band": "18_plus",
    }
    community.send(window)
    # One millisecond, so that the next window has a key of its own.
    community.clock.advance(1)


def next_hour(community: Community) -> None:
    now_ms = community.clock.now_ms()
    community.clock.advance_to((now_ms // HOUR_MS + 1) * HOUR_MS)


def reached(community: Community) -> list[Event]:
    return list(
        community.platform.store.read(
            lambda uow: uow.recall.of_kind("views.reached", EventId(0), limit=99)
        )
    )


def told(event: Event) -> dict[str, JsonValue]:
    assert event.data is not None
    return dict(event.data)


def test_ten_times_the_views_of_the_hour_before_runs_the_rules_again(
    community: Community,
) -> None:
    community.posted(a_comment())
    see(community, 20)
    next_hour(community)

    see(community, 30)  # 50 in all, still below every threshold
    quiet = reached(community)
    see(community, 40)
    next_hour(community)
    see(community, 699)
    only_threshold = [told(event)["threshold"] for event in reached(community)]
    see(community, 1)

    assert quiet == []
    assert only_threshold == [100]
    _, surge = reached(community)
    assert "threshold" not in told(surge)
    assert told(surge)["views"] == 790
    assert (told(surge)["views_per_hour"], told(surge)["views_per_hour_before"]) == (700, 70)


def test_a_surge_is_told_once_an_hour_and_again_in_the_next(community: Community) -> None:
    community.posted(a_comment())
    see(community, 11)
    next_hour(community)

    for _ in range(4):
        see(community, 60)
    first = reached(community)
    next_hour(community)
    for views in (2_300, 100, 50, 2_000):
        see(community, views)

    # 100 views are crossed at 131 in all, the surge of 110 an hour at the second window as well.
    assert [(told(e).get("threshold"), told(e)["views_per_hour"]) for e in first] == [(100, 120)]
    second = [(told(e).get("threshold"), told(e)["views_per_hour"]) for e in reached(community)[1:]]
    assert second == [(1_000, 2_300), (None, 2_400)]


def test_a_handful_of_views_is_no_surge(community: Community) -> None:
    community.posted(a_comment())
    see(community, 1)
    next_hour(community)

    see(community, TENFOLD * QUIET_HOUR - 2)

    assert reached(community) == []
    see(community, 2)
    assert [told(event)["views_per_hour"] for event in reached(community)] == [100]


def test_an_hour_without_views_is_not_what_is_compared_with(community: Community) -> None:
    community.posted(a_comment())
    see(community, 50)
    next_hour(community)
    next_hour(community)
    next_hour(community)

    see(community, 499)
    assert [told(event)["threshold"] for event in reached(community)] == [100]
    see(community, 1)

    _, surge = (told(event) for event in reached(community))
    assert (surge["views_per_hour"], surge["views_per_hour_before"]) == (500, 50)


def test_the_rate_survives_a_restart(community: Community) -> None:
    community.posted(a_comment())
    see(community, 20)
    next_hour(community)
    see(community, 70)
    platform, clock = community.platform, community.clock
    platform.close()

    with reopened(platform.settings, clock) as again:
        later = Community(again, clock)
        see(later, 130)

        # 90 and 130 views cross 100 together with the surge of 200 an hour: one event tells both.
        (event,) = reached(later)
        assert told(event)["threshold"] == 100
        assert (told(event)["views_per_hour"], told(event)["views_per_hour_before"]) == (200, 20)


def test_a_rule_may_ask_how_fast_an_item_is_seen(community: Community) -> None:
    platform, org = community.platform, community.org
    rules = pack_files("default").rules
    main = rules["main.sml"] + (
        "\nRequire(rule='surge.sml', require_if=ActionName == 'views.reached')\n"
    )
    files = {**rules, "main.sml": main, "surge.sml": SURGE}
    pack = platform.pack(org)
    platform.store.write(lambda uow: activate_rules(uow, org, files, pack, by="test"))
    community.posted(a_comment())
    see(community, 15)
    next_hour(community)

    see(community, 149)
    before = community.decision("comment", "c1")
    see(community, 1)
    community.settle()

    after = community.decision("comment", "c1")
    assert before is not None
    assert after is not None
    assert before.judgement.action == "allow"
    assert (after.judgement.action, after.judgement.policy) == ("limit", "IN.SPAM")
    assert community.may_see("comment", "c1").show == "no"


@pytest.mark.parametrize("repeated", [False, True])
def test_a_window_sent_twice_counts_once(community: Community, *, repeated: bool) -> None:
    community.posted(a_comment())
    see(community, 50, key="w1")
    if repeated:
        see(community, 50, key="w1")
    next_hour(community)

    see(community, 500)

    assert [told(event)["views_per_hour_before"] for event in reached(community)] == [50]
