"""A grant is one row that covers the whole request, or a refusal that names the first thing no row covers."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.agreements import DossierFacts, grant
from gateway.refusals import Refusal
from schemas.grants import Grant
from schemas.identifiers import agency_matches
from schemas.services import CATALOGUE

TODAY = date(2026, 11, 21)
SPEC = CATALOGUE["population/person"]
PERSON = ("personal_id", "099191000001")
OPEN = DossierFacts(agency="H99.01", open=True, parties=frozenset({PERSON}))
CLOSED = DossierFacts(agency="H99.01", open=False, parties=frozenset({PERSON}))
FOREIGN = DossierFacts(agency="H98.01", open=True, parties=frozenset({PERSON}))
TAX = {"registries/tax.toml": 'registry = "tax"\nadapter = "tax"\nurl = "http://127.0.0.1:9"\n'}
STRANGER = DossierFacts(agency="H99.01", open=True, parties=frozenset({("personal_id", "099191000002")}))


@pytest.fixture(scope="module")
def ask(kit):
    """Ask for a grant under an agreement of the given rows; a refusal is returned as its code."""
    caller = kit.caller(kit.snapshot())

    def asked(*rows, spec=SPEC, subject=None, fields=("full_name",), today=TODAY, facts=None, **purpose):
        snapshot = kit.snapshot(*rows, **TAX)
        subject = subject or kit.subject()
        try:
            return grant(
                caller, spec, subject, kit.purpose(**purpose), fields, snapshot=snapshot, today=today, dossier=facts
            )
        except Refusal as refusal:
            return refusal.code

    return asked


def test_a_covered_request_is_granted_as_asked(ask, kit):
    """The grant says who, what for, which fields, and by which row of which version."""
    made = ask({"explain": True, "daily_quota": 7})
    assert (made.client, made.service, made.fields) == ("H99.test", SPEC, ("full_name",))
    assert (made.subject, made.purpose) == (kit.subject(), kit.purpose())
    assert (made.agreement, made.row, made.config_version, made.daily_quota, made.explain) == ("A1", 0, 1, 7, True)


@pytest.mark.parametrize(
    ("row", "asking", "code"),
    [
        ({}, {"spec": CATALOGUE["tax/taxpayer"]}, "agreement-missing"),
        ({"valid_until": "2026-11-20"}, {}, "agreement-missing"),
        ({"valid_from": "2026-11-22"}, {}, "agreement-missing"),
        ({}, {"procedure": "9.999902"}, "purpose-not-granted"),
        ({}, {"legal_basis": "consent"}, "purpose-not-granted"),
        ({}, {"unit": "H98.01"}, "purpose-not-granted"),
        ({}, {"fields": ("full_name", "religion")}, "field-not-granted"),
        ({}, {"fields": ("*",)}, "field-not-granted"),
        ({}, {"fields": ("no_such_field",)}, "field-not-granted"),
        ({}, {"dossier": "H98.01-261121-0001"}, "dossier-not-open"),
        ({}, {"dossier": "opaque"}, "dossier-not-open"),
        ({"dossier_rule": "open_dossier"}, {"dossier": None}, "dossier-not-open"),
        ({"dossier_rule": "open_dossier"}, {"facts": None}, "dossier-not-open"),
        ({"dossier_rule": "open_dossier"}, {"facts": CLOSED}, "dossier-not-open"),
        ({"dossier_rule": "open_dossier"}, {"facts": FOREIGN}, "dossier-not-open"),
        ({"dossier_rule": "party"}, {"dossier": None, "facts": OPEN}, "dossier-not-open"),
        ({"dossier_rule": "party"}, {"facts": CLOSED}, "dossier-not-open"),
        ({"dossier_rule": "party"}, {"facts": STRANGER}, "subject-not-party"),
    ],
)
def test_refusals_name_the_first_thing_not_covered(ask, row, asking, code):
    """Every code of the agreement check has a request that earns it."""
    assert ask(row, **asking) == code


@pytest.mark.parametrize(
    ("row", "asking"),
    [
        ({"valid_from": "2026-11-21", "valid_until": "2026-11-21"}, {}),
        ({}, {"dossier": None}),
        ({}, {"unit": "H99"}),
        ({}, {"unit": "000.00.01.H99"}),
        ({"dossier_rule": "open_dossier"}, {"facts": OPEN}),
        ({"dossier_rule": "open_dossier"}, {"facts": STRANGER}),
        ({"dossier_rule": "party"}, {"facts": OPEN}),
    ],
)
def test_what_lies_just_inside_is_granted(ask, row, asking):
    """Days are inclusive, both writings of an agency count, and a dossier rule asks no more than it says."""
    assert isinstance(ask(row, **asking), Grant)


@pytest.mark.parametrize("unit", ["H99.01", "H98"])
def test_an_agency_without_a_star_is_itself_alone(ask, unit):
    """`H99` grants nothing to what lies below it, nor to a code that merely begins alike."""
    assert ask({"agencies": ["H99"]}, unit=unit, dossier=None) == "purpose-not-granted"


def test_a_code_that_begins_alike_is_another_agency(ask):
    """`H9*` is no wildcard over text: the boundary is the dot."""
    assert ask({"agencies": ["H98.0*"]}, unit="H98.01", dossier=None) == "purpose-not-granted"
    assert ask({"agencies": ["H98.01*"]}, unit="H98.012", dossier=None) == "purpose-not-granted"


def test_rows_are_never_pooled(ask):
    """One row covers the purpose, another the fields: together they cover nothing."""
    purpose_only = {"procedures": ["9.999901"], "fields": ["sex"]}
    fields_only = {"procedures": ["9.999902"], "fields": ["full_name"]}
    assert ask(purpose_only, fields_only) == "field-not-granted"
    assert ask({"fields": ["full_name"]}, {"fields": ["sex"]}, fields=("full_name", "sex")) == "field-not-granted"
    assert ask({"agencies": ["H98*"]}, {"agencies": ["H99*"]}, unit="H98.01") == "dossier-not-open"


def test_the_first_row_that_covers_all_is_the_one(ask):
    """A narrower row in front that does not cover is passed over."""
    made = ask({"fields": ["sex"]}, {"dossier_rule": "party"}, {"daily_quota": 5})
    assert (made.row, made.daily_quota) == (2, 5)


def test_a_person_is_a_party_under_either_name_of_the_number(ask, kit):
    """A person's 12-digit tax code is the personal number: a party by one is a party by the other."""
    row = {"service": "tax/taxpayer", "fields": ["name"], "dossier_rule": "party"}
    taxpayer = kit.subject(id_type="tax_code", id=PERSON[1], full_name=None, birth_date=None)
    made = ask(row, spec=CATALOGUE["tax/taxpayer"], subject=taxpayer, fields=("name",), facts=OPEN)
    assert isinstance(made, Grant)


