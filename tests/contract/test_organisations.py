"""Every repository method, with two organisations: nothing of the one is found in the other."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_type_hints

import pytest

from fieldfare.access.repositories import ApiKey, Person, RoleName, Scope, Session
from fieldfare.decisions.breakers import DAY_MS, Quota
from fieldfare.decisions.record import Conclusion, decided_by, event_of
from fieldfare.decisions.snoozes import Snooze
from fieldfare.engine.backtest_records import BacktestRecord
from fieldfare.engine.exchange_records import ExchangeRecord, HeldRecord
from fieldfare.engine.rule_versions import RuleVersion
from fieldfare.engine.unit import Retention, ScanTask, StoredVersion, UnitOfWork
from fieldfare.ingest.repositories import Account, EarlierCall
from fieldfare.kernel import EventId, Org, make_id
from fieldfare.ledger import Seal
from fieldfare.matching.bank_measures import EntrySearch
from fieldfare.matching.repositories import (
    BankEntryRecord,
    BankRecord,
    EntryHashes,
    EntryHit,
    EntryKeys,
    EntryKind,
    Feedback,
    ListRecord,
    Opinion,
    UploadRecord,
)
from fieldfare.metrics.rule_hits import HitsOf
from fieldfare.records import (
    Case,
    CaseState,
    Exposure,
    HitMode,
    ItemState,
    ItemVersion,
    Judgement,
    Lease,
    NewEvent,
    OutboxRow,
    OutboxState,
    Restriction,
    RuleHit,
    Subject,
    Verdict,
    Voice,
    Webhook,
)
from fieldfare.rules.label_book import NO_LABELS
from fieldfare.rules.labels import Entity, LabelChange, LabelStatus
from fieldfare.rules.lifecycle import Move, VersionState
from fieldfare.storage import SqlStore
from fieldfare.storage.unit import SqlUnit

MAIN, OTHER = Org("main"), Org("other")
NOW_MS = 1_795_000_000_000
VIDEO, ANNA = Subject("video", "v1"), Subject("account", "anna")
DIGEST = "d" * 64
LABELLED = Entity("Account", "anna")
REMOVE = Restriction(kind="remove", policy="P")
HITS = HitsOf(from_ms=0, to_ms=2 * NOW_MS, rule_set="h")
PERIOD: Mapping[str, Any] = {"from_ms": 0, "to_ms": 2 * NOW_MS}


class Filled:
    """What `fill` wrote for one organisation, by what is needed to ask for it."""

    event: EventId
    decision: EventId


def fill(uow: SqlUnit, org: Org, offset: int) -> Filled:
    """Write one of everything, with keys that are the same in both organisations where they may
    be.
    """
    filled = Filled()
    uow.organisations.add(org, str(org))
    past = NewEvent(kind="item.posted", subject=VIDEO, data={}, occurred_at=NOW_MS - 10_000)
    uow.history.append(org, [past])
    cause = uow.log.append(
        org, NewEvent(kind="item.posted", subject=VIDEO, person=ANNA, data={"org": org})
    )
    filled.event = cause.id
    uow.log.append(org, NewEvent(kind="follow", subject=ANNA, data={}, causes=(EventId(1),)))
    conclusion = Conclusion(
        version="d",
        revision=1,
        judgement=Judgement(action="remove", policy="P", by=Voice.PERSON, restrictions=(REMOVE,)),
        pack="p",
        rule_set="r",
        models={},
    )
    made = uow.log.append(org, event_of(conclusion, VIDEO, person=ANNA, causes=()))
    filled.decision = made.id
    uow.decisions.save(decided_by(made, conclusion), posted_at=NOW_MS, views=0)
    uow.items.put(
        org,
        ItemVersion(
            subject=VIDEO,
            number=1,
            digest="d",
            state=ItemState.DECIDED,
            author=ANNA,
            market=str(org),
            media=(),
            event_id=cause.id,
            posted_at=NOW_MS,
            decision_id=made.id,
        ),
    )
    uow.accounts.put(org, Account(subject=ANNA, created_at=1, market=str(org)))
    uow.views.add(org, VIDEO, "d", views=100 + offset, watch_ms=0)
    # The other organisation's hour does not run on in this one.
    assert uow.views.pace(org, VIDEO, at_ms=NOW_MS, views=offset).views == offset
    uow.reports.file(org, VIDEO, cause.id, reporter=ANNA)
    call = EarlierCall(content_digest=str(org), event_id=cause.id, answer=b"")
    uow.call_keys.keep(org, "items", "k", call)
    verdict = Verdict(
        by=Voice.PERSON, author=str(org), subject=VIDEO, version="d", event_id=cause.id
    )
    uow.verdicts.put(org, verdict)
    uow.verdicts.replace_rules(org, VIDEO, "d", "item.posted", [verdict])
    uow.cases.put(
        Case(
            org=org,
            id=EventId(5),
            queue=str(org),
            subject=VIDEO,
            version="d",
            policies=(),
            decision_id=made.id,
            reason="",
            lane=0,
            opened_at=0,
            due_at=0,
            state=CaseState.READY,
        )
    )
    uow.exposures.add(
        Exposure(
            org=org,
            id=EventId(6),
            reviewer="p",
            case_id=EventId(5),
            version="d",
            policy="P",
            what="video",
            at=NOW_MS,
        )
    )
    uow.webhooks.put(Webhook(org=org, id="w", url=f"https://{org}.test", secrets=(str(org),)))
    uow.outbox.add(
        [
            OutboxRow(
                org=org,
                id="1-0",
                decision_id=EventId(1),
                part=0,
                webhook_id="w",
                subject=VIDEO,
                subject_revision=1,
                body=org.encode(),
                state=OutboxState.DUE,
                attempts=0,
                due_at=0,
            )
        ]
    )
    _fill_banks(uow, org, offset)
    uow.exchanges.put(
        ExchangeRecord(
            org=org, name="E", api="local_file", config={"of": str(org)}, credentials={"k": "s"}
        )
    )
    uow.held_records.put(
        HeldRecord(org=org, exchange="E", key="k", digest=str(org), seen=1, address={"a": str(org)})
    )
    uow.lists.put(
        ListRecord(org=org, name="l", kind="list", text=str(org), hash="", since=EventId(1))
    )
    uow.versions.put(
        StoredVersion(org=org, kind="rules", hash="h", files={"f": str(org)}, since=EventId(1))
    )
    version = RuleVersion(org=org, hash="h", number=1, author=str(org), created_at=0)
    uow.rule_versions.put(version, {"f": str(org)})
    uow.rule_versions.move(
        org, Move(event_id=EventId(9), hash="h", before=None, to=VersionState.LIVE, by=str(org))
    )
    uow.backtests.put(
        BacktestRecord(
            org=org, id=EventId(9), rule_set="h", from_ms=0, to_ms=1, by=str(org), started_at=0
        )
    )
    hit = RuleHit(
        org=org,
        event_id=cause.id,
        rule_set="h",
        rule="R",
        mode=HitMode.LIVE,
        subject=VIDEO,
        version="d",
        action=str(org),
        queue=str(org),
    )
    uow.rule_hits.add([hit, replace(hit, rule_set="i", rule="S")])
    uow.scans.add(
        ScanTask(org=org, event_id=EventId(8), subject=VIDEO, version=str(org), attempts=0)
    )
    uow.cursors.move("reader", cause.id)
    uow.people.put(
        Person(
            org=org,
            id="p",
            name="nora",
            pseudonym=str(org),
            password_hash="",
            roles=frozenset({RoleName.ADMIN}),
        )
    )
    uow.sessions.put(
        Session(
            org=org,
            token_sha256=f"token-{org}",
            person_id="p",
            csrf="",
            created_at=0,
            expires_at=NOW_MS,
        )
    )
    uow.api_keys.put(
        ApiKey(
            org=org,
            id=f"key-{org}",
            secret_sha256="",
            scopes=frozenset({Scope.GATE}),
            note="",
            created_at=0,
        )
    )
    uow.seals.add(
        org,
        Seal(
            number=1,
            first_id=EventId(0),
            last_id=cause.id,
            rows=1,
            root=str(org),
            previous="",
            link="",
            signature="",
            at=0,
        ),
    )
    uow.data_keys.put(org, "somebody", org.encode())
    uow.quotas.put(
        Quota(
            org=org,
            rule="R",
            action="remove",
            per_minute=offset,
            per_day=None,
            since=EventId(9),
            by=str(org),
        )
    )
    uow.uses.add(org, "R", "remove", window_ms=DAY_MS, began=0)
    uow.snoozes.put(
        Snooze(
            org=org,
            id=EventId(9),
            rule="R",
            entity=ANNA,
            until=NOW_MS,
            by=str(org),
            reason="known",
        )
    )
    marked = LabelChange(
        entity=LABELLED, label=str(org), status=LabelStatus.ADDED, reason="R", expires_at=offset
    )
    labels = NO_LABELS.after([marked], event_id=filled.event)
    uow.labels.put(org, LABELLED, labels, changed=filled.event)
    return filled


def _fill_banks(uow: SqlUnit, org: Org, offset: int) -> None:
    uow.banks.put(BankRecord(org=org, name="b", policy=str(org), vetted=True))
    entry = BankEntryRecord(
        org=org,
        id=EventId(7),
        bank="b",
        label=str(org),
        sha256=DIGEST,
        added_at=0,
        changed=EventId(5 + offset),
        kind=EntryKind.TEXT,
        source="exchange:E",
        source_id="k",
    )
    uow.entries.add(entry, EntryHashes(frames=str(org).encode()))
    uow.entry_hits.put(
        EntryHit(
            org=org,
            entry=EventId(7),
            item=VIDEO,
            event_id=EventId(9),
            at=NOW_MS,
            means=str(org),
            distance=0,
        )
    )
    uow.feedback.put(
        Feedback(
            org=org,
            entry=EventId(7),
            item=VIDEO,
            by="p",
            opinion=Opinion.DENIED,
            note=str(org),
            at=0,
            event_id=EventId(9),
        )
    )
    upload = UploadRecord(
        org=org,
        event_id=EventId(9),
        part=0,
        item=VIDEO,
        person="pseudonym",
        sha256=DIGEST,
        md5=str(org),
        at=0,
    )
    uow.uploads.add([upload])


def of_org(org: Org, filled: Filled) -> dict[str, Callable[[SqlUnit], object]]:
    """All that one organisation can ask for: nothing of another may be in it."""
    top = EventId(2**62)
    lease = Lease(reviewer="p", token_sha256="t", granted_at=0, expires_at=1)
    return {
        "log.get": lambda u: u.log.get(org, filled.event),
        "log.caused_by": lambda u: u.log.caused_by(org, EventId(1)),
        "log.of_subject": lambda u: u.log.of_subject(org, VIDEO, limit=99),
        "recall.of_org": lambda u: u.recall.of_org(org, EventId(0), top, limit=99),
        "recall.last_of": lambda u: u.recall.last_of(org, "item.posted", VIDEO, top),
        "recall.newest_of": lambda u: u.recall.newest_of(org, "item.posted", limit=99),
        "items.current": lambda u: u.items.current(org, VIDEO),
        "items.versions": lambda u: u.items.versions(org, VIDEO),
        "accounts.get": lambda u: u.accounts.get(org, ANNA),
        "views.total": lambda u: u.views.total(org, VIDEO),
        "reports.count": lambda u: u.reports.count(org, VIDEO),
        "call_keys.find": lambda u: u.call_keys.find(org, "items", "k"),
        "decisions.get": lambda u: u.decisions.get(org, filled.decision),
        "decisions.of_subject": lambda u: u.decisions.of_subject(org, VIDEO),
        "decisions.last_revision": lambda u: u.decisions.last_revision(org, VIDEO),
        "decisions.page": lambda u: u.decisions.page(org, before=None, limit=99),
        "verdicts.standing": lambda u: u.verdicts.standing(org, VIDEO, "d"),
        "labels.get": lambda u: u.labels.get(org, LABELLED),
        "labels.all": lambda u: list(u.labels.all(org)),
        "labels.of_person": lambda u: u.labels.of_person(
            org, u.data_keys._vault.pseudonym(org, ANNA)
        ),
        "quotas.all": lambda u: u.quotas.all(org),
        "uses.since": lambda u: u.uses.since(org, began=0),
        "snoozes.all": lambda u: u.snoozes.all(org, until_after=0),
        "cases.get": lambda u: u.cases.get(org, EventId(5)),
        "cases.claim": lambda u: u.cases.claim(org, lease, now_ms=0),
        "cases.page": lambda u: u.cases.page(
            org, states=frozenset(CaseState), before=None, limit=99
        ),
        "cases.of_subject": lambda u: u.cases.of_subject(org, VIDEO),
        "cases.asked_about": lambda u: u.cases.asked_about(org, ANNA),
        "queues.depths": lambda u: u.queues.depths(org, now_ms=0),
        "exposures.count": lambda u: u.exposures.count(org, "p", since_ms=0),
        "webhooks.all": lambda u: u.webhooks.all(org),
        "outbox.page": lambda u: u.outbox.page(org, states=None, before=None, limit=99),
        "banks.banks": lambda u: u.banks.banks(org),
        "banks.get": lambda u: u.banks.get(org, "b"),
        "banks.counts": lambda u: u.banks.counts(org),
        "entries.get": lambda u: u.entries.get(org, EventId(7)),
        "entries.hashes": lambda u: u.entries.hashes(org, EventId(7)),
        "entry_pages.of_bank": lambda u: u.entry_pages.of_bank(org, "b", after=EventId(0), limit=9),
        "entry_pages.newest": lambda u: u.entry_pages.newest(org, "b", limit=9),
        "entry_pages.of_digest": lambda u: u.entry_pages.of_digest(org, DIGEST),
        "entry_pages.of_keys": lambda u: u.entry_pages.of_keys(
            org, "b", EntryKeys(sha256=[DIGEST], source="exchange:E", source_ids=["k"])
        ),
        "entry_pages.of_source": lambda u: u.entry_pages.of_source(org, "exchange:E", "k"),
        "entry_trail.changed": lambda u: u.entry_trail.changed(org, EventId(0), limit=9),
        "word_trail.changed": lambda u: u.word_trail.changed(
            org, EventId(0), up_to=EventId(2**62), limit=9
        ),
        "entry_trail.of_bank": lambda u: u.entry_trail.of_bank(org, "b", after=EventId(0), limit=9),
        "entry_trail.last_id": lambda u: u.entry_trail.last_id(org),
        "entry_hits.count": lambda u: u.entry_hits.count(org, EventId(7), since_ms=0),
        "entry_hits.of_entry": lambda u: u.entry_hits.of_entry(org, EventId(7), limit=9),
        "bank_measures.hits_by_day": lambda u: u.bank_measures.hits_by_day(org, since_ms=0),
        "bank_measures.states": lambda u: u.bank_measures.states(org, "b"),
        "bank_measures.search": lambda u: (
            u.bank_measures.search(org, "b", EntrySearch(), before=EventId(99), limit=9).entries
        ),
        "feedback.of_entry": lambda u: u.feedback.of_entry(org, EventId(7)),
        "feedback.since": lambda u: u.feedback.since(org, EventId(0), limit=9),
        "uploads.of_digest": lambda u: u.uploads.of_digest(org, DIGEST),
        "uploads.scans": lambda u: u.uploads.scans(org, EventId(0), limit=9),
        "uploads.of_item": lambda u: u.uploads.of_item(org, VIDEO),
        "uploads.of_person": lambda u: u.uploads.of_person(org, "pseudonym"),
        "exchanges.get": lambda u: u.exchanges.get(org, "E"),
        "exchanges.all": lambda u: u.exchanges.all(org),
        "held_records.get": lambda u: u.held_records.get(org, "E", "k"),
        "held_records.unseen": lambda u: u.held_records.unseen(org, "E", listing=9, limit=9),
        "held_records.count": lambda u: u.held_records.count(org, "E"),
        "held_records.count_entries": lambda u: u.held_records.count_entries(org, "E"),
        "lists.current": lambda u: u.lists.current(org, as_of=top),
        "versions.in_force": lambda u: u.versions.in_force(org, "rules", as_of=top),
        "versions.get": lambda u: u.versions.get(org, "rules", "h"),
        "versions.history": lambda u: u.versions.history(org, "rules"),
        "rule_versions.all": lambda u: u.rule_versions.all(org),
        "rule_versions.files": lambda u: u.rule_versions.files(org, "h"),
        "rule_versions.moves": lambda u: u.rule_versions.moves(org, as_of=top),
        "backtests.get": lambda u: u.backtests.get(org, EventId(9)),
        "backtests.newest": lambda u: u.backtests.newest(org, limit=9),
        "rule_measures.counts": lambda u: u.rule_measures.counts(org, HITS),
        "rule_measures.overlap": lambda u: u.rule_measures.overlap(org, HITS, "i"),
        "rule_measures.judged": lambda u: u.rule_measures.judged(org, HITS),
        "rule_measures.queues": lambda u: u.rule_measures.queues(org, HITS),
        "rule_measures.examples": lambda u: u.rule_measures.examples(org, HITS, limit=9),
        "people.get": lambda u: u.people.get(org, "p"),
        "people.by_name": lambda u: u.people.by_name(org, "nora"),
        "people.all": lambda u: u.people.all(org),
        "api_keys.all": lambda u: u.api_keys.all(org),
        "ledger_rows.rows": lambda u: u.ledger_rows.rows(org, EventId(0), up_to=top, limit=99),
        "ledger_rows.payload_digests": lambda u: u.ledger_rows.payload_digests(
            org, EventId(0), up_to=top
        ),
        "ledger_rows.history_end": lambda u: u.ledger_rows.history_end(org),
        "seals.last": lambda u: u.seals.last(org),
        "seals.all": lambda u: u.seals.all(org),
        "seals.sealed_up_to": lambda u: u.seals.sealed_up_to(org, history=False),
        "data_keys.get": lambda u: u.data_keys.get(org, "somebody"),
        "measures.removed": lambda u: u.measures.removed(org, **PERIOD),
        "measures.posted": lambda u: u.measures.posted(org, **PERIOD),
        "measures.actions": lambda u: u.measures.actions(org, **PERIOD),
    }


def changes_of(org: Org, filled: Filled) -> dict[str, Callable[[SqlUnit], object]]:
    """All that one organisation can change: nothing of another may move."""
    version = dict[str, Any](state=ItemState.DELETED, decision_id=EventId(1), revision=9)
    row = OutboxRow(
        org=org,
        id="1-0",
        decision_id=EventId(1),
        part=0,
        webhook_id="w",
        subject=VIDEO,
        subject_revision=1,
        body=b"",
        state=OutboxState.DUE,
        attempts=0,
        due_at=0,
    )
    return {
        "items.settle": lambda u: u.items.settle(org, VIDEO, "d", **version),
        "verdicts.replace_rules": lambda u: u.verdicts.replace_rules(
            org, VIDEO, "d", "item.posted", []
        ),
        "verdicts.withdraw": lambda u: u.verdicts.withdraw(org, filled.event),
        "quotas.end": lambda u: u.quotas.end(org, "R", "remove", at=EventId(11)),
        "uses.trip": lambda u: u.uses.trip(org, "R", "remove", window_ms=DAY_MS, began=0),
        "snoozes.held": lambda u: u.snoozes.held(org, EventId(9)),
        "snoozes.wake": lambda u: u.snoozes.wake(org, EventId(9), at=EventId(11)),
        "unsent.cancel": lambda u: u.unsent.cancel(org, VIDEO, 1),
        "outbox.mark": lambda u: u.outbox.mark(row, state=OutboxState.DEAD, due_at=1, error="e"),
        "outbox.replay": lambda u: u.outbox.replay(org, "1-0", "w", now_ms=3),
        "webhooks.remove": lambda u: u.webhooks.remove(org, "w"),
        "banks.remove": lambda u: u.banks.remove(org, "b"),
        "entries.change": lambda u: u.entries.change(
            replace(u.entries.get(org, EventId(7)), label="changed")
        ),
        "entries.remove": lambda u: u.entries.remove(org, EventId(7)),
        "uploads.forget_before": lambda u: u.uploads.forget_before(org, EventId(10)),
        "uploads.remove": lambda u: u.uploads.remove(org, EventId(9)),
        "exchanges.remove": lambda u: u.exchanges.remove(org, "E"),
        "held_records.remove": lambda u: u.held_records.remove(org, "E", "k"),
        "scans.done": lambda u: u.scans.done(org, EventId(8)),
        "data_keys.destroy": lambda u: u.data_keys.destroy(org, "somebody"),
        "projections.forget": lambda u: u.projections.forget(
            org, ANNA, u.data_keys._vault.pseudonym(org, ANNA)
        ),
    }


WRITES = {
    "log.append",
    "history.append",
    "items.put",
    "accounts.put",
    "views.add",
    "views.pace",
    "reports.file",
    "call_keys.keep",
    "decisions.save",
    "verdicts.put",
    "labels.put",
    "quotas.put",
    "uses.add",
    "snoozes.put",
    "cases.put",
    "exposures.add",
    "webhooks.put",
    "outbox.add",
    "banks.put",
    "entries.add",
    "entry_hits.put",
    "feedback.put",
    "uploads.add",
    "exchanges.put",
    "held_records.put",
    "lists.put",
    "versions.put",
    "rule_hits.add",
    "rule_versions.put",
    "rule_versions.move",
    "backtests.put",
    "scans.add",
    "people.put",
    "sessions.put",
    "api_keys.put",
    "organisations.add",
    "seals.add",
    "data_keys.put",
}
"""Done by `fill`, for both organisations, under the same keys."""

OF_ALL = {
    "backtests.interrupt",
    "log.after",
    "recall.of_kind",
    "items.all_current",
    "accounts.all",
    "views.at_least",
    "decisions.restricting",
    "call_keys.forget_before",
    "overdue.counts",
    "overdue.held",
    "overdue.unannounced",
    "overdue.undecided",
    "outbox.due",
    "scans.claim",
    "scans.waiting",
    "scans.release_all",
    "entry_hits.forget_before",
    "cursors.get",
    "cursors.move",
    "sessions.get",
    "sessions.end",
    "sessions.end_before",
    "api_keys.get",
    "organisations.all",
    "ledger_rows.low_watermark",
    "ledger_rows.orgs",
    "sweeps.sweep",
}
"""Asked by the house itself over all organisations, or by a key that names its organisation."""


def test_no_method_is_left_out() -> None:
    declared = {
        f"{name}.{method}"
        for name, prop in vars(UnitOfWork).items()
        if isinstance(prop, property)
        for method in vars(get_type_hints(prop.fget)["return"])
        if not method.startswith("_")
    }

    asked = set(of_org(MAIN, Filled())) | set(changes_of(MAIN, Filled()))
    assert declared == asked | WRITES | OF_ALL
    assert not asked & (WRITES | OF_ALL)


def both(store: SqlStore) -> tuple[Filled, Filled]:
    def work(uow: SqlUnit) -> tuple[Filled, Filled]:
        return fill(uow, MAIN, 1), fill(uow, OTHER, 2)

    return store.write(work)


def answers(store: SqlStore, org: Org, filled: Filled) -> dict[str, object]:
    # Claiming writes, so all is asked in a work that is taken back.
    class TakenBack(Exception):  # not an error at all
        pass

    found: dict[str, object] = {}

    def work(uow: SqlUnit) -> None:
        for name, ask in of_org(org, filled).items():
            found[name] = ask(uow)
        raise TakenBack

    with pytest.raises(TakenBack):
        store.write(work)
    return found


def test_nothing_of_one_organisation_is_found_in_the_other(store: SqlStore) -> None:
    alone = store.write(lambda uow: fill(uow, MAIN, 1))
    before = answers(store, MAIN, alone)
    nobody = answers(store, OTHER, alone)

    store.write(lambda uow: fill(uow, OTHER, 2))

    assert answers(store, MAIN, alone) == before
    empty = [name for name, answer in before.items() if not answer]
    assert empty == []
    leaked = [name for name, answer in nobody.items() if answer and answer != (0, 0)]
    assert leaked == []


@pytest.mark.parametrize("change", sorted(changes_of(MAIN, Filled())))
def test_a_change_in_one_organisation_leaves_the_other_alone(store: SqlStore, change: str) -> None:
    main, other = both(store)
    before = answers(store, OTHER, other)
    main_before = answers(store, MAIN, main)

    if change == "outbox.replay":
        store.write(changes_of(MAIN, main)["outbox.mark"])
        store.write(changes_of(OTHER, other)["outbox.mark"])
        before = answers(store, OTHER, other)
        main_before = answers(store, MAIN, main)
    store.write(changes_of(MAIN, main)[change])

    assert answers(store, OTHER, other) == before
    if change != "scans.done":
        assert answers(store, MAIN, main) != main_before


def test_what_is_asked_over_all_organisations_names_each(store: SqlStore) -> None:
    both(store)

    def read(uow: SqlUnit) -> list[set[object]]:
        return [
            {event.org for event in uow.log.after(EventId(0), limit=99)},
            {org for org, _ in uow.items.all_current()},
            {org for org, _ in uow.accounts.all()},
            {org for org, _, _ in uow.views.at_least(100)},
            {org for org, _, _ in uow.decisions.restricting()},
            {row.org for row in uow.outbox.due(now_ms=NOW_MS, limit=99)},
            set(uow.organisations.all()),
            set(uow.ledger_rows.orgs()),
        ]

    assert store.read(read) == [{MAIN, OTHER}] * 8
    claimed = store.write(lambda uow: uow.scans.claim(now_ms=1, until_ms=9, limit=99))
    assert {(task.org, task.version) for task in claimed} == {(MAIN, "main"), (OTHER, "other")}
    assert store.write(lambda uow: uow.scans.release_all(now_ms=1)) == 2
    store.write(lambda uow: uow.scans.done(MAIN, EventId(8)))
    assert store.read(lambda uow: uow.scans.waiting()) == 1


def test_keys_and_sessions_say_whose_they_are(store: SqlStore) -> None:
    both(store)

    session = store.read(lambda uow: uow.sessions.get("token-other"))
    key = store.read(lambda uow: uow.api_keys.get("key-other"))

    assert session is not None
    assert key is not None
    assert (session.org, key.org) == (OTHER, OTHER)
    store.write(lambda uow: uow.sessions.end("token-main"))
    assert store.read(lambda uow: uow.sessions.get("token-main")) is None
    assert store.read(lambda uow: uow.sessions.get("token-other")) == session
    swept = store.write(lambda uow: uow.sweeps.sweep(Retention(), now_ms=NOW_MS))
    assert swept == {
        "call_keys": 0,
        "sessions": 1,
        "rule_hits": 0,
        "outbox": 0,
        "uses": 2,
        "snoozes": 0,
    }
    assert make_id(NOW_MS) > store.read(lambda uow: uow.cursors.get("nobody"))
