"""Who acts where nobody signs in: the one key that was named when the listener was started.

HMA has no sign-in, so its clients send none. Each request here is that key's: it may do what the
key may, for as long as the key is not revoked, and what it changes is on the log under its name.
"""

from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.params import Depends as DependsMarker

from fieldfare.access import Permission, Principal, principal_of_key
from fieldfare.access.repositories import ApiKey
from fieldfare.engine.hash_lookup import HashLookup
from fieldfare.kernel import BadInput, NotPermitted
from fieldfare.web.served import Served

KEPT_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Acting:
    """What the routes of HMA need. policy: of banks that are made here, "" where none is named."""

    platform: Served
    key_id: str
    policy: str
    lookup: HashLookup
    _kept: dict[str, tuple[int, ApiKey]] = field(default_factory=dict)

    def principal(self) -> Principal:
        """Give the key as the one who asks. Raises NotPermitted once it is revoked.

        It is read anew every two seconds, as keys are that are sent along.
        """
        now_ms = self.platform.clock.now_ms()
        until, key = self._kept.get(self.key_id, (0, None))
        if until <= now_ms:
            key = self.platform.store.read(lambda uow: uow.api_keys.get(self.key_id))
            if key is not None:
                self._kept[self.key_id] = (now_ms + KEPT_MS, key)
        if key is None or (key.revoked_at is not None and key.revoked_at <= now_ms):
            hint = "Start the server with --hma-key and the id of a key that is valid."
            raise NotPermitted("the key this API acts by is not valid", hint=hint)
        return principal_of_key(key)


def acting_key(platform: Served, key_id: str) -> Principal:
    """Check the key at start. Raises BadInput if there is none such."""
    key = platform.store.read(lambda uow: uow.api_keys.get(key_id))
    if key is None or key.revoked_at is not None:
        hint = "List them: fieldfare key list; make one: fieldfare key create banks"
        raise BadInput(f"there is no valid key {key_id!r} for the HMA API to act by", hint=hint)
    return principal_of_key(key)


def of_app(request: Request) -> Acting:
    """Give what the application was made with."""
    acting = request.app.state.acting
    assert isinstance(acting, Acting)  # noqa: S101  # create_hma_app has put it there
    return acting


@dataclass(frozen=True, slots=True)
class HmaGuard:
    """The dependency that lets the acting key through if it holds one permission."""

    permission: Permission

    async def __call__(self, request: Request) -> Principal:
        # Once in two seconds it reads one row; a turn in the pool of threads each time costs more.
        principal = of_app(request).principal()
        principal.must(self.permission)
        request.state.pseudonym = principal.pseudonym
        return principal


def acts(permission: Permission) -> DependsMarker:
    """Declare the permission of a route of HMA."""
    return DependsMarker(HmaGuard(permission))


Hma = Annotated[Acting, Depends(of_app)]
Reader = Annotated[Principal, acts(Permission.BANKS_READ)]
Curator = Annotated[Principal, acts(Permission.BANKS_WRITE)]
ExchangeKeeper = Annotated[Principal, acts(Permission.EXCHANGES_ADMIN)]
