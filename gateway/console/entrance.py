"""Log-in, log-out, language, and where one lands: the pages that belong to no screen."""

import secrets
from collections.abc import Sequence

from aiohttp import web

from gateway.console.desk import Desk
from gateway.console.doorman import LoginRefused, Slowed
from gateway.console.screens import Route, Screen
from gateway.console.texts import LANGUAGES
from gateway.console.visit import Visit, act_draft
from gateway.evidence.admin import record_act

_LOGIN_BYTES = 64


def session_cookie(desk: Desk) -> str:
    """Return the name of the cookie that holds a session."""
    return "__Host-lienthong" if desk.console.cookie_secure else "lienthong-console"


def _login_cookie(desk: Desk) -> str:
    return "__Host-lienthong-login" if desk.console.cookie_secure else "lienthong-console-login"


class Entrance:
    """The handlers. A log-in form is bound to its browser by a cookie of its own (double submit)."""

    def __init__(self, desk: Desk, screens: Sequence[Screen]) -> None:
        self._desk = desk
        self._screens = sorted((one for one in screens if one.number is not None), key=lambda one: one.number or 0)

    def routes(self) -> tuple[Route, ...]:
        """Return the routes for users who are logged in."""
        return (
            Route("home", "GET", "/", self.home),
            Route("logout", "POST", "/logout", self.log_out),
            Route("language", "POST", "/language", self.language),
        )

    async def home(self, visit: Visit) -> web.StreamResponse:
        """Lead to the first screen of the user's role."""
        for screen in self._screens:
            if visit.may(screen.name):
                return visit.redirect(screen.path)
        return visit.refused("frame.forbidden_text", 403)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the log-in form."""
        return self._form(request, None, 200)

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """Let a user in: a new session, and an entry before it; a failure is an entry too."""
        desk, fields = self._desk, await request.post()
        given = {name: str(fields.get(name, "")).strip() for name in ("login", "code", "form")}
        password, form = str(fields.get("password", "")), request.cookies.get(_login_cookie(desk), "")
        site = request.headers.get("Sec-Fetch-Site")
        if not form or not secrets.compare_digest(form.encode(), given["form"].encode()) or site == "cross-site":
            return self._form(request, "login.expired", 403)
        now, login = desk.clock(), given["login"].lower()[:_LOGIN_BYTES]
        address = desk.origin(request)
        try:
            user = await desk.doorman.log_in(login, password, given["code"].replace(" ", ""), address, now)
        except Slowed as slowed:
            response = self._form(request, "login.slowed", 429, seconds=slowed.seconds)
            response.headers["Retry-After"] = str(slowed.seconds)
            return response
        except LoginRefused:
            refused = act_draft(login, "login", now, outcome="refused", sealed={"address": address})
            await record_act(desk.evidence, refused)
            return self._form(request, "login.refused", 401)
        entered = act_draft(user.login, "login", now, {"role": user.role.value}, sealed={"address": address})
        await record_act(desk.evidence, entered)
        response = web.Response(status=303, headers={"Location": "/"})
        self._set(response, session_cookie(desk), await desk.doorman.open_session(user, now))
        response.del_cookie(_login_cookie(desk), path="/", secure=desk.console.cookie_secure)
        return response

    async def log_out(self, visit: Visit) -> web.StreamResponse:
        """End the session."""
        await visit.record("logout")
        await self._desk.doorman.close_session(visit.session)
        response = visit.redirect("/login")
        response.del_cookie(session_cookie(self._desk), path="/", secure=self._desk.console.cookie_secure)
        return response

    async def language(self, visit: Visit) -> web.StreamResponse:
        """Switch the language and go back to the page."""
        chosen = visit.form.get("language", "")
        chosen = chosen if chosen in LANGUAGES else LANGUAGES[0]
        await visit.record("language", {"language": chosen})
        await self._desk.doorman.store.set_language(visit.user.login, chosen)
        back = visit.form.get("back", "/")
        return visit.redirect(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")

    def _form(self, request: web.Request, problem: str | None, status: int, **values: int) -> web.Response:
        form = secrets.token_urlsafe(24)
        response = self._desk.pages.outside(
            request, "login.html", status=status, problem=problem, values=values, form=form
        )
        self._set(response, _login_cookie(self._desk), form)
        return response

    def _set(self, response: web.Response, name: str, value: str) -> None:
        secure = self._desk.console.cookie_secure
        response.set_cookie(name, value, path="/", httponly=True, samesite="Strict", secure=secure)
