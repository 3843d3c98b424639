"""An auditor at the console: a session over HTTP, and every page that is measured, with each filter it may have."""

import asyncio
import re
import secrets
import string
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import aiohttp
import asyncpg
import pyotp

OK, _SEE_OTHER = 200, 303
_ENTRY_OF = """
SELECT {0} AS who, min(entry_id::text)::uuid AS entry_id, min(dossier) AS dossier
FROM entry WHERE kind = 'answered' AND at > now() - interval '7 days'
GROUP BY 1 ORDER BY count(*) {1}, 1 LIMIT 1
"""
_HANDLE = "INSERT INTO console_handle VALUES ($1, 'subject', $2, $3, $4, 1, 'bench', now())"
_FORM = re.compile(r'name="form" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class View:
    """A page: its name in the table, its path with the query, and what it may take (95th percentile, ms)."""

    name: str
    path: str
    goal_ms: float | None = 500.0


@dataclass(frozen=True, slots=True)
class Known:
    """Whom and what the filters name: ids of entries, a dossier, handles of persons."""

    busy_officer: str
    usual_officer: str
    dossier: str
    busy_person: str
    usual_person: str


class Auditor:
    """A user of the console who is logged in. An async context manager."""

    def __init__(self, url: str, known: Path) -> None:
        self._url, self._secrets = url, tomllib.loads(known.read_text(encoding="utf-8"))
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(60)
        )

    async def __aenter__(self) -> Self:
        await self._log_in()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def _log_in(self) -> None:
        async with self._session.get(f"{self._url}/login") as page:
            found = _FORM.search(await page.text())
        fields = {
            "login": self._secrets["username"],
            "password": self._secrets["password"],
            "code": pyotp.TOTP(self._secrets["totp_secret"]).now(),
            "form": found[1] if found else "",
        }
        async with self._session.post(f"{self._url}/login", data=fields, allow_redirects=False) as answer:
            if answer.status != _SEE_OTHER:
                raise SystemExit(f"the console's log-in answered {answer.status}")

    async def look(self, path: str) -> tuple[int, float]:
        """Get a page; return its status and how long it took in ms."""
        begun = time.perf_counter()
        async with self._session.get(self._url + path, allow_redirects=False) as answer:
            await answer.read()
            return answer.status, (time.perf_counter() - begun) * 1000


async def leisurely(auditor: Auditor, wanted: Sequence[View], a_second: float) -> None:
    """Open page after page, so many a second, until cancelled."""
    for view in cycle(wanted):
        due = time.perf_counter() + 1 / a_second
        await auditor.look(view.path)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def known(owner: asyncpg.Connection, login: str) -> Known:
    """Choose whom the filters name among the last days' entries, and keep handles of two persons for `login`."""
    await owner.execute("SET search_path TO lienthong")
    orders = ("DESC", "ASC")
    officers = [(await owner.fetch(_ENTRY_OF.format("officer", order)))[0] for order in orders]
    persons = [(await owner.fetch(_ENTRY_OF.format("subject", order)))[0] for order in orders]
    handles = ["".join(secrets.choice(string.ascii_lowercase) for _ in range(28)) for _ in persons]
    for handle, person in zip(handles, persons, strict=True):
        await owner.execute(_HANDLE, handle, [person["who"]], person["entry_id"], login)
    return Known(str(officers[0]["entry_id"]), str(officers[1]["entry_id"]), officers[0]["dossier"], *handles)


def views(known: Known) -> list[View]:
    """Return every page: the list with each filter alone and with several, over a year and a week, and the screens."""
    return [*_lists(known), *_persons(known), *_screens(known)]


def views_of_a_province() -> list[View]:
    """Return what an auditor of one province asks for."""
    asked = {
        "no filter": {},
        "outcome": {"outcome": "registry-unavailable"},
        "rare service": {"service": "tax/obligations"},
        "unexplained": {"explained": "unexplained"},
    }
    lists = (
        View(f"list, one province: {name}, 12 months", f"/lookups?{urlencode({**query, 'period': 'all'})}")
        for name, query in asked.items()
    )
    screens = (View(f"one province: {path[1:]}", path) for path in ("/today", "/agencies", "/officer", "/alerts"))
    return [*lists, *screens]


def _filters(known: Known) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "no filter", {}
    yield "client", {"client": "H11.igate"}
    yield "agency, busy", {"unit": "H11.01"}
    yield "agency, quiet", {"unit": "H44.10"}
    yield "service", {"service": "population/person"}
    yield "service, rare", {"service": "tax/obligations"}
    yield "registry", {"registry": "tax"}
    yield "procedure", {"procedure": "9.999909"}
    yield "dossier", {"dossier": known.dossier}
    yield "outcome found", {"outcome": "found"}
    yield "outcome, one in 100,000", {"outcome": "registry-invalid"}
    yield "outcome that never was", {"outcome": "registry-fault"}
    yield "unexplained", {"explained": "unexplained"}
    yield "explained, one in 100,000", {"explained": "emergency"}
    yield "explained by a dossier", {"explained": "open_dossier"}
    yield "officer, busy", {"officer_of": known.busy_officer}
    yield "officer, usual", {"officer_of": known.usual_officer}
    yield "subject, busy", {"subject": known.busy_person}
    yield "agency and outcome", {"unit": "H11.01", "outcome": "registry-unavailable"}
    yield "agency and unexplained", {"unit": "H20.03", "explained": "unexplained"}
    yield "client and rare service", {"client": "H20.igate", "service": "tax/obligations"}
    yield "registry and unexplained", {"registry": "tax", "explained": "unexplained"}
    yield "procedure and rare outcome", {"procedure": "9.999909", "outcome": "registry-invalid"}
    yield "officer and unexplained", {"officer_of": known.busy_officer, "explained": "unexplained"}
    yield "agency and rare explanation", {"unit": "H11.01", "explained": "emergency"}


def _lists(known: Known) -> Iterator[View]:
    for period, word in (("all", "12 months"), ("7d", "7 days")):
        for name, query in _filters(known):
            yield View(f"list: {name}, {word}", f"/lookups?{urlencode({**query, 'period': period})}")


def _persons(known: Known) -> Iterator[View]:
    yield View("subject, 12 months, usual", f"/subject?handle={known.usual_person}", 50.0)
    yield View("subject, 12 months, busiest", f"/subject?handle={known.busy_person}", 50.0)


def _screens(known: Known) -> Iterator[View]:
    yield View("today", "/today")
    yield View("today, picture", "/today/volume.svg")
    yield View("officers", "/officer")
    yield View("officer, busy", f"/officer?officer_of={known.busy_officer}")
    yield View("officer, usual", f"/officer?officer_of={known.usual_officer}")
    yield View("agencies", "/agencies")
    yield View("agency, busy", "/agencies/H11.01")
    yield View("agency, usual", "/agencies/H20.03")
    yield View("client", "/clients/H11.igate")
    yield View("alerts", "/alerts")
    yield View("alerts, closed, of a rule", "/alerts?state=closed&rule=purpose")
    yield View("rules", "/rules")
    yield View("cases", "/cases")
    yield View("random check", "/sample")
    yield View("log", "/log")
    yield View("reuse", "/reuse")
    yield View("deliveries", "/deliveries")
    yield View("watchers", "/watchers")
    yield View("citizens' requests", "/citizen-requests")
