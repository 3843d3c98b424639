"""A small labelled period through the real log and tables, read by the real auditor."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from gateway.audit.backtest import figures
from gateway.audit.simulation.clean import CleanTraffic
from gateway.audit.simulation.country import Country
from gateway.audit.simulation.measuring import measure
from gateway.audit.simulation.misuse import Misuse
from gateway.audit.simulation.plan import Incident, PlannedLookup
from gateway.audit.simulation.running import SimulationError, plan_of, simulate
from gateway.audit.simulation.writing import Written
from gateway.audit.streaming import Auditor
from gateway.store.database import Database
from gateway.store.findings import heads, marks

LAST, SEED = date(2026, 11, 18), 7
NEVER = {"volume", "breadth"}
"""They need a history longer than the period."""


def clock():
    """Tell a time after the period."""
    return datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def measured(database_urls):
    """Simulate four days, once for the module."""

    async def once():
        database = await Database.connect(database_urls.application, timeout_s=20.0)
        try:
            return await simulate(database, seed=SEED, days=4, last=LAST, each=1, units=1)
        finally:
            await database.close()

    return asyncio.run(once())


async def standing(database):
    """Return the keys of the alerts that stand."""
    return {row["key"] for row in await database.fetch("findings.alerts_standing")}


async def test_seeded_misuse_is_found_and_clean_work_explained(measured):
    """Most misuses have an alert, most alerts are right, and clean traffic is explained."""
    missed = {rule for rule, one in measured.rules.items() if one.seeded and not one.found}
    assert missed <= NEVER | {"the-dead", "no-dossier"}
    assert measured.overall.recall >= 0.85
    assert measured.unexplained_share <= 0.05
    assert measured.over_budget == []
    assert measured.clean_kinds["open_dossier"] > 0.7 * measured.clean


async def test_reading_on_and_judging_again_change_nothing(measured, database):
    """A restarted reader finds nothing new; recomputing gives the same alerts and explanations."""
    assert measured.overall.alerts > 0
    before = await standing(database)
    explained = {row["entry_id"]: row["kind"] for row in await explanations(database)}
    auditor = Auditor(database, clock=clock)
    assert await auditor.step() is False
    read = await marks(database)
    assert all(read[f"log {log_id}"] == head for log_id, head in (await heads(database)).items())
    assert await auditor.recompute(clock() - timedelta(days=9), clock()) >= measured.clean
    assert await standing(database) == before
    number, differing = await auditor.compare(clock() - timedelta(days=9), clock())
    assert (number >= measured.clean, differing) == (True, [])
    assert {row["entry_id"]: row["kind"] for row in await explanations(database)} == explained


async def explanations(database):
    """Return all explanations."""
    return await database.fetch("findings.explanations_of", clock() - timedelta(days=30), clock())


async def test_staff_lists_are_pseudonyms_in_the_tables(measured, database):
    """The console's tables know officers and decoys; no document in force holds a number of theirs."""
    assert measured.clean > 0
    country = Country(Random(SEED), units=1)
    numbers = {*country.protected, *country.decoys}
    for officer in country.officers:
        numbers |= {officer.id, *officer.relatives}
    rows = await database.fetch("configuration.current")
    assert '"staff/simulated.json"' in rows[0][1]
    assert len(numbers) > len(country.officers) + len(country.protected)
    assert not [number for number in numbers if number in rows[0][1]]


async def test_rules_tell_their_record(measured, database):
    """The back-test counts what each rule fired, and its precision is its weight while no case was closed."""
    told = {one.rule: one for one in await figures(database, clock() - timedelta(days=30))}
    assert told["decoy"].fired == measured.rules["decoy"].alerts == 1
    assert told["decoy"].precision == pytest.approx(told["decoy"].weight)
    assert {"rule", "fired", "sentence_vi"} <= told["decoy"].as_json().keys()


async def test_a_log_with_entries_is_refused(measured, database):
    """A simulation never writes beside real entries."""
    assert measured.clean > 0
    with pytest.raises(SimulationError, match="only into an empty one"):
        await simulate(database, seed=1, days=3, last=LAST, each=1)


def test_the_same_seed_makes_the_same_period():
    """A plan is a function of its seed; another seed makes another."""
    plans = [plan_of(seed, 3, LAST, 1, units=1)[1] for seed in (5, 5, 6)]
    assert plans[0].lookups == plans[1].lookups
    assert plans[0].lookups != plans[2].lookups
    assert {one.rule for one in plans[0].incidents} == set(Misuse(None, plans[0], None, None)._kinds())
    assert CleanTraffic is not Misuse


def test_figures_count_alerts_and_misuses_by_their_labels():
    """An alert is right by its entry's label, or, for conduct, by its officer's day; a missed misuse lowers recall."""
    at = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)

    def look(entry, incident):
        planned = PlannedLookup(at, "c", "u", "o", "s", None, None, None, incident=incident)
        return Written(entry, planned)

    written = [look("a", 0), look("b", None), look("c", 1)]
    incidents = [Incident(0, "decoy", "o", "2026-11-18"), Incident(1, "self", "o", "2026-11-18")]
    alerts = [{"rule": "decoy", "entry_id": "a"}, {"rule": "self", "entry_id": "b"}]
    found = measure(incidents, written, alerts, {"a": "unexplained", "b": "dossier", "c": "unexplained"})
    assert (found.overall.precision, found.overall.recall) == (0.5, 0.5)
    assert (found.rules["decoy"].recall, found.rules["self"].recall) == (1.0, 0.0)
    assert (found.clean, found.unexplained) == (1, 0)
    assert measure(incidents, written, [{"rule": "volume", "entry_id": "b"}], {}).overall.precision == 1.0
    assert found.as_json()["rules"]["overall"]["alerts"] == 2


def test_a_rule_over_its_budget_is_named():
    """One wrong alert is always allowed; a second about so little clean work is too many, a right one never."""
    at = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
    planned = [PlannedLookup(at, "c", "u", None, "s", None, None, None, incident=label) for label in (None, None, 0)]
    written = [Written(f"entry {number}", one) for number, one in enumerate(planned)]
    incidents = [Incident(0, "decoy", None, "2026-11-18")]
    alerts = [{"rule": "decoy", "entry_id": one.entry_id} for one in written]
    assert measure(incidents, written, alerts[1:], {}).over_budget == []
    assert measure(incidents, written, alerts, {}).over_budget == ["decoy"]
