"""Pages from templates: escaped by default, in the reader's language, with the navigation of the reader's role.

The rule: nothing in a page runs; styles, fonts and pictures are our own files (`POLICY`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web
from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from gateway.console.roles import may
from gateway.console.texts import LANGUAGES, Texts, translator, word
from gateway.console.users import Session, User
from gateway.templating import templates
from schemas.dates import LOCAL

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with `no-referrer` a browser says `Origin: null` of our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Viewer(Protocol):
    """For whom a page is made."""

    request: web.Request
    user: User
    session: Session


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the navigation: a screen's name, number and address."""

    name: str
    number: int
    path: str


class Pages:
    """Makes pages."""

    def __init__(self, texts: Texts, places: Sequence[Place]) -> None:
        self._texts, self._places = texts, sorted(places, key=lambda place: place.number)
        self._environment = _templates()

    @property
    def texts(self) -> Texts:
        """Every text."""
        return self._texts

    def page(self, viewer: Viewer, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """Return a page for a user who is logged in."""
        user = viewer.user
        places = [place for place in self._places if may(user.role, place.name)]
        shown = {
            "user": user,
            "csrf": viewer.session.csrf,
            "places": places,
            "may": lambda route: may(user.role, route),
        }
        return self._response(template, user.language, status, viewer.request, {**shown, **context})

    def outside(self, request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """Return a page for somebody who is not logged in."""
        language = request.query.get("lang", LANGUAGES[0])
        language = language if language in LANGUAGES else LANGUAGES[0]
        return self._response(template, language, status, request, {"user": None, "places": [], **context})

    def _response(
        self, template: str, language: str, status: int, request: web.Request, context: dict[str, Any]
    ) -> web.Response:
        html = self._environment.get_template(template).render(
            t=translator(self._texts, language),
            word=lambda group, value: word(self._texts, language, group, value),
            language=language,
            here=request.path,
            address=request.path_qs,
            **context,
        )
        return web.Response(text=html, status=status, content_type="text/html", charset="utf-8")


@cache
def _templates() -> Environment:
    """Open the templates; each is compiled at its first use in a process."""
    filters = {"moment": moment, "day": day, "count": count, "decimal": decimal}
    return templates(Path(__file__).with_name("templates"), filters)


def moment(value: datetime | None, *, exact: bool = False) -> str:
    """Write a time as an officer reads it: `22/11/2026 08:30:05`, local; to the millisecond where `exact`."""
    if value is None:
        return "–"
    local = value.astimezone(LOCAL)
    text = local.strftime("%d/%m/%Y %H:%M:%S")
    return f"{text}.{local.microsecond // 1000:03}" if exact else text


def day(value: datetime | None) -> str:
    """Write a date as an officer reads it: `22/11/2026`, local."""
    return value.astimezone(LOCAL).strftime("%d/%m/%Y") if value else "–"


def count(value: int) -> str:
    """Write a number with thin groups: `5 000 000`."""
    return f"{value:,}".replace(",", "\u202f")


@pass_context
def decimal(context: Context, value: float, places: int = 1) -> str:
    """Write a number with decimals as the reader's language does: `1 234,5` or `1 234.5`."""
    text = f"{value:,.{places}f}".replace(",", "\u202f")
    return text.replace(".", ",") if context["language"] == "vi" else text