@pytest.mark.parametrize(
    ("purpose", "fields", "pointed"),
    [
        ({"procedure": "9.999902", "legal_basis": "consent"}, ("full_name",), ["/purpose/procedure"]),
        ({"legal_basis": "consent", "unit": "H98.01"}, ("full_name",), ["/purpose/legal_basis"]),
        ({"unit": "H98.01"}, ("religion",), ["/purpose/officer/unit"]),
        ({}, ("religion", "full_name", "*"), ["/fields/0", "/fields/2"]),
    ],
)
def test_a_refusal_points_at_what_is_not_covered(kit, purpose, fields, pointed):
    """An integrator reads where the request goes beyond the agreement, and never what stood there."""
    snapshot = kit.snapshot({})
    with pytest.raises(Refusal) as refused:
        grant(
            kit.caller(snapshot),
            SPEC,
            kit.subject(),
            kit.purpose(**purpose),
            fields,
            snapshot=snapshot,
            today=TODAY,
            dossier=None,
            pointers=[f"/fields/{index}" for index in range(len(fields))],
        )
    assert [error.pointer for error in refused.value.errors] == pointed


def test_another_clients_agreement_is_nobody_elses(kit):
    """Rows belong to one client."""
    snapshot = kit.snapshot(
        **{
            "clients/H98.test.toml": kit.client_file("H98.test"),
            "agreements/A1.toml": kit.agreement_file({}, client="H98.test"),
        }
    )
    caller = kit.caller(kit.snapshot())
    with pytest.raises(Refusal) as refused:
        grant(caller, SPEC, kit.subject(), kit.purpose(), ("full_name",), snapshot=snapshot, today=TODAY, dossier=None)
    assert refused.value.code == "agreement-missing"


_subset = lambda values: st.lists(st.sampled_from(values), min_size=1, unique=True)  # noqa: E731 — a strategy's name
_rows = st.fixed_dictionaries(
    {
        "procedures": _subset(["9.999901", "9.999902"]),
        "fields": _subset(["full_name", "sex", "religion"]),
        "legal_bases": _subset(["law", "consent"]),
        "agencies": _subset(["H99*", "H99.01", "H98*"]),
        "dossier_rule": st.sampled_from(["none", "open_dossier", "party"]),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(_rows, min_size=1, max_size=3),
    procedure=st.sampled_from(["9.999901", "9.999902"]),
    basis=st.sampled_from(["law", "consent"]),
    fields=_subset(["full_name", "sex", "religion"]),
    unit=st.sampled_from(["H99.01", "H99.02", "H98.01"]),
    facts=st.sampled_from([None, OPEN, CLOSED, FOREIGN, STRANGER]),
)
def test_granted_means_one_row_covers_everything(ask, rows, procedure, basis, fields, unit, facts):
    """Whatever the rows and the request: a grant names a row that alone covers all of it, and the first such."""

    def covers(row):
        inside = [any(agency_matches(pattern, agency) for pattern in row["agencies"]) for agency in (unit, "H99.01")]
        rule = row["dossier_rule"]
        known = facts is not None and facts.open
        at_home = known and any(agency_matches(pattern, facts.agency) for pattern in row["agencies"])
        return (
            procedure in row["procedures"]
            and basis in row["legal_bases"]
            and set(fields) <= set(row["fields"])
            and all(inside)
            and (rule == "none" or at_home)
            and (rule != "party" or PERSON in facts.parties)
        )

    made = ask(*rows, fields=tuple(fields), facts=facts, procedure=procedure, legal_basis=basis, unit=unit)
    expected = next((number for number, row in enumerate(rows) if covers(row)), None)
    assert (made.row if isinstance(made, Grant) else None) == expected
