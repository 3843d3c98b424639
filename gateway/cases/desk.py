"""Where cases are worked on: every step is an entry of the log before it is taken (THREATS F40).

The rule: the log's entry comes first and names what is to be done; who did it, what was written and which person it is
about stand in it sealed. Whether a step may be taken is decided by `states` alone.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.cases.states import Action, Actor, CaseRefused, Standing, State, Verdict, advance
from gateway.evidence.contract import Recorded
from gateway.store import cases as store
from gateway.store.alerts import one_alert
from gateway.store.database import Database
from gateway.store.scope import Scope

MOST_TEXT = 4000


class Record(Protocol):
    """Appends the log's entry of an act, as `gateway.console.visit.Visit.record` does."""

    async def __call__(self, act: str, detail: Mapping[str, Any], *, sealed: Mapping[str, Any]) -> Recorded:
        """Append it and wait. Raises `EvidenceUnavailable`: then nothing may be done."""
        ...


class NoCase(Exception):  # noqa: N818 — a fact the web edge turns into 404
    """There is no such case, or it is not for the reader's eyes."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a case is opened with. `source`: alert, auditor, sample or citizen."""

    source: str
    title: str
    note: str | None = None
    agency: str | None = None
    due_at: datetime | None = None
    entries: Sequence[str] = ()
    alerts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """A case with all that belongs to it."""

    row: store.CaseRow
    steps: Sequence[store.CaseStep]
    entries: Sequence[store.CaseEntry]
    alerts: Sequence[store.CaseAlert]
    reveals: Sequence[store.RevealRow]

    @property
    def standing(self) -> Standing:
        """What decides about the next step."""
        return standing_of(self.row)


@dataclass(frozen=True, slots=True)
class Step:
    """A step somebody wants to take."""

    action: Action
    note: str | None = None
    verdict: Verdict | None = None
    entries: Sequence[str] = ()
    due_at: datetime | None = None


def standing_of(row: store.CaseRow) -> Standing:
    """Return how a stored case stands."""
    return Standing(State(row.state), Verdict(row.verdict) if row.verdict else None, row.proposed_by, row.closed_by)


class CaseDesk:
    """Opens cases and takes their steps. Every method raises `StoreError`; those that write, `EvidenceUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._one_at_a_time = asyncio.Lock()

    async def open(self, record: Record, actor: Actor, scope: Scope, opening: Opening) -> int:
        """Open a case; return its number. Its agency is, by default, that of its first entry.

        Raises `CaseRefused`: `text` without a title or with too long a text, `entry` or `alert` not in scope.
        """
        title, note = _checked(opening.title, required=True), _checked(opening.note)
        agencies = await self._within(scope, opening.entries)
        await self._alerts_within(scope, opening.alerts)
        agency = opening.agency or next(iter(agencies), None)
        detail = {"source": opening.source, "entries": list(opening.entries), "alerts": list(opening.alerts)}
        recorded = await record("case-open", detail, sealed={"title": title, "note": note})
        new = store.NewCase(
            at=recorded.at,
            by=actor.login,
            source=opening.source,
            agency=agency,
            title=title or "",
            due_at=opening.due_at,
            note=note,
            recorded=recorded.entry_id,
            entries=opening.entries,
            alerts=opening.alerts,
        )
        return await store.open_case(self._database, new)

    async def read(self, scope: Scope, case_id: int) -> Whole:
        """Return a case with its steps, entries, alerts and reveals. Raises `NoCase`."""
        row = await store.read_case(self._database, scope, case_id)
        if row is None:
            raise NoCase("no such case")
        return Whole(
            row,
            await store.case_steps(self._database, case_id),
            await store.case_entries(self._database, case_id),
            await store.case_alerts(self._database, case_id),
            await store.case_reveals(self._database, case_id),
        )

    async def step(self, record: Record, actor: Actor, scope: Scope, case_id: int, step: Step) -> Standing:
        """Take a step; return how the case stands then.

        Raises `NoCase`, or `CaseRefused`: by the rules of `states`, or `meanwhile` where somebody took another first.
        """
        async with self._one_at_a_time:
            after = len(await store.case_steps(self._database, case_id))  # before the row: a step between them shows
            row = await store.read_case(self._database, scope, case_id)
            if row is None:
                raise NoCase("no such case")
            note = _checked(step.note, required=step.action in {Action.ASK, Action.ANSWER, Action.NOTE})
            await self._within(scope, step.entries)
            standing = advance(standing_of(row), step.action, actor, step.verdict)
            detail = {"case": case_id, "action": step.action, "verdict": step.verdict, "entries": list(step.entries)}
            recorded = await record("case-step", detail, sealed={"note": note})
            new = store.NewStep(
                after=after,
                at=recorded.at,
                by=actor.login,
                state=standing.state,
                verdict=standing.verdict,
                proposed_by=standing.proposed_by,
                closed_by=standing.closed_by,
                due_at=step.due_at,
                action=step.action,
                note=note,
                recorded=recorded.entry_id,
                entries=step.entries,
            )
            if not await store.take_step(self._database, scope, case_id, new):
                raise CaseRefused("meanwhile", "somebody else took a step meanwhile: look at the case again")
            return standing

    async def _within(self, scope: Scope, entries: Sequence[str]) -> list[str | None]:
        """Return the entries' agencies. Raises `CaseRefused`: a case never reaches beyond its reader's territory."""
        found = await store.agencies_of_entries(self._database, entries)
        if len(found) < len(set(entries)) or not all(in_scope(scope, agency) for agency in found.values()):
            raise CaseRefused("entry", "there is no such entry in your territory")
        return [found[entry] for entry in entries]

    async def _alerts_within(self, scope: Scope, numbers: Sequence[int]) -> None:
        """Raise `CaseRefused` for an alert beyond the reader's territory, or one that another case holds."""
        for number in numbers:
            alert = await one_alert(self._database, scope, number)
            if alert is None or alert.case_id is not None:
                raise CaseRefused("alert", "there is no such alert in your territory, or another case holds it")


def in_scope(scope: Scope, agency: str | None) -> bool:
    """Whether an entry's agency is for the reader's eyes; one without an agency, or a broken one, for few."""
    try:
        return scope.is_everything or (agency is not None and scope.holds(agency))
    except ValueError:
        return False


def _checked(text: str | None, *, required: bool = False) -> str | None:
    """Return a text without white space around it, None where it is empty. Raises `CaseRefused`."""
    stripped = (text or "").strip()
    if len(stripped) > MOST_TEXT or "\0" in stripped:
        raise CaseRefused("text", f"a text here has at most {MOST_TEXT} characters")
    if required and not stripped:
        raise CaseRefused("text", "this step needs a few words")
    return stripped or None
