"""Dossiers are asked about only where a row demands it, and a party is a party under any live year's key."""

from datetime import timedelta

import pytest

from gateway.dossiers.binding import Binding
from gateway.evidence.contract import EvidenceUnavailable
from schemas.grants import Subject
from schemas.services import CATALOGUE

SPEC = CATALOGUE["population/person"]
PERSON = ("personal_id", "099191000001")
STRICT = {"dossier_rule": "party"}


class _Silent:
    """A database that must not be asked."""

    async def fetchrow(self, *_):
        """Fail the test."""
        raise AssertionError("the database was asked")


@pytest.fixture
def facts(kit, database, pseudonyms):
    """Ask what is known of a dossier under an agreement of the given rows."""

    async def asked(dossier, *rows, person=PERSON, store=database):
        binding = Binding(store, pseudonyms)
        return await binding.facts(kit.snapshot(*rows), "H99.test", SPEC, Subject(*person), dossier)

    return asked


async def test_rows_that_demand_nothing_cost_no_question(facts):
    """Neither without a demanding row, nor without a dossier, is the database asked."""
    assert await facts("H99.01-261121-0001", {}, store=_Silent()) is None
    assert await facts(None, STRICT, store=_Silent()) is None


async def test_an_open_dossier_with_its_party(facts, receive, make_event, party):
    """What was reported is what is known: agency, open, and whether the subject is a party."""
    event = make_event(parties=(party,))
    await receive(event)
    found = await facts(event.dossier, {}, STRICT)
    assert (found.agency, found.open, found.parties) == ("H99.01", True, frozenset({PERSON}))
    other = await facts(event.dossier, STRICT, person=("personal_id", "099191000002"))
    assert (other.open, other.parties) == (True, frozenset())


async def test_a_personal_number_is_known_as_a_tax_code(facts, receive, make_event, party):
    """The twelve digits name one person, whichever type they came under."""
    event = make_event(parties=(party,))
    await receive(event)
    assert (await facts(event.dossier, STRICT, person=("tax_code", PERSON[1]))).parties == {PERSON}


async def test_a_party_of_last_year_is_still_a_party(facts, receive, make_event, party):
    """Pseudonyms are compared under the keys of all live years."""
    event = make_event(parties=(party,))
    await receive(event, now=event.occurred_at - timedelta(days=365))
    assert (await facts(event.dossier, STRICT)).parties == {PERSON}


async def test_absent_foreign_and_untrusted_dossiers(facts, receive, make_event, party):
    """The first two are unknown; what a door without trust reports is there, but not open."""
    assert await facts("H99.01-261121-9999", STRICT) is None
    foreign = make_event(agency="H98.01", parties=(party,))
    await receive(foreign, agencies=("H98*",))
    assert await facts(foreign.dossier, STRICT) is None
    untrusted = make_event(parties=(party,))
    await receive(untrusted, source="compat", binds=False)
    found = await facts(untrusted.dossier, STRICT)
    assert (found.open, found.parties) == (False, frozenset())


async def test_a_database_that_is_away_grants_nothing(facts, database):
    """503, never "no dossier"."""
    await database.close()
    with pytest.raises(EvidenceUnavailable):
        await facts("H99.01-261121-0001", STRICT)
