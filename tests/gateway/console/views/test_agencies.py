"""Screen 6, *Agency and client*."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.audit.streaming import Auditor
from gateway.console.views.agencies import key_line
from gateway.evidence.keys import load_pseudonym_keys
from gateway.evidence.pseudonyms import Pseudonyms, address_mark
from gateway.settings import load_settings
from schemas.configuration import Key

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("times", "state"),
    [
        ({}, "valid"),
        ({"not_before": NOW - HOUR, "not_after": NOW + HOUR}, "valid"),
        ({"not_before": NOW + HOUR}, "not_yet"),
        ({"not_after": NOW - HOUR}, "expired"),
        ({"revoked_at": NOW - HOUR, "not_after": NOW - HOUR}, "revoked"),
        ({"revoked_at": NOW + HOUR}, "valid"),
    ],
)
def test_a_key_is_shown_as_it_counts_now(times, state):
    """Revoked beats expired; a time that has not come yet changes nothing."""
    members = {"keyid": "k", "algorithm": "ed25519", "public_key": "", **times}
    members = {"not_before": None, "not_after": None, "revoked_at": None, **members}
    assert key_line(Key.model_construct(**members), None, NOW).state == state


async def test_agencies_are_listed_by_what_they_looked_up(visitor, looked_up):
    """The list names the agency of a look-up, and the agency's own page opens."""
    await looked_up(unit="H99.01")
    lead = await visitor()
    assert (await lead.get("/agencies")).status == 200
    assert "H99.01" in lead.text
    assert (await lead.get("/agencies/H99.01")).status == 200


async def test_a_client_shows_where_it_called_from(visitor, looked_up, database):
    """The client's page and the look-up's name an address by the mark that the command line tells."""
    _, answered = await looked_up(address="192.0.2.7")
    await Auditor(database, clock=lambda: datetime.now(UTC)).catch_up()
    lead = await visitor()
    await lead.get(f"/lookups/{answered.entry_id}")
    marks = Pseudonyms(load_pseudonym_keys(load_settings().pseudonym_keys))
    mark = address_mark(marks.of_address(marks.year(datetime.now(UTC).year), "192.0.2.7"))
    assert mark in lead.text
    await lead.get("/clients/H99.igate")
    assert mark in lead.text
    assert "192.0.2.7" not in lead.text
