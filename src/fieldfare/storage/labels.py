"""The current labels of entities, on a database: each under the key of its last change's person."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from fieldfare.kernel import EventId, Org
from fieldfare.ledger.keys import ORGANISATION, Vault, payload_aad
from fieldfare.ledger.repositories import DataKeys
from fieldfare.rules.label_book import EntityLabels
from fieldfare.rules.labels import Entity
from fieldfare.storage.statements import Statement, upsert
from fieldfare.storage.tables import entity_labels, payloads
from fieldfare.storage.transaction import Transaction, only

_OF_ORG: Final = (
    select(
        entity_labels.c.type,
        entity_labels.c.id,
        entity_labels.c.person,
        entity_labels.c.changed,
        entity_labels.c.body,
    )
    .where(entity_labels.c.org == bindparam("org"))
    .order_by(entity_labels.c.type, entity_labels.c.id)
)
_ALL: Final = Statement(_OF_ORG)
_GET: Final = Statement(
    _OF_ORG.where(
        entity_labels.c.type == bindparam("of_type"), entity_labels.c.id == bindparam("of_id")
    )
)
_OF_PERSON: Final = Statement(_OF_ORG.where(entity_labels.c.person == bindparam("of_person")))
_PUT: Final = upsert(entity_labels)
_PERSON_OF: Final = Statement(
    select(payloads.c.person).where(
        payloads.c.org == bindparam("org"), payloads.c.id == bindparam("event")
    )
)

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(EntityLabels).decode


class SqlLabels:
    """`engine.label_store.Labels`. What cannot be read since its person was erased is none."""

    def __init__(self, tx: Transaction, keys: DataKeys, vault: Vault) -> None:
        self._tx = tx
        self._keys = keys
        self._vault = vault

    def get(self, org: Org, entity: Entity, /) -> EntityLabels | None:
        row = self._tx.row(_GET, org=org, of_type=entity.type, of_id=entity.id)
        return None if row is None else self._open(org, *row[2:])

    def put(self, org: Org, entity: Entity, labels: EntityLabels, /, *, changed: EventId) -> None:
        person = only(self._tx.row(_PERSON_OF, org=org, event=changed)) or ORGANISATION
        key = self._vault.writing_key(self._keys, org, person)
        body = key.encrypt(_encode(labels), payload_aad(org, changed))
        self._tx.insert(_PUT, (org, entity.type, entity.id, person, changed, body))

    def all(self, org: Org, /) -> Iterator[tuple[Entity, EntityLabels]]:
        for row in self._tx.rows(_ALL, org=org):
            labels = self._open(org, *row[2:])
            if labels is not None:
                yield Entity(row[0], row[1]), labels

    def of_person(self, org: Org, pseudonym: str, /) -> Sequence[Entity]:
        rows = self._tx.rows(_OF_PERSON, org=org, of_person=pseudonym)
        return [Entity(row[0], row[1]) for row in rows]

    def _open(self, org: Org, person: str, changed: EventId, body: bytes) -> EntityLabels | None:
        key = self._vault.reading_key(self._keys, org, person)
        clear = key.decrypt(body, payload_aad(org, changed)) if key is not None else None
        return None if clear is None else _decode(clear)
