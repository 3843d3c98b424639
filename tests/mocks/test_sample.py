"""Sampled people are what the protocol wants, and nobody among them misbehaves."""

import json
from itertools import islice

from mocks.numbers import insurance_code, key_of, old_id_card
from mocks.sample import expectations, people
from mocks.special import SPECIAL_SERIALS
from schemas.identifiers import canonical
from schemas.names import checked_name
from schemas.services import CATALOGUE

MEMBERS = [
    *("personal_id", "old_id_card", "full_name", "birth_date", "sex", "health_card", "insurance_code", "tax_code"),
    *("permanent_address", "father", "mother", "spouse", "children", "expect"),
]


def test_members_are_exactly_those_of_the_protocol():
    """A line has the members of PROTOCOL 9, in identifiers the API accepts, and an expectation for every service."""
    for person in people(300, 5):
        assert list(person) == MEMBERS
        assert set(person["expect"]) == set(CATALOGUE)
        assert set(person["expect"].values()) <= {"found", "no_match"}
        assert checked_name(person["full_name"]) == person["full_name"]
        for id_type in ("personal_id", "old_id_card", "health_card", "insurance_code", "tax_code"):
            if person[id_type] is not None:
                assert canonical(id_type, person[id_type]) == person[id_type]
        assert json.loads(json.dumps(person)) == person
        key = key_of(person["personal_id"])
        assert (person["old_id_card"], person["insurance_code"]) == (old_id_card(key), insurance_code(key))


def test_the_same_seed_gives_the_same_people():
    """Samples are reproducible, and another seed gives others; the first of many are the many's first."""
    first = list(people(50, 1))
    assert first == list(people(50, 1)) == list(islice(people(500, 1), 50))
    assert first != list(people(50, 2))


def test_people_are_different_and_well_behaved():
    """Nobody comes twice, and none of the special serials is drawn."""
    drawn = [person["personal_id"] for person in people(3000, 3)]
    assert len(set(drawn)) == 3000
    assert all(int(number[6:]) not in SPECIAL_SERIALS for number in drawn)


def test_every_outcome_occurs_for_every_service():
    """A large sample holds found and not found for each of the eight services."""
    seen = {(service, outcome) for person in people(3000, 4) for service, outcome in person["expect"].items()}
    assert len(seen) == 16


def test_expectations_of_the_example_person():
    """The person of the protocol's example is found wherever a living, married adult is."""
    expected = expectations(key_of("099191000001"))
    assert [service for service, outcome in expected.items() if outcome == "no_match"] == ["civil-status/death"]
