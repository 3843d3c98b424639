"""Seeded misuse: for every rule some incidents of the kind it was made for, several ways of doing each.

The rule: an incident looks like ordinary work in everything but what makes it misuse: same hours, units, services and
outcomes, and where the thief would have one, a real open dossier.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from gateway.audit.calendar import is_working_day
from gateway.audit.simulation.clean import CleanTraffic
from gateway.audit.simulation.country import Country, SimOfficer, needs
from gateway.audit.simulation.plan import Incident, Plan, PlannedLookup, SimDossier
from schemas.dates import LOCAL

_BASIC = ("full_name", "birth_date", "permanent_address")
_ALL = ("full_name", "birth_date", "sex", "ethnicity", "nationality", "marital_status", "home_town", "spouse", "mother")
_ENDED = timedelta(days=2)


class Misuse:
    """Adds incidents to a plan whose clean traffic is there already."""

    def __init__(self, country: Country, plan: Plan, clean: CleanTraffic, random: Random) -> None:
        self._country, self._plan, self._clean, self._random = country, plan, clean, random
        self._of_officer: dict[str, list[SimDossier]] = {}
        for dossier in plan.dossiers:
            self._of_officer.setdefault(dossier.officer.id, []).append(dossier)

    def seed(self, days: list[date], each: int) -> None:
        """Seed `each` incidents of every kind, on working days of the later part of the period."""
        working = [day for day in days if is_working_day(day)]
        days = working[len(working) // 3 :] or working
        for rule, act in self._kinds().items():
            for number in range(each):
                officer = self._random.choice(self._country.officers)
                hours = timedelta(hours=self._random.uniform(7.8, 16.3))
                at = datetime.combine(self._random.choice(days), time(), LOCAL) + hours
                incident = Incident(len(self._plan.incidents), rule, officer.id, at.date().isoformat())
                before = len(self._plan.lookups)
                act(officer, at, number)
                self._plan.incidents.append(incident)
                self._label(before, incident.number)

    def _label(self, before: int, incident: int) -> None:
        lookups = self._plan.lookups
        lookups[before:] = [replace(one, incident=incident) for one in lookups[before:]]

    def _kinds(self) -> dict[str, Callable[[SimOfficer, datetime, int], None]]:
        return {
            "no-dossier": self._no_dossier,
            "purpose": self._misfit,
            "protected-person": lambda o, at, n: self._snoop(o, at, self._random.choice(self._country.protected), n),
            "self": lambda o, at, n: self._snoop(o, at, o.id, n),
            "family": lambda o, at, n: self._snoop(o, at, self._random.choice(o.relatives), n),
            "colleague": lambda o, at, n: self._snoop(
                o, at, self._random.choice(self._country.colleagues(o)).id, n
            ),
            "out-of-hours": self._off_hours,
            "volume": self._volume,
            "breadth": self._breadth,
            "sequential-numbers": self._sequential,
            "many-misses": self._misses,
            "again-and-again": self._again,
            "many-officers": self._crowd,
            "opened-then-cancelled": self._sham,
            "new-key": self._new_key,
            "new-address": self._new_address,
            "replays": self._replays,
            "bad-signatures": self._forgeries,
            "decoy": lambda o, at, n: self._snoop(o, at, self._random.choice(self._country.decoys), n),
            "the-dead": self._dead,
            "over-collection": self._too_much,
        }  # fmt: skip

    def _add(self, officer: SimOfficer, at: datetime, subject: str, **changes: object) -> None:
        made = PlannedLookup(
            at, officer.client, officer.unit, officer.id, subject, "population/person", "9.999901", None, _BASIC
        )
        self._plan.lookups.append(replace(made, **changes))  # type: ignore[arg-type] # names of its own members

    def _open(self, officer: SimOfficer, at: datetime) -> SimDossier:
        """Return an open dossier of the officer's; one is made where there is none."""
        own = self._of_officer.get(officer.id, ())
        live = [one for one in own if one.opened_at < at and (one.ended_at is None or one.ended_at > at)]
        live = [one for one in live if one.pushed and at - one.opened_at < timedelta(days=5)]
        return self._random.choice(live) if live else self._clean.dossier(officer, at - timedelta(minutes=40))

    def _anybody(self) -> str:
        return self._random.choice(self._country.citizens)

    def _snoop(self, officer: SimOfficer, at: datetime, subject: str, number: int) -> None:
        """Look somebody up without a dossier, or under one of somebody else."""
        if number % 2:
            self._add(officer, at, subject)
            return
        dossier = self._open(officer, at)
        self._add(officer, at, subject, dossier=dossier.code, procedure=dossier.procedure)

    def _no_dossier(self, officer: SimOfficer, at: datetime, number: int) -> None:
        if number % 4 == 0:
            self._add(officer, at, self._anybody())
        elif number % 4 == 1:
            ended = [one for one in self._plan.dossiers if one.officer.unit == officer.unit and one.ended_at]
            old = [one for one in ended if one.ended_at and one.ended_at < at - _ENDED and one.pushed]
            dossier = self._random.choice(old or ended)
            self._add(officer, at, dossier.parties["applicant"], dossier=dossier.code, procedure=dossier.procedure)
        elif number % 4 == 2:  # noqa: PLR2004 — the third way
            others = [one for one in self._plan.dossiers if one.officer.client != officer.client and one.pushed]
            dossier = self._random.choice([one for one in others if one.opened_at < at] or others)
            self._add(officer, at, dossier.parties["applicant"], dossier=dossier.code, procedure=dossier.procedure)
        else:
            for step in range(4):
                code = f"{officer.unit}-{at:%y%m%d}-{self._random.randrange(5000, 9999)}"
                self._add(officer, at + timedelta(minutes=7 * step), self._anybody(), dossier=code)

    def _misfit(self, officer: SimOfficer, at: datetime, number: int) -> None:
        dossier = self._open(officer, at)
        named = {"dossier": dossier.code, "procedure": dossier.procedure}
        if number % 2:
            self._add(officer, at, self._anybody(), **named)
            return
        wanted = {need.service for need in needs(dossier.procedure)}
        service = next(one for one in ("tax/obligations", "insurance/health-card", "tax/taxpayer") if one not in wanted)
        self._add(officer, at, dossier.parties["applicant"], service=service, fields=("full_name",), **named)

    def _off_hours(self, officer: SimOfficer, at: datetime, number: int) -> None:
        night = datetime.combine(at.date(), time(22, 30), LOCAL)
        for step in range(self._random.randint(4, 8)):
            moment, dossier = night + timedelta(minutes=9 * step), self._open(officer, at)
            if number % 2:
                self._add(officer, moment, self._anybody(), dossier=dossier.code, procedure=dossier.procedure)
            else:
                need = self._random.choice(needs(dossier.procedure))
                self._plan.lookups.append(self._clean.lookup(dossier, need, moment))

    def _volume(self, officer: SimOfficer, at: datetime, _: int) -> None:
        start = datetime.combine(at.date(), time(8, 0), LOCAL)
        mine = [self._open(officer, at) for _ in range(6)]
        for step in range(self._random.randint(110, 170)):
            dossier = self._random.choice(mine)
            need = self._random.choice(needs(dossier.procedure))
            self._plan.lookups.append(self._clean.lookup(dossier, need, start + timedelta(minutes=2.9 * step)))

    def _breadth(self, officer: SimOfficer, at: datetime, _: int) -> None:
        """Look up every party of the unit's open dossiers, once each."""
        start = datetime.combine(at.date(), time(8, 0), LOCAL)
        for step in range(self._random.randint(80, 110)):
            dossier = self._open(self._random.choice([officer, *self._country.colleagues(officer)]), start)
            need = self._random.choice(needs(dossier.procedure))
            made = self._clean.lookup(dossier, need, start + timedelta(minutes=4.5 * step))
            self._plan.lookups.append(replace(made, officer=officer.id))

    def _sequential(self, officer: SimOfficer, at: datetime, _: int) -> None:
        first = int(self._anybody())
        for step in range(30):
            self._add(officer, at + timedelta(seconds=2 * step), f"{first + step:012d}", outcome="no_match", fields=())
        for step in range(30, 33):
            self._add(
                officer, at + timedelta(seconds=2 * step), f"{first + step:012d}",
                refused=True, outcome="rate-limited", reason="enumeration", fields=(),
            )  # fmt: skip

    def _misses(self, officer: SimOfficer, at: datetime, _: int) -> None:
        dossier = self._open(officer, at)
        for step in range(self._random.randint(12, 16)):
            subject = self._random.choice(sorted(dossier.parties.values()))
            need = needs(dossier.procedure)[0]
            self._add(
                officer, at + timedelta(minutes=2 * step), subject, outcome="no_match", fields=(), service=need.service,
                dossier=dossier.code, procedure=dossier.procedure,
            )  # fmt: skip

    def _again(self, officer: SimOfficer, at: datetime, number: int) -> None:
        subject = self._anybody()
        for step in range(4):
            self._snoop(officer, at - timedelta(days=step), subject, number)

    def _crowd(self, officer: SimOfficer, at: datetime, number: int) -> None:
        subject = self._anybody()
        others = [one for one in self._country.officers if one.id != officer.id]
        for step, one in enumerate([officer, *self._random.sample(others, 5)]):
            self._snoop(one, at + timedelta(minutes=20 * step), subject, number)

    def _sham(self, officer: SimOfficer, at: datetime, number: int) -> None:
        made = SimDossier(self._clean.code(officer.unit, at), officer, "9.999901", {"applicant": self._anybody()}, at)
        made.ended_at = at + timedelta(minutes=self._random.uniform(15, 70))
        self._clean.report(made, [(1 + number % 2, at), (7, made.ended_at)])
        for step, need in enumerate(needs(made.procedure)[:2]):
            self._plan.lookups.append(self._clean.lookup(made, need, at + timedelta(minutes=3 + step)))

    def _new_key(self, officer: SimOfficer, at: datetime, number: int) -> None:
        dossier = self._open(officer, at)
        need = needs(dossier.procedure)[0]
        self._plan.lookups.append(replace(self._clean.lookup(dossier, need, at), keyid=f"{officer.client}-9{number}"))

    def _new_address(self, officer: SimOfficer, at: datetime, number: int) -> None:
        """Use a stolen key, and officers' and dossiers' true names, from somewhere else."""
        dossier = self._open(officer, at)
        need = needs(dossier.procedure)[0]
        self._plan.lookups.append(replace(self._clean.lookup(dossier, need, at), address=f"203.0.113.{number}"))

    def _replays(self, officer: SimOfficer, at: datetime, _: int) -> None:
        for step in range(self._random.randint(4, 9)):
            self._add(
                officer, at + timedelta(seconds=9 * step), self._anybody(), refused=True, outcome="signature-replayed"
            )

    def _forgeries(self, _: SimOfficer, at: datetime, __: int) -> None:
        for step in range(self._random.randint(25, 40)):
            moment = at + timedelta(seconds=4 * step)
            self._plan.lookups.append(
                PlannedLookup(
                    moment, None, None, None, None, None, None, None, outcome="signature-invalid", refused=True
                )
            )

    def _dead(self, officer: SimOfficer, at: datetime, number: int) -> None:
        deaths = [
            one
            for one in self._plan.dossiers
            if one.procedure == "9.999904" and one.pushed and one.ended_at and one.ended_at < at - _ENDED
        ]
        if deaths:
            self._snoop(officer, at, self._random.choice(deaths).parties["deceased"], number)
        else:
            self._snoop(officer, at, self._anybody(), number)

    def _too_much(self, officer: SimOfficer, at: datetime, _: int) -> None:
        dossier = self._open(officer, at)
        wanted = [need for need in needs(dossier.procedure) if need.service == "population/person"]
        while not wanted:
            dossier = self._clean.dossier(officer, at - timedelta(minutes=40))
            wanted = [need for need in needs(dossier.procedure) if need.service == "population/person"]
        made = self._clean.lookup(dossier, wanted[0], at)
        self._plan.lookups.append(replace(made, fields=tuple(dict.fromkeys(wanted[0].fields + _ALL))))
