"""Versions beside the live one: who is decided by which, and what is kept of each."""

from collections.abc import Mapping, Sequence

import pytest

from fieldfare.engine.deciding import Question
from fieldfare.engine.rule_moves import Proposal
from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.version_reports import report_version
from fieldfare.kernel import Conflict
from fieldfare.metrics.rule_hits import HitReport, HitsOf
from fieldfare.records import HitMode, Restriction, RuleHit, Subject, Verdict, Voice
from fieldfare.rules.buckets import takes
from fieldfare.rules.lifecycle import VersionState
from fieldfare.testing.platforms import Community, a_comment, reopened

S = VersionState
EVER = HitsOf(from_ms=0, to_ms=2**42)
TEXT = "Text: str = JsonData(path='$.item.text')\n"
RULE = """
{name} = Rule(when_all=[{condition}], description='{name}')
WhenRules(rules_any=[{name}], then=[{effect}])
"""


def rules(**conditions: str) -> dict[str, str]:
    """Write rules by name; each holds what fulfils its condition, or what stands after `->`."""
    text = TEXT
    for name, told in conditions.items():
        condition, _, effect = told.partition(" -> ")
        text += RULE.format(
            name=name, condition=condition, effect=effect or "Hold(policy='HS.SLUR')"
        )
    return {"main.sml": text}


LIVE = rules(Wivel="Text == 'wivel'")


class Versions:
    """An author and an approver who bring versions to where a test wants them."""

    def __init__(self, community: Community) -> None:
        self.community = community
        self.versioning = community.platform.versioning

    def live(self, files: Mapping[str, str]) -> str:
        put, _ = self.versioning.override(self.community.org, files, by="admin")
        self.community.settle()
        return put.version.hash

    def shadow(self, files: Mapping[str, str]) -> str:
        org = self.community.org
        version = self.versioning.propose(org, files, Proposal(by="ira")).hash
        self.versioning.move(org, version, S.REVIEW, by="ira")
        self.versioning.move(org, version, S.SHADOW, by="ola")
        self.community.settle()
        return version

    def rollout(self, files: Mapping[str, str], share: int) -> str:
        version = self.shadow(files)
        self.move(version, S.ROLLOUT, share)
        return version

    def move(self, version: str, to: VersionState, share: int = 0) -> None:
        self.versioning.move(self.community.org, version, to, by="ola", share=share)
        self.community.settle()


@pytest.fixture
def versions(community: Community) -> Versions:
    return Versions(community)


def hits(community: Community, rule_set: str = "", rule: str = "") -> Sequence[RuleHit]:
    of = HitsOf(from_ms=EVER.from_ms, to_ms=EVER.to_ms, rule_set=rule_set, rule=rule)
    return community.platform.store.read(
        lambda uow: uow.rule_measures.examples(community.org, of, limit=200)
    )


def report(community: Community, rule_set: str, against: str) -> HitReport:
    of = HitsOf(from_ms=EVER.from_ms, to_ms=EVER.to_ms, rule_set=rule_set)
    return community.platform.store.read(
        lambda uow: report_version(uow, community.org, of, against=against, now_ms=EVER.to_ms)
    )


def authors(version: str, share: int) -> tuple[str, str]:
    """Find an author whom the rollout takes and one whom it does not."""
    names = [f"author-{n}" for n in range(2_000)]
    inside = next(name for name in names if takes(version, name, share))
    outside = next(name for name in names if not takes(version, name, 50))
    return inside, outside


def test_a_rollout_decides_about_its_authors_and_the_live_version_about_the_others(
    community: Community, versions: Versions
) -> None:
    live = versions.live(LIVE)
    new = versions.rollout(rules(Quim="Text == 'quim'"), 10)
    inside, outside = authors(new, 10)

    mine = community.posted(a_comment("quim", host_id="c1", author=inside))
    theirs = community.posted(a_comment("quim", host_id="c2", author=outside))

    assert (mine.judgement.action, mine.rule_set) == ("hold", new)
    assert (theirs.judgement.action, theirs.rule_set) == ("allow", live)


