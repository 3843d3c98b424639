"""What was around a batch of look-ups: a handful of queries for the whole batch, then values for each.

The rule: a batch costs the same number of queries whatever its size; every query goes by an index and is bounded in
time, so that judging keeps up with the log however long it grows.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from gateway.audit.calendar import local
from gateway.audit.facts import Dossier, Lookup, Need, Past, Staff, Surroundings
from gateway.audit.reading import dossier_index, dossier_of, needs_of
from gateway.audit.rules.habits import LEAST_LOOKUPS, LEAST_PERSONS
from gateway.audit.tuning import Tuning
from gateway.reuse.catalogue import Catalogue, in_force
from gateway.store.database import Database

OFFICER_WINDOW, PERSON_WINDOW, HISTORY_DAYS = timedelta(hours=24), timedelta(days=30), 28
AFTERWARDS = timedelta(minutes=30)
REFUSAL_WINDOW = timedelta(minutes=10)
MOST_PAST = 500
"""Of one officer's or person's look-ups the newest so many are read: a shared account may have a hundred thousand."""
_COUNTED = frozenset({"signature-replayed", "signature-invalid", "digest-mismatch"})

_Days = tuple[tuple[int, int], ...]
_Earlier = tuple[_Days, _Days]


@dataclass(slots=True)
class Gathered:
    """All facts of a batch; `around` picks those of one look-up."""

    staff: Staff
    catalogues: Sequence[Catalogue]
    tuning: Tuning = field(default_factory=Tuning)
    dossiers: dict[str, Dossier] = field(default_factory=dict)
    of_person: dict[bytes, list[Dossier]] = field(default_factory=dict)
    by_officer: dict[bytes, tuple[Past, ...]] = field(default_factory=dict)
    about: dict[bytes, tuple[Past, ...]] = field(default_factory=dict)
    busy: frozenset[bytes] = frozenset()
    """Officers who look many up: of them alone the earlier days are known."""
    days: dict[bytes, tuple[tuple[date, str | None, int, int], ...]] = field(default_factory=dict)
    unit_days: dict[str, tuple[tuple[bytes, date, int, int], ...]] = field(default_factory=dict)
    keys: dict[str, dict[str, datetime]] = field(default_factory=dict)
    addresses: dict[tuple[str, int], dict[bytes, datetime]] = field(default_factory=dict)
    """By client and year: pseudonyms of two years cannot be compared."""
    acts: dict[bytes, tuple[tuple[bytes, datetime], ...]] = field(default_factory=dict)
    refusals: dict[tuple[str, str | None], int] = field(default_factory=dict)
    _lasting: dict[str, Callable[..., Surroundings]] = field(default_factory=dict)
    _habits: dict[tuple[bytes | None, str | None, str], _Earlier] = field(default_factory=dict)
    _needs: dict[tuple[int, str | None], dict[str, Need] | None] = field(default_factory=dict)

    def learn(self, explained: Mapping[str, tuple[str, str]]) -> None:
        """Take over what this batch itself found: kind and why, by entry."""
        for past in (self.by_officer, self.about):
            for key, rows in past.items():
                past[key] = tuple(_updated(one, explained.get(one.question)) for one in rows)

    def around(self, lookup: Lookup) -> Surroundings:
        """Return one look-up's surroundings."""
        around = self._lasting.get(lookup.question)
        if around is None:
            around = self._lasting[lookup.question] = self._around(lookup)
        return around(
            by_officer=self.by_officer.get(lookup.officer or b"", ()),
            about_person=self.about.get(lookup.subject or b"", ()),
        )

    def _around(self, lookup: Lookup) -> Callable[..., Surroundings]:
        """Return what makes a look-up's surroundings, whatever this batch learns."""
        dossier = self.dossiers.get(lookup.dossier) if lookup.dossier else None
        dossiers = {one.code: one for who in sorted(lookup.people) for one in self.of_person.get(who, ())}
        procedure = dossier.procedure if dossier else lookup.procedure
        keys = self.keys.get(lookup.client or "", {})
        addresses = self.addresses.get((lookup.client or "", lookup.year or 0), {})
        own_days, peer_days = self._earlier(lookup)
        return partial(
            Surroundings,
            dossier=dossier,
            dossiers=tuple(dossiers.values()),
            needs=self._needed(lookup, procedure),
            staff=self.staff,
            own_days=own_days,
            peer_days=peer_days,
            counted_today=self._counted_today(lookup),
            known_keys=frozenset(keyid for keyid, first in keys.items() if first < lookup.at),
            client_since=min(keys.values(), default=None),
            known_addresses=frozenset(address for address, first in addresses.items() if first < lookup.at),
            addresses_since=min(addresses.values(), default=None),
            acts=tuple(
                act
                for act in self.acts.get(lookup.officer or b"", ())
                if timedelta() <= lookup.at - act[1] <= OFFICER_WINDOW
            ),
            refusals=self.refusals.get((lookup.outcome or "", lookup.client), 0),
            tuning=self.tuning,
        )

    def _needed(self, lookup: Lookup, procedure: str | None) -> dict[str, Need] | None:
        catalogue = in_force(self.catalogues, lookup.at)
        key = (catalogue.version if catalogue else 0, procedure)
        if key not in self._needs:
            self._needs[key] = needs_of(catalogue, procedure)
        return self._needs[key]

    def _earlier(self, lookup: Lookup) -> _Earlier:
        """Return (look-ups, persons) of the officer's earlier days and of the unit's others, once a day and officer."""
        if lookup.officer not in self.busy:
            return (), ()
        key = (lookup.officer, lookup.unit, lookup.day)
        if key not in self._habits:
            today = local(lookup.at).date()
            since = today - timedelta(HISTORY_DAYS)
            own = self.days.get(lookup.officer or b"", ())
            peers = self.unit_days.get(lookup.unit or "", ())
            self._habits[key] = (
                tuple((lookups, persons) for day, _, lookups, persons in own if since <= day < today),
                tuple(
                    (lookups, persons)
                    for officer, day, lookups, persons in peers
                    if officer != lookup.officer and since <= day < today
                ),
            )
        return self._habits[key]

    def _counted_today(self, lookup: Lookup) -> tuple[int, int]:
        """Return what earlier batches counted of the officer's day, where not all of its look-ups were read."""
        if lookup.officer is None or len(self.by_officer.get(lookup.officer, ())) < MOST_PAST:
            return 0, 0
        today = local(lookup.at).date()
        counted = ((lookups, persons) for day, _, lookups, persons in self.days.get(lookup.officer, ()) if day == today)
        return next(counted, (0, 0))


