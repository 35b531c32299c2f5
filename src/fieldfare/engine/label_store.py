"""What the engine asks of the store for the current labels of entities."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.rules.label_book import EntityLabels
from fieldfare.rules.labels import Entity


class Labels(Protocol):
    """The current labels of entities, each under the key of the person its last change is about."""

    def get(self, org: Org, entity: Entity, /) -> EntityLabels | None: ...

    def put(self, org: Org, entity: Entity, labels: EntityLabels, /, *, changed: EventId) -> None:
        """Keep the labels of an entity; `changed` is the event of the last change."""
        ...

    def all(self, org: Org, /) -> Iterator[tuple[Entity, EntityLabels]]: ...

    def of_person(self, org: Org, pseudonym: str, /) -> Sequence[Entity]:
        """Name the entities whose labels are kept under a person's key."""
        ...
