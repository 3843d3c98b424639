"""The front of the console: deny by default, CSRF, headers, entries before pages."""

import re
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.audit.streaming import Auditor
from gateway.console.app import RouteError, addressable, application
from gateway.console.pages import POLICY
from gateway.console.registry import SCREENS
from gateway.console.roles import ROUTES, Role, may
from gateway.console.screens import Route, Screen
from gateway.evidence.contract import EvidenceUnavailable
from gateway.store.findings import alerts
from gateway.store.scope import Scope

ENTRY = "0199aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa"
PART = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")
ALL_ROUTES = [route for screen in SCREENS for route in screen.routes]


def address_of(route):
    """Fill in a route's path with something well-formed that is not there."""
    return PART.sub(lambda part: {"entry": ENTRY, "rule": "decoy"}.get(part[1], "1"), route.path)


@pytest.mark.parametrize("role", Role)
async def test_every_route_serves_its_roles_and_nobody_else(visitor, role):
    """Each role is served exactly the routes of the table: 403 everywhere else, and never by accident."""
    user = await visitor(role)
    for route in ALL_ROUTES:
        if route.method == "GET":
            status = (await user.get(address_of(route))).status
        else:
            status = (await user.post(address_of(route))).status
        assert (status == 403) != may(role, route.name), (role, route.name, status)
        assert status < 500, (route.name, status)


HIDDEN = "H95.77"
MARKS = ("Bí mật", f"{HIDDEN}-261121-0001", "H95.secret</", f"{HIDDEN}</", "9.999977")


@pytest.fixture
async def elsewhere(visitor, looked_up, database):
    """Leave traces in one territory: a look-up, an alert, a case, a delay, acts; return how a route names them."""
    place = {"unit": HIDDEN, "client": "H95.secret", "procedure": "9.999977", "officer": "099085009577"}
    _, answered = await looked_up(**place, subject=("personal_id", "099191009577"))
    _, other = await looked_up(**place, subject=("personal_id", "099191009578"), dossier=None)
    await Auditor(database, clock=lambda: datetime.now(UTC)).catch_up()
    rows = await alerts(database, Scope.of([HIDDEN]), "", "", (1e9, 2**62), 10)
    lead, dpo = await visitor(Role.LEAD_AUDITOR, (HIDDEN,)), await visitor(Role.DPO, (HIDDEN,))
    opened = await lead.post("/cases", title="Bí mật", entry=answered.entry_id)
    later = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    delayed = await dpo.post("/citizen-requests/delay", dossier=f"{HIDDEN}-261121-0001", ground="Bí mật", until=later)
    assert (opened.status, delayed.status) == (303, 303)
    names = {"entry": answered.entry_id, "alert": str(rows[0]["alert_id"]), "code": HIDDEN, "rule": "no-dossier"}
    return {**names, "case": opened.headers["Location"].rsplit("/", 1)[1], "other": other.entry_id}


@pytest.mark.parametrize(("role", "scope"), [(Role.LEAD_AUDITOR, "H81*"), (Role.DPO, "H82*"), (Role.OPERATOR, "H83*")])
async def test_no_route_shows_another_territory(visitor, elsewhere, role, scope):
    """Every GET route, asked for what lies elsewhere by its own name, shows nothing of it to a reader of a province."""
    user = await visitor(role, (scope,))
    everywhere = f"?period=all&state=all&officer_of={elsewhere['entry']}&dossier={HIDDEN}-261121-0001"
    routes = [route for route in ALL_ROUTES if route.method == "GET" and may(role, route.name)]
    for route in sorted(routes, key=lambda route: route.name != "watchers"):  # it shows one's own addresses too
        address = PART.sub(lambda part: elsewhere.get(part[1], "1"), route.path)
        paths = (address, address + everywhere, f"{address}?period=all&state=all")
        for path in paths[:1] if route.name == "watchers" else paths:
            assert (await user.get(path)).status < 500, (route.name, path)
            assert not [mark for mark in MARKS if mark in user.text and mark not in path], (route.name, path)
            assert elsewhere["other"] not in user.text, (route.name, path)


async def test_its_own_people_see_it(visitor, elsewhere):
    """What the walk looks for is there for those whose territory it is."""
    user = await visitor(Role.LEAD_AUDITOR, (HIDDEN,))
    for path in ("/lookups?period=all", f"/lookups/{elsewhere['entry']}", "/cases", "/citizen-requests", "/agencies"):
        await user.get(path)
        assert [mark for mark in MARKS if mark in user.text], path
    assert (await user.get(f"/alerts/{elsewhere['alert']}")).status == 200


