"""Every route, asked by every role and every kind of key."""

import re

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Route

from fieldfare.access import Permission, RoleName, Scope
from fieldfare.testing.sites import Caller, Site
from fieldfare.web import create_app, open_to_all, requires
from fieldfare.web.guards import Guard, Open, RouteUndeclared, declared

WHO = [*RoleName, *Scope, None]


def nothing() -> None:
    """Answer nothing; the routes made here never get as far."""


def guarded(site: Site) -> list[tuple[str, str, Permission]]:
    found = []
    for route in site.app.routes:
        for guard in declared(route):
            if isinstance(route, APIRoute) and isinstance(guard, Guard):
                path = re.sub(r"\{(\w+)(:\w+)?\}", "1", route.path)
                found += [(method, path, guard.permission) for method in route.methods or ()]
    return found


def caller(site: Site, who: RoleName | Scope | None) -> Caller:
    if who is None:
        return Caller("nobody", {}, frozenset())
    if isinstance(who, RoleName):
        return site.signed_in(f"all-{who.value}", who)
    return site.keyed(who)


@pytest.mark.parametrize("who", WHO, ids=str)
def test_a_route_lets_in_exactly_those_who_hold_its_permission(
    site: Site, who: RoleName | Scope | None
) -> None:
    client = site.client()
    wrong = []
    for method, path, permission in guarded(site):
        asking = caller(site, who)
        headers = {"accept": "application/json", **asking.headers}

        answer = client.request(method, path, headers=headers)

        kind = answer.json().get("type", "") if answer.status_code in {401, 403} else ""
        refused = kind in {
            "urn:fieldfare:problem:not-permitted",
            "urn:fieldfare:problem:not-signed-in",
        }
        if refused is (permission in asking.permissions):
            wrong.append((method, path, permission.value, answer.status_code, kind))
    assert wrong == []


def test_there_are_routes_to_walk(site: Site) -> None:
    assert len(guarded(site)) > 30


def test_open_routes_are_few_and_say_why(site: Site) -> None:
    opened = {
        route.path: guard.why
        for route in site.app.routes
        for guard in declared(route)
        if isinstance(route, APIRoute) and isinstance(guard, Open)
    }

    assert set(opened) == {"/health", "/sign-in", "/theme"}
    assert all(opened.values())


def test_the_application_refuses_to_start_with_an_undeclared_route(site: Site) -> None:
    router = APIRouter()
    router.add_api_route("/forgotten", nothing)

    with pytest.raises(RouteUndeclared, match="/forgotten"):
        create_app(site.community.platform, more_routers=[router])


def test_the_application_refuses_a_route_that_declares_two_things(site: Site) -> None:
    router = APIRouter()
    both = [requires(Permission.GATE), open_to_all("a mistake")]
    router.add_api_route("/both", nothing, dependencies=both)

    with pytest.raises(RouteUndeclared, match="/both"):
        create_app(site.community.platform, more_routers=[router])


def test_the_application_refuses_a_plain_route_that_is_not_listed(site: Site) -> None:
    router = APIRouter()
    router.routes.append(Route("/plain", endpoint=print, name="plain"))

    with pytest.raises(RouteUndeclared, match="plain"):
        create_app(site.community.platform, more_routers=[router])
