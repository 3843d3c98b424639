"""One request of a user who is logged in and may make it: what a handler works with.

The rule: everything a handler shows goes through `render` (escaped by default) or `download`, and what it looked up is
recorded before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from gateway.console.desk import Desk
from gateway.console.roles import may
from gateway.console.users import Session, User
from gateway.evidence.admin import record_act
from gateway.evidence.contract import Draft, Kind, Recorded
from gateway.evidence.leaf import uuid7
from gateway.store.scope import Scope

ACTOR = "console:"
"""What a user's login is prefixed with before it is pseudonymised as the officer of an entry."""


@dataclass(slots=True)
class Visit:
    """A user's request. `form` holds a POST's fields (its CSRF token was checked)."""

    desk: Desk
    request: web.Request
    user: User
    session: Session
    now: datetime
    form: Mapping[str, str] = field(default_factory=dict)
    recorded: Recorded | None = None

    @property
    def scope(self) -> Scope:
        """Whose agencies this user may see: the argument of every query."""
        return self.user.scope

    @property
    def query(self) -> Mapping[str, str]:
        """The address's query, each name once, blanks left out."""
        return {name: value.strip() for name, value in self.request.query.items() if value.strip()}

    def path(self, name: str) -> str:
        """Return a part of the path, as the route names it."""
        return self.request.match_info[name]

    def may(self, route: str) -> bool:
        """Whether this user may use another route: for links and buttons."""
        return may(self.user.role, route)

    async def record(
        self,
        act: str,
        detail: Mapping[str, Any] = MappingProxyType({}),
        *,
        subject: tuple[str, str] | None = None,
        sealed: Mapping[str, Any] = MappingProxyType({}),
        outcome: str | None = None,
    ) -> Recorded:
        """Append the entry of what is about to be done or shown; `detail` is plain, so no personal data in it.

        Raises `EvidenceUnavailable`: then nothing may be shown.
        """
        draft = act_draft(self.user.login, act, self.now, detail, subject=subject, sealed=sealed, outcome=outcome)
        self.recorded = await record_act(self.desk.evidence, draft)
        return self.recorded

    def render(self, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """Return a page."""
        return self.desk.pages.page(self, template, status=status, **context)

    def redirect(self, path: str, **query: str) -> web.Response:
        """Return 303 to a page of the console."""
        target = f"{path}?{urlencode(query)}" if query else path
        return web.Response(status=303, headers={"Location": target})

    def missing(self) -> web.Response:
        """Return 404: there is nothing there, or nothing this user may see."""
        return self.render("message.html", status=404, heading="frame.not_found", text="frame.not_found_text")

    def refused(self, key: str, status: int = 400) -> web.Response:
        """Return a page that says why it was not done, by the key of a text."""
        return self.render("message.html", status=status, heading="frame.refused", text=key)

    def download(self, body: bytes, name: str, content_type: str) -> web.Response:
        """Return a file to keep."""
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        return web.Response(body=body, content_type=content_type, headers=headers)


def act_draft(
    login: str,
    act: str,
    at: datetime,
    detail: Mapping[str, Any] = MappingProxyType({}),
    *,
    subject: tuple[str, str] | None = None,
    sealed: Mapping[str, Any] = MappingProxyType({}),
    outcome: str | None = None,
) -> Draft:
    """Return the entry of one act in the console; who acts is sealed, and found by a pseudonym."""
    return Draft(
        Kind.ADMIN,
        uuid7(int(at.timestamp() * 1000)),
        at,
        mode=f"console.{act}",
        officer=f"{ACTOR}{login}",
        subject=subject,
        outcome=outcome,
        detail=dict(detail),
        sealed={**sealed, "officer": {"id": login}},
    )