async def test_every_route_asks_for_a_log_in(browser):
    """Without a session every route leads to the log-in page, and shows nothing."""
    stranger = await browser()
    for route in ALL_ROUTES:
        response = await stranger.client.request(route.method, address_of(route), allow_redirects=False)
        assert (response.status, response.headers.get("Location"), await response.read()) == (303, "/login", b"")


def test_every_route_of_the_table_that_a_screen_has_is_named_once(desk):
    """A route without a line in the table keeps the console from starting; so does one that comes twice."""

    async def nothing(_):
        raise AssertionError

    unknown = Screen("odd", 1, (Route("odd", "GET", "/odd", nothing),))
    assert "odd" not in ROUTES
    with pytest.raises(RouteError):
        application(desk, [unknown])
    with pytest.raises(RouteError):
        application(desk, [SCREENS[0], SCREENS[0]])


@pytest.mark.parametrize("token", ["", "x", "ă" * 43])
async def test_a_form_without_the_sessions_token_does_nothing(visitor, token, acts):
    """A POST needs the session's own CSRF token; the attempt is recorded."""
    user = await visitor()
    user.csrf = token
    assert (await user.post("/logout")).status == 403
    assert (await user.get("/lookups")).status == 200
    assert "csrf" in {row.outcome for row in await acts()}


async def test_another_sessions_token_does_not_serve(visitor):
    """Tokens belong to sessions."""
    one, two = await visitor(), await visitor()
    one.csrf = two.csrf
    assert (await one.post("/logout")).status == 403


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_form_from_elsewhere_does_nothing(visitor, headers):
    """A POST that the browser says comes from another site is refused, even with the token."""
    user = await visitor()
    response = await user.client.post("/logout", data={"csrf": user.csrf}, headers=headers, allow_redirects=False)
    assert response.status == 403


async def test_every_answer_carries_the_policy(visitor, browser):
    """Pages, errors and files carry the strict policy; no page holds a script or a style of its own."""
    user, stranger = await visitor(), await browser()
    answers = [await user.get(path) for path in ("/lookups", "/log", "/nope", "/lookups/export?as=csv")]
    for response in [*answers, await stranger.get("/login")]:
        assert response.headers["Content-Security-Policy"] == POLICY
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "same-origin"
        text = (await response.text()).lower()
        assert not any(bad in text for bad in ("<script", "style=", " onclick", "javascript:"))


@pytest.mark.parametrize("value", ["099191000001", "191000001", "GD4790012345678 099191000001", "a\x00b", "<b>"])
async def test_a_number_never_stands_in_an_address(visitor, value):
    """An address with what looks like a person's number, or with control characters, is refused."""
    assert not addressable(value)
    user = await visitor()
    assert (await user.get("/lookups", params={"dossier": value})).status == 400


@pytest.mark.parametrize("value", ["H99.01-261121-0001", "H99.01-20261121-0001", ENTRY, "2026-11-22", "Nguyễn"])
def test_ordinary_values_stand_in_addresses(value):
    """Dossiers, entries, days and words are no numbers of persons."""
    assert addressable(value)


async def test_nothing_is_shown_that_is_not_recorded(visitor, desk, monkeypatch):
    """While the log cannot be written a page is 503 and holds nothing."""
    user = await visitor()

    async def down(_draft):
        raise EvidenceUnavailable("down")

    monkeypatch.setattr(desk.evidence, "append", down)
    response = await user.get("/lookups")
    assert response.status == 503
    assert "<table" not in user.text


async def test_a_page_is_an_entry_with_its_filters(visitor, acts):
    """The entry of a page holds its address and filters in clear, and the user only as a pseudonym."""
    user = await visitor()
    await user.get("/lookups?outcome=found&period=all")
    newest = (await acts())[0]
    leaf = orjson.loads(newest.leaf)
    assert leaf["mode"] == "console.search"
    assert leaf["detail"] == {"path": "/lookups", "outcome": "found", "period": "all"}
    assert user.login.encode() not in newest.leaf


async def test_an_inner_failure_tells_nothing(visitor, desk, monkeypatch):
    """An unexpected error is a page without its cause."""
    user = await visitor()

    async def broken(*_):
        raise RuntimeError("geheim 099191000001")

    monkeypatch.setattr(desk.doorman.store, "jobs", broken)
    response = await user.get("/log")
    assert response.status == 500
    assert "geheim" not in user.text


async def test_what_is_ours_is_served_and_nothing_else(browser):
    """The style sheet and the mark are files of ours; there is no way to others."""
    stranger = await browser()
    assert (await stranger.get("/static/console.css")).status == 200
    for name in ("../app.py", "%2e%2e/app.py", "x.css"):
        assert (await stranger.get(f"/static/{name}")).status in {303, 404}
