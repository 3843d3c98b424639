"""Look-ups and their surroundings, each with plain defaults: an officer at work on a dossier of one person."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from gateway.audit.facts import Dossier, Lookup, Need, Officer, Past, Staff, Surroundings

AT = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning in Hà Nội."""
CLIENT, UNIT, CODE, PROCEDURE, SERVICE = "H99.sim", "H99.01", "H99.01-261118-0001", "9.999901", "population/person"


class World:
    """Makes facts."""

    at = AT

    @staticmethod
    def who(name):
        """Return the pseudonym of somebody."""
        return sha256(name.encode()).digest()

    def lookup(self, **changes):
        """Return an answered look-up of the citizen by the officer under the dossier."""
        made = {
            "log_id": 1,
            "index": 1,
            "at": AT,
            "kind": "answered",
            "question": "00000000-0000-7000-8000-000000000001",
            "client": CLIENT,
            "keyid": f"{CLIENT}-1",
            "service": SERVICE,
            "procedure": PROCEDURE,
            "dossier": CODE,
            "legal_basis": "law",
            "unit": UNIT,
            "officer": self.who("officer"),
            "subject": self.who("citizen"),
            "year": 2026,
            "outcome": "found",
            "fields": frozenset({"full_name"}),
        }
        return Lookup(**{**made, **changes})

    def dossier(self, **changes):
        """Return the open dossier that the citizen is the applicant of."""
        made = {
            "code": CODE,
            "agency": UNIT,
            "client": CLIENT,
            "procedure": PROCEDURE,
            "opened_at": AT - timedelta(hours=1),
            "recorded_at": AT - timedelta(hours=1),
            "parties": frozenset({("applicant", self.who("citizen"))}),
            "party_year": 2026,
        }
        return Dossier(**{**made, **changes})

    def around(self, **changes):
        """Return surroundings in which the look-up is explained by its dossier."""
        dossier = changes.pop("dossier", self.dossier())
        made = {
            "dossier": dossier,
            "dossiers": (dossier,) if dossier else (),
            "needs": {SERVICE: Need(frozenset({"full_name", "permanent_address"}))},
            "staff": self.staff(),
        }
        return Surroundings(**{**made, **changes})

    def staff(self, **changes):
        """Return a staff list with the officer and a colleague."""
        officer = Officer(
            UNIT,
            itself=frozenset({self.who("officer as person")}),
            relatives=frozenset({self.who("sister")}),
            household=frozenset({self.who("husband")}),
        )
        colleague = Officer(UNIT, itself=frozenset({self.who("colleague as person")}))
        made = {
            "officers": {self.who("officer"): officer, self.who("colleague"): colleague},
            "people": {self.who("officer as person"): UNIT, self.who("colleague as person"): UNIT},
            "protected": frozenset({self.who("minister")}),
            "decoys": frozenset({self.who("nobody")}),
        }
        return Staff(**{**made, **changes})

    def past(self, number=0, **changes):
        """Return an earlier look-up, `number` minutes before."""
        made = {
            "question": f"00000000-0000-7000-8000-{number + 100:012d}",
            "at": AT - timedelta(minutes=number),
            "officer": self.who("officer"),
            "subject": self.who("citizen"),
            "service": SERVICE,
            "dossier": CODE,
            "outcome": "found",
            "explained": "open_dossier",
        }
        return Past(**{**made, **changes})


@pytest.fixture(scope="session")
def world():
    """Make facts."""
    return World()
