"""The web application over a small community, and the people and machines that call it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from starlette.testclient import TestClient

from fieldfare.access import (
    Permission,
    Person,
    RoleName,
    Scope,
    hash_password,
    make_key,
    open_session,
    permissions_of_roles,
    permissions_of_scopes,
    principal_of_person,
)
from fieldfare.platform import Platform
from fieldfare.records import Webhook
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_comment, a_community, a_video

PASSWORD: Final = "seven quiet herons"  # noqa: S105  # of made-up people
_SECRET: Final = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="  # noqa: S105  # likewise
_REPORT: Final = {"kind": "report.filed", "item": {"kind": "video", "host_id": "v1"}}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody or something with credentials, and what they may do."""

    name: str
    headers: dict[str, str]
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class Site:
    """The application over a community."""

    community: Community
    app: FastAPI

    def client(self, **more: Any) -> TestClient:  # noqa: ANN401  # the client's own
        """Give a client that follows no redirect and gets problems instead of exceptions."""
        return TestClient(self.app, follow_redirects=False, **more)

    def person(self, name: str, *roles: RoleName) -> Person:
        """Make a person, or find the one of that name."""
        store, org = self.community.platform.store, self.community.org
        found = store.read(lambda uow: uow.people.by_name(org, name))
        if found is not None:
            return found
        made = Person(
            org=org,
            id=f"id-{name}",
            name=name,
            pseudonym=f"reviewer-{name}",
            password_hash=hash_password(PASSWORD),
            roles=frozenset(roles),
        )
        store.write(lambda uow: uow.people.put(made))
        return made

    def signed_in(self, name: str, *roles: RoleName) -> Caller:
        """Open a session of its own for a person."""
        principal = principal_of_person(self.person(name, *roles))
        platform = self.community.platform
        token, session = open_session(principal, now_ms=platform.clock.now_ms())
        platform.store.write(lambda uow: uow.sessions.put(session))
        headers = {"cookie": f"ff_session={token}", "x-csrf-token": session.csrf}
        return Caller(name, headers, permissions_of_roles(roles))

    def keyed(self, *scopes: Scope) -> Caller:
        """Make a key."""
        platform, org = self.community.platform, self.community.org
        text, record = make_key(org, scopes=scopes, note="", created_at=0)
        platform.store.write(lambda uow: uow.api_keys.put(record))
        name = "key " + ", ".join(scopes)
        return Caller(name, {"authorization": f"Bearer {text}"}, permissions_of_scopes(scopes))


@contextmanager
def a_site(folder: Path, serve: Callable[[Platform], FastAPI]) -> Iterator[Site]:
    """Make a community with a scanned video and twelve comments under review.

    serve: makes the application over its platform; the web stands beside this room, not below.
    """
    with a_community(folder / "home") as community:
        hook = Webhook(org=community.org, id="host", url="https://127.0.0.1:9/", secrets=(_SECRET,))
        community.subscribe(hook)
        _fill(community, folder)
        yield Site(community, serve(community.platform))


def _fill(community: Community, folder: Path) -> None:
    """Post a little of everything, and let people report it."""
    clip = write_clip(folder / "clip.webm", Clip(codec="vp9", frames=20))
    video = a_video(caption="a quiet pond, zorblat", hashtags=("pond",), language="en")
    community.posted(video, clip)
    for number in range(12):
        host_id = f"c{number}"
        community.posted(a_comment("zorblat at the pond", host_id=host_id))
    community.send(
        *(
            {**_REPORT, "key": f"r{number}", "reporter": f"z{number}", "reason": "imminent_harm"}
            for number in range(3)
        )
    )
