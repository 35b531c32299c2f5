"""What the web needs of the platform. The composition root has all of it; a test builds its own."""

from typing import Protocol

from fieldfare.engine.health import Health
from fieldfare.engine.settings import Settings
from fieldfare.engine.unit import Store
from fieldfare.kernel import Clock


class Served(Protocol):
    """The platform as the frame and the pages see it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...

    def health(self) -> Health: ...
