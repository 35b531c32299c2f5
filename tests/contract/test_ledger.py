"""Seals, verification and erasure over a real database, tampered with behind the store's back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldfare.decisions.record import Conclusion, decided_by, event_of
from fieldfare.ingest.repositories import Account
from fieldfare.kernel import Org, SimulatedClock
from fieldfare.ledger import ERASED, Erased, Heads, Sealer, Vault, Verification, audit, erase
from fieldfare.records import (
    Event,
    ItemState,
    ItemVersion,
    Judgement,
    MediaRef,
    NewEvent,
    Reason,
    Restriction,
    Subject,
    Verdict,
    Voice,
)
from fieldfare.storage import SqlStore
from fieldfare.storage.unit import SqlUnit

MAIN, OTHER = Org("main"), Org("other")
INSERTED = """INSERT INTO events
SELECT org, id + 1, kind, subject, person, occurred_at, payload FROM events WHERE id = {0}"""
ANNA, BEA = Subject("account", "anna-host-id"), Subject("account", "bea-host-id")
VIDEO = Subject("video", "v1")


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def heads(tmp_path: Path) -> Heads:
    return Heads(tmp_path / "keys" / "heads.json")


@pytest.fixture
def sealer(store: SqlStore, clock: SimulatedClock, key: Ed25519PrivateKey, heads: Heads) -> Sealer:
    return Sealer(store, clock, key=key, heads=heads)


Check = Callable[[], Verification]


@pytest.fixture
def check(store: SqlStore, clock: SimulatedClock, key: Ed25519PrivateKey, heads: Heads) -> Check:
    def run() -> Verification:
        public, head = key.public_key(), heads.of(MAIN)
        return store.read(lambda uow: audit(uow, MAIN, public, head=head, now_ms=clock.now_ms()))

    return run


def append(
    store: SqlStore, count: int = 3, *, person: Subject | None = ANNA, org: Org = MAIN
) -> list[Event]:
    def work(uow: SqlUnit) -> list[Event]:
        events: list[Event] = []
        for number in range(count):
            causes = (events[-1].id,) if events else ()
            events.append(
                uow.log.append(
                    org,
                    NewEvent(
                        kind="item.posted",
                        subject=Subject("comment", f"c{number}"),
                        person=person,
                        data={"text": f"blorp {number}"},
                        causes=causes,
                    ),
                )
            )
        return events

    return store.write(work)


def tamper(store: SqlStore, sql: str, *ids: int) -> None:
    """Run SQL past the repositories, with ids put in the places of {0}, {1}..."""
    store.write(lambda uow: uow.log._tx.control(sql.format(*ids)))


def test_what_is_sealed_and_untouched_is_whole(
    store: SqlStore, sealer: Sealer, check: Check, clock: SimulatedClock
) -> None:
    append(store, 3)
    append(store, 2, org=OTHER)
    sealed = sealer.seal_once()
    append(store, 4)
    again = sealer.seal_once()
    clock.advance(10)
    append(store, 2)
    clock.advance(500)

    found = check()

    assert (sealed, again, sealer.seal_once() > 0) == (5, 4, True)
    assert found.is_whole
    assert (found.rows, found.seals, found.unsealed, found.oldest_unsealed_ms) == (9, 2, 2, 500)


def test_nothing_new_needs_no_seal(store: SqlStore, sealer: Sealer) -> None:
    append(store)

    assert [sealer.seal_once(), sealer.seal_once()] == [3, 0]
    assert len(store.read(lambda uow: uow.seals.all(MAIN))) == 1


def test_history_is_sealed_whenever_it_comes(
    store: SqlStore, sealer: Sealer, check: Check, clock: SimulatedClock
) -> None:
    past = clock.now_ms() - 1_000_000

    def import_history(at: int) -> None:
        event = NewEvent(kind="item.posted", subject=VIDEO, data={}, occurred_at=at)
        store.write(lambda uow: uow.history.append(MAIN, [event, event]))

    import_history(past)
    append(store)
    sealer.seal_once()
    import_history(past + 10)
    unsealed = check()
    sealer.seal_once()
    append(store)
    sealer.seal_once()

    assert unsealed.is_whole
    assert unsealed.unsealed == 2
    found = check()
    assert (found.problems, found.rows, found.unsealed, found.seals) == ((), 10, 0, 4)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE events SET kind = 'item.change' WHERE id = {1}", "a row was changed"),
        ("UPDATE events SET subject = person WHERE id = {1}", "a row was changed"),
        ("UPDATE event_causes SET cause = cause + 1 WHERE id = {2}", "a row was changed"),
        ("DELETE FROM event_causes WHERE id = {2}", "a row was changed"),
        ("DELETE FROM events WHERE id = {1}", "1 rows were taken out"),
        ("DELETE FROM events WHERE id = {2}", "1 rows were taken out"),
        (INSERTED, "1 rows were put in"),
        (
            "UPDATE payloads SET body = (SELECT body FROM payloads WHERE id = {0}) WHERE id = {1}",
            "the payload of event {1} was changed",
        ),
        ("DELETE FROM payloads WHERE id = {1}", "gone without an erasure"),
        ("DELETE FROM seals WHERE number = 1", "seal 1 is missing"),
        ("DELETE FROM seals WHERE number = 2", "the tail was cut off"),
        ("UPDATE seals SET at = at - 1 WHERE number = 1", "seal 1 was changed"),
        ("UPDATE seals SET signature = link || link WHERE number = 2", "seal 2 is not signed"),
    ],
)
def test_a_change_behind_the_stores_back_is_found(
    store: SqlStore, sealer: Sealer, check: Check, clock: SimulatedClock, *, sql: str, words: str
) -> None:
    first = append(store, 1)
    clock.advance(1)
    first += append(store, 2)
    sealer.seal_once()
    append(store, 1)
    sealer.seal_once()
    ids = [event.id for event in first]

    tamper(store, sql, *ids)

    found = check()
    assert not found.is_whole
    assert words.format(*ids) in " / ".join(found.problems)


def test_a_tail_cut_off_rows_and_seals_alike_is_found(
    store: SqlStore, sealer: Sealer, check: Check
) -> None:
    append(store, 3)
    sealer.seal_once()
    tail = append(store, 2)
    sealer.seal_once()

    tamper(store, "DELETE FROM seals WHERE number = 2")
    tamper(store, "DELETE FROM events WHERE id >= {0}", tail[0].id)

    assert check().problems == ("the tail was cut off: seal 2 is remembered, 1 are left",)


def test_a_chain_signed_with_another_key_is_found(
    store: SqlStore, clock: SimulatedClock, check: Check, tmp_path: Path
) -> None:
    append(store)
    forger = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
    Sealer(store, clock, key=forger, heads=Heads(tmp_path / "forged")).seal_once()

    assert "seal 1 is not signed" in check().problems[0]


def forget(store: SqlStore, vault: Vault, person: Subject = ANNA) -> Erased:
    return store.write(lambda uow: erase(uow, vault, MAIN, person))


def test_an_erasure_leaves_the_log_whole_and_is_stated(
    store: SqlStore, vault: Vault, sealer: Sealer, check: Check
) -> None:
    annas = append(store, 3)
    beas = append(store, 2, person=BEA)
    sealer.seal_once()

    erased = forget(store, vault)
    sealer.seal_once()

    found = check()
    assert (found.problems, found.erased, erased.payloads) == ((), 3, 3)
    gone = store.read(lambda uow: uow.log.get(MAIN, annas[1].id))
    pseudonym = vault.pseudonym(MAIN, ANNA)
    assert gone is not None
    assert gone.data is None
    assert gone.person == Subject(ERASED, pseudonym)
    assert gone.causes == annas[1].causes
    assert store.read(lambda uow: uow.log.get(MAIN, beas[1].id)) == beas[1]
    told = store.read(lambda uow: uow.log.get(MAIN, erased.event_id))
    assert told is not None
    assert told.kind == "account.erased"
    assert told.subject == Subject(ERASED, pseudonym)
    assert "anna" not in repr(told)


def test_an_erasure_excuses_only_what_came_before_it(
    store: SqlStore, vault: Vault, sealer: Sealer, check: Check
) -> None:
    append(store, 1)
    forget(store, vault)
    (back,) = append(store, 1)
    sealer.seal_once()
    tamper(store, "DELETE FROM payloads WHERE id = {0}", back.id)

    found = check()

    assert found.erased == 1
    assert found.problems == (
        f"the payload of event {back.id} is gone without an erasure on the log",
    )


def test_who_comes_back_after_an_erasure_gets_a_new_key(store: SqlStore, vault: Vault) -> None:
    (before,) = append(store, 1)
    forget(store, vault)

    (after,) = append(store, 1)

    assert store.read(lambda uow: uow.log.get(MAIN, after.id)) == after
    old = store.read(lambda uow: uow.log.get(MAIN, before.id))
    assert old is not None
    assert old.data is None


def test_a_destroyed_key_stays_destroyed_for_a_reader_with_an_older_view(
    store: SqlStore, vault: Vault
) -> None:
    (event,) = append(store, 1)

    def look_again(uow: SqlUnit) -> None:
        forget(store, vault)
        uow.log.get(MAIN, event.id)

    store.read(look_again)

    found = store.read(lambda uow: uow.log.get(MAIN, event.id))
    assert found is not None
    assert found.data is None
    wrapped = store.read(lambda uow: uow.data_keys.get(MAIN, vault.pseudonym(MAIN, ANNA)))
    assert wrapped is None


def test_an_erasure_that_is_taken_back_changes_nothing(store: SqlStore, vault: Vault) -> None:
    (event,) = append(store, 1)

    def fails(uow: SqlUnit) -> None:
        erase(uow, vault, MAIN, ANNA)
        raise KeyError("no")

    assert isinstance(store.submit(fails).exception(), KeyError)
    assert store.read(lambda uow: uow.log.get(MAIN, event.id)) == event
    (again,) = append(store, 1)
    assert store.read(lambda uow: uow.log.get(MAIN, again.id)) == again


def test_nothing_in_the_projections_names_who_was_erased(store: SqlStore, vault: Vault) -> None:
    def work(uow: SqlUnit) -> None:
        event = uow.log.append(
            MAIN, NewEvent(kind="item.posted", subject=VIDEO, person=ANNA, data={"text": "blorp"})
        )
        part = MediaRef(sha256="a" * 64, size=1, name="anna-host-id.mp4")
        uow.items.put(
            MAIN,
            ItemVersion(
                subject=VIDEO,
                number=1,
                digest="d",
                state=ItemState.RECEIVED,
                author=ANNA,
                market="",
                media=(part,),
                event_id=event.id,
                posted_at=event.at,
            ),
        )
        uow.accounts.put(MAIN, Account(subject=ANNA, created_at=0))
        uow.reports.file(MAIN, VIDEO, event.id, reporter=ANNA)
        restriction = Restriction(kind="suspend", policy="P")
        verdict = Verdict(
            by=Voice.RULE,
            author="r",
            subject=VIDEO,
            version="d",
            event_id=event.id,
            reasons=(Reason(by="r", description="anna-host-id said blorp"),),
        )
        uow.verdicts.replace_rules(MAIN, VIDEO, "d", "item.posted", [verdict])
        conclusion = Conclusion(
            version="",
            revision=1,
            judgement=Judgement(
                action="suspend",
                policy="P",
                by=Voice.RULE,
                restrictions=(restriction,),
                reasons=verdict.reasons,
            ),
            pack="p",
            rule_set="r",
            models={},
        )
        made = uow.log.append(MAIN, event_of(conclusion, ANNA, person=ANNA, causes=()))
        uow.decisions.save(decided_by(made, conclusion), posted_at=0, views=0)

    store.write(work)

    erased = forget(store, vault)

    pseudonym = Subject("account", vault.pseudonym(MAIN, ANNA))
    assert erased.rows == 4
    assert "anna" not in repr(store.read(everything_stored))
    item = store.read(lambda uow: uow.items.current(MAIN, VIDEO))
    assert item is not None
    assert (item.author, item.media) == (pseudonym, ())
    (decision,) = store.read(lambda uow: uow.decisions.of_subject(MAIN, pseudonym))
    assert decision.judgement.restrictions == (Restriction(kind="suspend", policy="P"),)
    assert decision.judgement.reasons == ()
    assert store.read(lambda uow: uow.reports.count(MAIN, VIDEO)) == (1, 1)
    assert forget(store, vault).payloads == 0


def everything_stored(uow: SqlUnit) -> list[object]:
    from fieldfare.storage.tables import metadata

    cursor = uow.log._tx.connection.cursor()
    found: list[object] = []
    for name in metadata.tables:
        cursor.execute(f"SELECT * FROM {name}")  # noqa: S608  # names of our own tables
        found += [bytes(v) if isinstance(v, memoryview) else v for row in cursor for v in row]
    return found
