"""The console's front: every request passes here, in this order: session, role, CSRF token, entry in the log, handler.

The rule: deny by default. A path is a route of a screen, and a route without a line in `roles.ROUTES` keeps the console
from starting; what a handler of a POST did without an entry is not shown.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from secrets import compare_digest
from typing import Any

import structlog
from aiohttp import web

from gateway.console.desk import Desk
from gateway.console.entrance import Entrance, session_cookie
from gateway.console.pages import HEADERS
from gateway.console.roles import ROUTES
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.evidence.contract import EvidenceUnavailable
from gateway.store.database import StoreError

MOST_BYTES = 256 * 1024
_STATIC = {"console.css": "text/css", "mark.svg": "image/svg+xml"}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ADDRESSABLE = re.compile(r"[^\x00-\x1f\x7f<>\"\\]{0,200}")
_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{9,10}|[0-9]{12,13})(?![0-9])")
_log = structlog.get_logger("gateway.console")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RouteError(Exception):
    """A screen's route has no line in the table of roles, or comes twice."""


def application(desk: Desk, screens: Sequence[Screen]) -> web.Application:
    """Return the console as an aiohttp application. Raises `RouteError`."""
    app = web.Application(client_max_size=MOST_BYTES, middlewares=[_errors(desk)])
    entrance = Entrance(desk, screens)
    app.router.add_get("/login", entrance.show)
    app.router.add_post("/login", entrance.log_in)
    app.router.add_get("/static/{name}", _static())
    frame = Screen("home", None, entrance.routes())
    seen: set[str] = set()
    for route in (route for screen in (frame, *screens) for route in screen.routes):
        if route.name not in ROUTES or route.name in seen:
            raise RouteError(f"the route {route.name} must stand exactly once in the table of roles and routes")
        seen.add(route.name)
        app.router.add_route(route.method, route.path, _guarded(desk, route))
    app.on_response_prepare.append(_headers)
    return app


def _guarded(desk: Desk, route: Route) -> _Handler:
    """Return the handler behind the door."""

    async def serve(request: web.Request) -> web.StreamResponse:
        now = desk.clock()
        visitor = await desk.doorman.visitor(request.cookies.get(session_cookie(desk), ""), now)
        if visitor is None:
            return web.Response(status=303, headers={"Location": "/login"})
        user, session = visitor
        visit = Visit(desk, request, user, session, now)
        if not visit.may(route.name):
            await visit.record("denied", {"route": route.name}, outcome="forbidden")
            return visit.refused("frame.forbidden_text", 403)
        if route.method == "POST":
            return await _posted(visit, route)
        return await _got(visit, route)

    return serve


async def _posted(visit: Visit, route: Route) -> web.StreamResponse:
    fields = await visit.request.post()
    visit.form = {name: value.strip() for name, value in fields.items() if isinstance(value, str)}
    if not same_origin(visit.desk, visit.request) or not _same(visit.form.get("csrf", ""), visit.session.csrf):
        await visit.record("denied", {"route": route.name}, outcome="csrf")
        return visit.refused("frame.csrf_text", 403)
    visit.recorded = None
    response = await route.handler(visit)
    if visit.recorded is None:
        raise AssertionError(f"{route.name} acted without an entry in the log")
    return response


async def _got(visit: Visit, route: Route) -> web.StreamResponse:
    if not all(addressable(value) for value in visit.request.query.values()):
        return visit.refused("frame.number_in_address")
    if route.act is None:
        return await route.handler(visit)
    recorded = visit.record(route.act, {"path": visit.request.path, **visit.query})
    response, _ = await asyncio.gather(route.handler(visit), recorded)  # read meanwhile, shown once it is recorded
    return response


def addressable(value: str) -> bool:
    """Whether a value may stand in an address: no control characters, and nothing that looks like a person's number."""
    if _UUID.fullmatch(value):
        return True
    return _ADDRESSABLE.fullmatch(value) is not None and _NUMBER.search(value) is None


def same_origin(desk: Desk, request: web.Request) -> bool:
    """Whether a POST comes from a page of ours, as far as the browser says."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return site in {None, "same-origin", "none"} and origin in {None, desk.console.public_url}


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())


def _static() -> _Handler:
    directory = Path(__file__).with_name("static")
    files: Mapping[str, bytes] = {name: (directory / name).read_bytes() for name in _STATIC}

    async def static(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in files:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "public, max-age=600"}
        return web.Response(body=files[name], content_type=_STATIC[name], charset="utf-8", headers=headers)

    return static


def _errors(desk: Desk) -> Any:
    """Return the outermost layer: whatever goes wrong becomes a page that says nothing of its cause."""

    @web.middleware
    async def errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            status, text = error.status, "frame.not_found_text" if error.status == 404 else "frame.refused_text"  # noqa: PLR2004 — HTTP's own number
        except (StoreError, EvidenceUnavailable) as error:
            _log.warning("console_unavailable", error=type(error).__name__)
            status, text = 503, "frame.unavailable_text"
        except Exception as error:  # noqa: BLE001 — the page must not tell, the technical log must
            _log.error("console_failed", error=type(error).__name__, route=_route_of(request))
            status, text = 500, "frame.failed_text"
        return desk.pages.outside(request, "outside.html", status=status, text=text)

    return errors


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


async def _headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "lienthong"
