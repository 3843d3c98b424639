"""*I do not recognise this*: a citizen's objection to one look-up opens a case with the two-working-day clock.

The rule: only the person a look-up was about can object to it, once; and only to what the report shows.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.cases.desk import CaseDesk, Opening, Record
from gateway.cases.states import Actor
from gateway.citizen.clock import answer_due
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.store import citizen as store
from gateway.store.database import Database
from gateway.store.scope import Scope

TITLE = "Công dân không nhận ra lần tra cứu này"
MOST_NOTE = 1000


class NotYours(Exception):  # noqa: N818 — a fact the web edge turns into 404
    """No look-up about this person that the report shows has that id."""


@dataclass(frozen=True, slots=True)
class Objected:
    """The case and until when it must be answered; `new` is False where the objection was there already."""

    case_id: int
    due_at: datetime
    new: bool


class Objections:
    """Takes objections. `actor` is who passes one on: the portal, or an officer at the counter."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms, clock: Callable[[], datetime]) -> None:
        self._database, self._pseudonyms, self._clock = database, pseudonyms, clock
        self._desk = CaseDesk(database)
        self._one_at_a_time = asyncio.Lock()

    async def object(
        self, record: Record, actor: Actor, person: tuple[str, str], entry_id: str, note: str | None
    ) -> Objected:
        """Open a case about a look-up, or return the one that is open.

        Raises `NotYours`, `CaseRefused` (`text`: the note is too long), `EvidenceUnavailable`, `StoreError`.
        """
        now = self._clock()
        async with self._one_at_a_time:
            await self._check(person, entry_id, now)
            known = await store.objection_to(self._database, entry_id)
            if known is not None:
                return Objected(known[0], known[1] or answer_due(now), new=False)
            due = answer_due(now)
            text = (note or "").strip()[:MOST_NOTE] or None
            opening = Opening("citizen", TITLE, note=text, due_at=due, entries=[entry_id])
            case_id = await self._desk.open(record, actor, Scope.everything(), opening)
            await store.put_objection(self._database, entry_id, case_id, now, text)
            return Objected(case_id, due, new=True)

    async def _check(self, person: tuple[str, str], entry_id: str, now: datetime) -> None:
        if not await store.is_about(self._database, entry_id, self._pseudonyms.everywhere(*person)):
            raise NotYours("no such look-up")
        dossier = await store.dossier_of(self._database, entry_id)
        if dossier is not None and await store.delays(self._database, [dossier], now):
            raise NotYours("no such look-up")
