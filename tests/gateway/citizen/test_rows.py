"""What a citizen is told: third parties, lawful delays, and names for codes."""

from datetime import UTC, datetime, timedelta

import orjson

from gateway.citizen.rows import Names, tell
from gateway.citizen.words import FIELDS, NEUTRAL, field_names, purpose
from gateway.store.citizen import Delay, Matter, UsageEntry
from schemas.services import CATALOGUE
from signing.merkle import leaf_hash

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MINE, OTHERS = "H99.01-261121-0001", "H99.01-261121-0002"
NAMES = Names({"H99.igate": "Tỉnh H99"}, {"9.999901": "Đăng ký khai sinh"})


def entry(dossier=MINE, index=7):
    """Make an answered entry."""
    members = {
        "v": 1,
        "id": f"019a0000-0000-7000-8000-00000000000{index}",
        "client": "H99.igate",
        "unit": "H99.01",
        "procedure": "9.999901",
        "service": "population/person",
        "outcome": "found",
        "mode": "lookup",
        "legal_basis": "law",
        "fields": ["full_name"],
    }
    leaf = orjson.dumps({**members, **({"dossier": dossier} if dossier else {})})
    return UsageEntry("log.test/2026/0", 1, index, NOW, dossier, leaf)


def test_ones_own_matter_is_told_in_full():
    """Agency, purpose in words, dossier, fields and ground; the leaf proves each word."""
    told = tell([entry()], {MINE: Matter(MINE, closed=False, others=False)}, {}, NAMES, NOW)
    row = told.rows[0]
    assert (row.client_name, row.agency, row.purpose) == ("Tỉnh H99", "H99.01", "Đăng ký khai sinh")
    assert (row.dossier, row.fields, row.legal_basis) == (MINE, ("full_name",), "law")
    assert (row.leaf, row.leaf_hash) == (entry().leaf, leaf_hash(entry().leaf))


def test_somebody_elses_matter_is_neutral_until_it_closes():
    """While it is open neither purpose, dossier, unit nor leaf is told; afterwards all of it."""
    matter = Matter(OTHERS, closed=False, others=True)
    row = tell([entry(OTHERS)], {OTHERS: matter}, {}, NAMES, NOW).rows[0]
    assert (row.purpose, row.neutral) == (NEUTRAL, True)
    assert (row.dossier, row.procedure, row.agency, row.leaf) == (None, None, None, None)
    assert OTHERS not in repr(row)
    assert row.leaf_hash == leaf_hash(entry(OTHERS).leaf)
    later = tell([entry(OTHERS)], {OTHERS: Matter(OTHERS, closed=True, others=True)}, {}, NAMES, NOW).rows[0]
    assert (later.neutral, later.dossier) == (False, OTHERS)


def test_what_is_delayed_is_counted_with_its_date():
    """Withheld rows are gone, counted, and dated by the one that ends last; a delay that ended hides nothing."""
    until = NOW + timedelta(days=30)
    delays = {OTHERS: Delay(OTHERS, "Điều tra", until, "dpo")}
    told = tell([entry(OTHERS, 1), entry(MINE, 2), entry(OTHERS, 3)], {}, delays, NAMES, NOW)
    assert ([row.index for row in told.rows], told.withheld, told.withheld_until) == ([2], 2, until)
    after = tell([entry(OTHERS, 1)], {}, delays, NAMES, until)
    assert (len(after.rows), after.withheld, after.withheld_until) == (1, 0, None)


def test_no_look_up_is_lost():
    """Told and withheld together are all there were."""
    entries = [entry(dossier, index) for index, dossier in enumerate([MINE, OTHERS, None, MINE])]
    told = tell(entries, {}, {MINE: Delay(MINE, "", NOW + timedelta(1), "dpo")}, NAMES, NOW)
    assert len(told.rows) + told.withheld == len(entries)


def test_unknown_codes_are_shown_as_they_stand():
    """A client or procedure without a name is told by its code, never left out."""
    row = tell([entry()], {}, {}, Names({}, {}), NOW).rows[0]
    assert (row.client_name, row.purpose) == ("H99.igate", "Thủ tục 9.999901")
    assert purpose(None, {}) == "Không nêu mục đích"


def test_every_field_of_every_service_has_a_name():
    """No citizen reads a machine word for a built-in service."""
    assert {field for spec in CATALOGUE.values() for field in spec.fields} <= set(FIELDS)
    assert field_names(("full_name", "x_own")) == ("Họ và tên", "x_own")