def test_a_growing_rollout_keeps_whom_it_had(community: Community, versions: Versions) -> None:
    versions.live(LIVE)
    new = versions.rollout(rules(Quim="Text == 'quim'"), 1)
    inside, _ = authors(new, 1)

    decided = []
    for n, share in enumerate((1, 10, 50, 100)):
        if share > 1:
            versions.move(new, S.ROLLOUT, share)
        comment = a_comment("quim", host_id=f"c{n}", author=inside)
        decided.append(community.posted(comment).rule_set)

    assert decided == [new] * 4
    assert community.platform.rule_set(community.org).hash == new


def test_a_shadow_changes_nothing_and_is_kept(community: Community, versions: Versions) -> None:
    live = versions.live(LIVE)
    shadow = versions.shadow(
        rules(Quim="Text == 'quim'", Wivel="Text == 'wivel' -> Review(queue='hate')")
    )

    decision = community.posted(a_comment("quim", host_id="c1"))
    community.posted(a_comment("wivel", host_id="c2"))

    assert (decision.judgement.action, decision.rule_set) == ("allow", live)
    found = {(hit.rule, hit.mode, hit.action, hit.queue, hit.novel) for hit in hits(community)}
    assert found == {
        ("Quim", HitMode.SHADOW, "hold", "", True),
        ("Wivel", HitMode.LIVE, "hold", "", True),
        ("Wivel", HitMode.SHADOW, "review", "hate", False),
    }
    assert {hit.rule_set for hit in hits(community, rule="Quim")} == {shadow}


def test_a_report_says_what_a_shadow_would_do(community: Community, versions: Versions) -> None:
    live = versions.live(LIVE)
    shadow = versions.shadow(
        rules(Both="Text != None -> Review(queue='hate')", Quim="Text == 'quim'")
    )
    for n, text in enumerate(("wivel", "quim", "sarno")):
        community.posted(a_comment(text, host_id=f"c{n}"))

    found = report(community, shadow, live)

    both, quim = found.rules
    assert (both.rule, both.hits, both.novel, both.actions) == ("Both", 3, 2, {"review": 3})
    assert (quim.rule, quim.hits, quim.novel) == ("Quim", 1, 1)
    assert [(o.rule, o.other, o.both) for o in found.overlap] == [("Both", "Wivel", 1)]
    assert [(q.queue, q.items) for q in found.queues] == [("hate", 3)]
    assert sum(n for _, n in both.days) == 3
    assert (both.precision, found.errors) == (None, 0)


def test_precision_is_of_what_people_judged_later(community: Community, versions: Versions) -> None:
    live = versions.live(LIVE)
    shadow = versions.shadow(rules(Any="Text != None"))
    for n in range(3):
        community.posted(a_comment(host_id=f"c{n}"))
    person_says(community, "c0", restrict=True)
    person_says(community, "c1", restrict=False)

    (rule,) = report(community, shadow, live).rules

    assert (rule.judged.hits, rule.judged.n, rule.precision) == (1, 2, 0.5)
    low, high = rule.judged.interval
    assert 0 < low < 0.5 < high < 1


def person_says(community: Community, host_id: str, *, restrict: bool) -> None:
    subject = Subject("comment", host_id)

    def rule(uow: UnitOfWork) -> None:
        item = uow.items.current(community.org, subject)
        assert item is not None
        wanted = (Restriction(kind="remove", policy="HS.SLUR"),) if restrict else ()
        verdict = Verdict(
            by=Voice.PERSON,
            author="nora",
            subject=subject,
            version=item.digest,
            event_id=item.event_id,
            restrictions=wanted,
        )
        question = Question(
            subject=subject, item=item, verdicts=[verdict], facts={}, causes=(), always=True
        )
        community.platform.deciding.decide(uow, community.org, question)

    community.platform.store.write(rule)