def _updated(past: Past, known: tuple[str, str] | None) -> Past:
    if known is None or known == (past.explained, past.why):
        return past
    return past._replace(explained=known[0], why=known[1])


async def gather(
    database: Database,
    lookups: Sequence[Lookup],
    staff: Staff,
    catalogues: Sequence[Catalogue],
    tuning: Tuning | None = None,
) -> Gathered:
    """Ask the database for what is around a batch. Raises `StoreError`."""
    found = Gathered(staff, catalogues, tuning or Tuning())
    first, last = min(one.at for one in lookups), max(one.at for one in lookups)
    officers = _some(one.officer for one in lookups)
    people = _some(person for one in lookups for person in one.people)
    clients = _some(one.client for one in lookups)
    # one query after the other: look-ups share the processors
    rows = await database.fetch("findings.dossiers", _some(one.dossier for one in lookups), people)
    found.dossiers = {row["code"]: dossier_of(row) for row in rows}
    found.of_person = dossier_index(found.dossiers.values())
    rows = await database.fetch("findings.by_officer", officers, first - OFFICER_WINDOW, last, MOST_PAST)
    found.by_officer = _grouped(rows, "officer", Past._make)
    rows = await database.fetch("findings.about_person", people, first - PERSON_WINDOW, last + AFTERWARDS, MOST_PAST)
    found.about = _grouped(rows, "subject", Past._make)
    for client, keyid, at in await database.fetch("findings.client_keys", clients):
        found.keys.setdefault(client, {})[keyid] = at
    for client, year, address, at in await database.fetch("findings.client_addresses", clients):
        found.addresses.setdefault((client, year), {})[address] = at
    actors = _some(one.officer for one in lookups if one.kind == "admin")
    if actors:
        acts = await database.fetch("findings.acts", actors, first - OFFICER_WINDOW, last)
        found.acts = _grouped(acts, "officer", lambda row: (row["subject"], row["at"]))
    found.refusals = await _refusals(database, lookups)
    await _habits(database, lookups, found)
    return found


async def _habits(database: Database, lookups: Sequence[Lookup], found: Gathered) -> None:
    """Add the earlier days of officers who look many up, and of their colleagues: no rule asks for anybody else's."""
    least = min(MOST_PAST, *(limit.of(found.tuning) for limit in (LEAST_LOOKUPS, LEAST_PERSONS)))
    many = {officer: rows for officer, rows in found.by_officer.items() if len(rows) >= least}
    daily = Counter((officer, past.day) for officer, rows in many.items() for past in rows)
    busy = frozenset(officer for (officer, _), number in daily.items() if number >= least)
    units = _some(one.unit for one in lookups if one.officer in busy)
    first, last = (local(choose(one.at for one in lookups)).date() for choose in (min, max))
    if not busy:
        return
    found.busy = busy
    rows = await database.fetch("findings.days", _some(busy), units, first - timedelta(HISTORY_DAYS), last)
    found.days = _grouped(rows, "officer", lambda row: (row["day"], row["unit"], row["lookups"], row["persons"]))
    found.unit_days = _grouped(rows, "unit", lambda row: (row["officer"], row["day"], row["lookups"], row["persons"]))


async def _refusals(database: Database, lookups: Sequence[Lookup]) -> dict[tuple[str, str | None], int]:
    newest: dict[tuple[str, str | None], datetime] = {}
    for one in lookups:
        if one.kind == "refused" and one.outcome in _COUNTED:
            key = (one.outcome, one.client)
            newest[key] = max(one.at, newest.get(key, one.at))
    return {
        key: int(await database.fetchval("findings.refusals", *key, at - REFUSAL_WINDOW, at))
        for key, at in newest.items()
    }


def _some(values: Iterable[Any]) -> list[Any]:
    return sorted({value for value in values if value is not None})


def _grouped(rows: Sequence[Any], by: str, make: Callable[[Any], Any]) -> dict[Any, tuple[Any, ...]]:
    found: defaultdict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[by]].append(make(row))
    return {key: tuple(values) for key, values in found.items()}
