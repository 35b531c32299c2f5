"""What the pages call queues, banks, rules' values and the person who looks."""

import pytest
from starlette.testclient import TestClient

from fieldfare.access import RoleName
from fieldfare.kernel import EventId
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.testing.sites import Caller, Site

HTML = {"accept": "text/html"}


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


@pytest.fixture
def everything(site: Site) -> Caller:
    return site.signed_in("both", RoleName.ADMIN, RoleName.REVIEWER)


def test_a_person_is_shown_the_name_they_signed_in_by(client: TestClient, site: Site) -> None:
    who = site.signed_in("wren", RoleName.REVIEWER)

    page = client.get("/review", headers={**who.headers, **HTML}).text

    assert '<span title="Others see you as reviewer-wren">wren</span>' in page


def test_queues_are_named_in_words(client: TestClient, everything: Caller) -> None:
    for path in ("/review", "/overview"):
        page = client.get(path, headers={**everything.headers, **HTML}).text
        assert '<span class="cut" title="harassment">Harassment</span>' in page


def test_a_value_that_is_not_known_yet_is_no_brace(client: TestClient, everything: Caller) -> None:
    page = client.get("/rules", headers={**everything.headers, **HTML}).text

    assert "{_" not in page
    assert "… accounts</span> within ten minutes" in page


def test_a_bank_of_our_own_says_so_and_counts_in_words(
    client: TestClient, site: Site, everything: Caller
) -> None:
    bank = BankRecord(
        org=site.community.org, name="_decided.VE.TERROR", policy="VE.TERROR", vetted=True
    )
    entry = BankEntryRecord(
        org=site.community.org,
        id=EventId(1),
        bank=bank.name,
        label="a tone",
        sha256="0" * 64,
        added_at=0,
        changed=EventId(1),
    )
    store = site.community.platform.store
    store.write(lambda uow: uow.banks.put(bank))
    store.write(lambda uow: uow.entries.add(entry))

    banks = client.get("/banks", headers={**everything.headers, **HTML}).text
    page = client.get("/banks/_decided.VE.TERROR", headers={**everything.headers, **HTML}).text

    assert ">Decided here: VE.TERROR</a>" in banks
    assert "<h1>Decided here: VE.TERROR</h1>" in page
    assert "1 entry</small>" in page


def test_every_column_of_the_webhooks_has_a_head(client: TestClient, everything: Caller) -> None:
    page = client.get("/outbox", headers={**everything.headers, **HTML}).text

    table = page[page.index("Webhooks") :]
    head = table[: table.index("<tbody>")]
    assert head.count('<th scope="col">') == 4
