"""Clean traffic: what officers do all day, with the slips, gaps and oddities that a rule must live with.

Rates are assumptions, written here once: typing errors, look-ups at the counter before a dossier is filed, systems
that report late or never, overtime, withdrawn dossiers, complaints after the end, approved jobs and reviews.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from gateway.audit.calendar import is_working_day
from gateway.audit.simulation.country import CLIENTS, PROCEDURES, Country, Need, SimOfficer, needs
from gateway.audit.simulation.plan import Plan, PlannedEvent, PlannedLookup, SimDossier
from schemas.dates import LOCAL

SLIP_OF_NAME, SLIP_OF_CODE, SLIP_NOTICED = 0.04, 0.01, 0.85
AT_THE_COUNTER, NEVER_FILED = 0.03, 0.03
REPORTED_LATE, NEVER_REPORTED, WITHDRAWN, REFUSED = 0.08, 0.004, 0.015, 0.02
NOT_NEEDED, COMPLAINT, EMERGENCY, OVERTIME, BUSY_DAY = 0.001, 0.0005, 0.001, 0.03, 0.01
RETRANSMITTED, OVERTIME_SHARE = 0.0005, 0.3
_EXTRA = ("sex", "ethnicity", "nationality")


class CleanTraffic:
    """Fills a plan with the days of a country that does its work."""

    def __init__(self, country: Country, plan: Plan, random: Random) -> None:
        self._country, self._plan, self._random = country, plan, random
        self._numbers: dict[tuple[str, date], int] = {}

    def day(self, day: date) -> None:
        """Add one day."""
        if is_working_day(day):
            for officer in self._country.officers:
                self._officer_day(officer, day)
            for client in CLIENTS:
                self._review(client, day)
        self._batch_job(day)

    def _officer_day(self, officer: SimOfficer, day: date) -> None:
        pace = officer.pace * (1.8 if self._random.random() < BUSY_DAY else self._random.uniform(0.7, 1.3))
        late = self._random.random() < OVERTIME
        for _ in range(round(pace)):
            hour = (
                self._random.uniform(17, 19)
                if late and self._random.random() < OVERTIME_SHARE
                else self._random.uniform(7.7, 16.5)
            )
            self.dossier(officer, datetime.combine(day, time(), LOCAL) + timedelta(hours=hour))

    def dossier(self, officer: SimOfficer, opened_at: datetime) -> SimDossier:
        """File a dossier, report its life, and make its look-ups."""
        procedure = self._random.choice(PROCEDURES)
        wanted = needs(procedure)
        roles = sorted({"applicant", *(need.role for need in wanted)})
        parties = dict(zip(roles, self._random.sample(self._country.citizens, len(roles)), strict=True))
        made = SimDossier(self.code(officer.unit, opened_at), officer, procedure, parties, opened_at)
        made.pushed = self._random.random() >= NEVER_REPORTED
        self._plan.dossiers.append(made)
        self._life(made)
        for need in wanted:
            self._asked(made, need)
        return made

    def code(self, unit: str, at: datetime) -> str:
        """Return the unit's next dossier code of the day."""
        key = (unit, at.date())
        self._numbers[key] = self._numbers.get(key, 0) + 1
        return f"{unit}-{at:%y%m%d}-{self._numbers[key]:04d}"

    def _life(self, dossier: SimDossier) -> None:
        fate, opened = self._random.random(), dossier.opened_at
        steps = [(2, opened)]
        if fate < WITHDRAWN:
            steps.append((7, opened + timedelta(hours=self._random.uniform(1, 100))))
        elif fate < WITHDRAWN + REFUSED:
            steps.append((3, opened + timedelta(hours=self._random.uniform(3, 100))))
        else:
            done = opened + timedelta(days=self._random.uniform(1, 9))
            steps += [(4, opened + timedelta(minutes=30)), (9, done), (10, done + timedelta(days=1))]
        if steps[-1][0] in (3, 7, 10):
            dossier.ended_at = steps[-1][1]
        if dossier.pushed:
            self.report(dossier, steps)

    def report(self, dossier: SimDossier, steps: list[tuple[int, datetime]]) -> None:
        """Report a dossier's statuses, most at once and some hours late."""
        for status, at in steps:
            seconds = self._random.uniform(1, 60)
            if self._random.random() < REPORTED_LATE:
                seconds = self._random.uniform(600, 86_400)
            parties = tuple(sorted(dossier.parties.items())) if status in (1, 2) else None
            officer = dossier.officer
            self._plan.events.append(
                PlannedEvent(
                    dossier.code, officer.client, officer.unit, dossier.procedure, status, at,
                    at + timedelta(seconds=seconds), parties,
                )
            )  # fmt: skip

    def lookup(self, dossier: SimDossier, need: Need, at: datetime) -> PlannedLookup:
        """Return the look-up that a need calls for."""
        extra = tuple(self._random.sample(_EXTRA, self._random.choice((0, 0, 0, 1, 2))))
        officer = dossier.officer
        return PlannedLookup(
            at, officer.client, officer.unit, officer.id, dossier.parties[need.role], need.service,
            dossier.procedure, dossier.code, tuple(dict.fromkeys(need.fields + extra)),
        )  # fmt: skip

    def _asked(self, dossier: SimDossier, need: Need) -> None:
        made = self.lookup(dossier, need, dossier.opened_at + timedelta(minutes=self._random.uniform(1, 25)))
        self._plan.lookups.extend(self._with_slips(dossier, made))

    def _with_slips(self, dossier: SimDossier, right: PlannedLookup) -> Iterator[PlannedLookup]:
        chance, later = self._random.random, timedelta(minutes=self._random.uniform(0.5, 6))
        if chance() < RETRANSMITTED:
            yield replace(right, refused=True, outcome="signature-replayed", at=right.at + timedelta(seconds=2))
        if chance() < EMERGENCY:
            yield replace(right, dossier=None, legal_basis="vital_interest")
        elif chance() < NOT_NEEDED:
            yield replace(right, service="tax/obligations", fields=("total_amount",))
        elif chance() < AT_THE_COUNTER:
            yield from self._at_the_counter(dossier, right)
        elif chance() < SLIP_OF_CODE:
            yield replace(right, dossier=self._wrong_code(dossier))
            if chance() < SLIP_NOTICED:
                yield replace(right, at=right.at + later)
        elif chance() < SLIP_OF_NAME:
            yield replace(right, outcome="no_match", fields=())
            yield replace(right, at=right.at + later)
        else:
            yield right
        if dossier.ended_at and chance() < COMPLAINT:
            yield replace(right, at=dossier.ended_at + timedelta(days=self._random.uniform(1.5, 4)))

    def _at_the_counter(self, dossier: SimDossier, right: PlannedLookup) -> Iterator[PlannedLookup]:
        before = dossier.opened_at - timedelta(minutes=self._random.uniform(3, 60))
        if self._random.random() < NEVER_FILED:
            yield replace(right, at=before, dossier=None, subject=self._random.choice(self._country.citizens))
        yield replace(right, at=before, dossier=None)

    def _wrong_code(self, dossier: SimDossier) -> str:
        own = [one for one in self._plan.dossiers[-40:] if one.officer.unit == dossier.officer.unit]
        if self._random.random() < 0.5 and own:  # noqa: PLR2004 — half of the slips meet a real dossier
            return self._random.choice(own).code
        return f"{dossier.officer.unit}-{dossier.opened_at:%y%m%d}-{self._random.randrange(5000, 9999)}"

    def _batch_job(self, day: date) -> None:
        """Run the approved nightly job: health cards of a list of persons."""
        start = datetime.combine(day, time(1, 0), LOCAL)
        for number, person in enumerate(self._random.sample(self._country.citizens, 40)):
            self._plan.lookups.append(
                PlannedLookup(
                    start + timedelta(seconds=number), CLIENTS[0], "H97.01", self._country.job_officer, person,
                    "insurance/health-card", "9.999902", None, ("card_number", "valid_to"),
                )
            )  # fmt: skip

    def _review(self, client: str, day: date) -> None:
        """Let the inspector look into two ended dossiers."""
        inspector = self._country.inspectors[client]
        ended = [one for one in self._plan.dossiers[-3000:] if one.officer.client == client and one.ended_at]
        for dossier in self._random.sample(ended, min(2, len(ended))):
            at = datetime.combine(day, time(9, 0), LOCAL) + timedelta(minutes=self._random.uniform(0, 300))
            need = self._random.choice(needs(dossier.procedure))
            self._plan.lookups.append(replace(self.lookup(dossier, need, at), officer=inspector))