def test_every_version_counts_every_event(community: Community, versions: Versions) -> None:
    counting = """
Author: str = JsonData(path='$.actor')
Posts = Count(key=[Author], window='1h')
Many = Rule(when_all=[Posts >= 3], description='many')
WhenRules(rules_any=[Many], then=[Hold(policy='HS.SLUR')])
"""
    versions.live(LIVE)
    new = versions.rollout({"main.sml": TEXT + counting}, 1)
    inside, outside = authors(new, 1)
    for author in (inside, outside):
        for n in range(3):
            community.posted(a_comment(host_id=f"{author}-{n}", author=author))

    found = {(hit.subject.host_id, hit.mode) for hit in hits(community, rule="Many")}

    assert found == {
        (f"{inside}-2", HitMode.ROLLOUT),
        (f"{outside}-2", HitMode.SHADOW),
    }


def test_what_runs_beside_survives_a_restart(community: Community, versions: Versions) -> None:
    live = versions.live(LIVE)
    shadow = versions.shadow(rules(Quim="Text == 'quim'"))
    new = versions.rollout(rules(Sarno="Text == 'sarno'"), 50)
    community.platform.close()

    with reopened(community.platform.settings, community.clock) as platform:
        in_force = platform.books.of(community.org)

        assert [rules.hash for rules in in_force.active] == [live, new, shadow]
        assert in_force.beside.rollout is not None
        assert in_force.beside.rollout.share == 50


def test_a_late_evaluator_judges_each_event_by_what_ran_when_it_came(
    community: Community, versions: Versions
) -> None:
    live = versions.live(LIVE)
    new = versions.shadow(rules(Quim="Text == 'quim'"))
    community.post(a_comment("quim", host_id="before"))
    versions.versioning.move(community.org, new, S.LIVE, by="ola")
    community.post(a_comment("quim", host_id="after"))

    community.settle()

    made = {name: community.decision("comment", name) for name in ("before", "after")}
    assert {name: d.rule_set for name, d in made.items() if d} == {"before": live, "after": new}


def test_a_version_that_no_longer_compiles_leaves_the_live_one_alone(
    community: Community, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = versions.live(LIVE)
    shadow = versions.shadow(rules(Quim="Text == 'quim'"))
    original = community.platform.books.compiler.rules

    def refuses(files: Mapping[str, str], words: object) -> object:
        if "quim" in files["main.sml"]:
            raise Conflict("the list it reads is gone")
        return original(files, words)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(community.platform.books.compiler, "rules", refuses)
    community.bank("policy: HS.SLUR\nterms: [sarnox]\n", name="more")

    assert community.posted(a_comment("wivel")).rule_set == live
    assert set(community.platform.books.of(community.org).beside.broken) == {shadow}
    assert "gone" in versions.versioning.sheet(community.org, shadow).problem
    versions.move(shadow, S.WITHDRAWN)
    assert not community.platform.books.of(community.org).beside.broken


FAILING = """
- name: says no to quim
  event: {kind: item.posted, item: {kind: comment, host_id: c, text: quim}}
  expect: {fired: [Wivel]}
"""


def test_a_version_whose_tests_fail_runs_in_the_shadow_and_does_not_decide(
    versions: Versions,
) -> None:
    shadow = versions.shadow({**rules(Wivel="Text == 'wivel'"), "tests/w.yaml": FAILING})

    for to, share in ((S.ROLLOUT, 1), (S.LIVE, 0)):
        with pytest.raises(Conflict, match="1 of 1 rule tests fail"):
            versions.move(shadow, to, share)
    with pytest.raises(Conflict, match="rule tests fail"):
        versions.live({**rules(Wivel="Text == 'wivelx'"), "tests/w.yaml": FAILING})


def test_old_hits_are_swept(community: Community, versions: Versions) -> None:
    versions.live(LIVE)
    community.posted(a_comment("wivel"))
    assert hits(community)

    community.clock.advance(91 * 24 * 3_600_000)

    assert community.platform.sweep()["rule_hits"] == 1
    assert not hits(community)


def test_moves_that_run_nothing_change_nothing_in_force(
    community: Community, versions: Versions
) -> None:
    live = versions.live(LIVE)
    org = community.org
    version = versions.versioning.propose(org, rules(Quim="Text == 'quim'"), Proposal(by="ira"))
    versions.versioning.move(org, version.hash, S.REVIEW, by="ira")
    community.settle()

    assert [r.hash for r in community.platform.books.of(org).active] == [live]
