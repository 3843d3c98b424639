"""The seven reasons, their order, and what does not count as one."""

from datetime import timedelta

import pytest

from gateway.audit.explanations import KINDS, explain
from gateway.audit.facts import Task


def test_an_open_dossier_with_the_person_as_party_explains(world):
    """The caller's own open dossier, its party, a needed service: explained, with the party's role."""
    found = explain(world.lookup(), world.around())
    assert (found.kind, found.detail["roles"]) == ("open_dossier", ["applicant"])


def test_a_relative_is_explained_by_the_role_in_the_dossier(world):
    """A relative is a party with a role, never guessed."""
    mother = world.dossier(parties=frozenset({("mother", world.who("mother")), ("child", world.who("citizen"))}))
    found = explain(world.lookup(subject=world.who("mother")), world.around(dossier=mother))
    assert (found.kind, found.detail["roles"]) == ("open_dossier", ["mother"])
    assert explain(world.lookup(subject=world.who("aunt")), world.around(dossier=mother)).kind == "unexplained"


@pytest.mark.parametrize(
    ("dossier", "why"),
    [
        ({"client": "H98.sim"}, "foreign-dossier"),
        ({"ended_at": timedelta(days=-2), "end_status": 10}, "closed-dossier"),
        ({"opened_at": timedelta(days=1)}, "opened-afterwards"),
        ({"recorded_at": timedelta(days=5)}, "reported-too-late"),
        ({"parties": frozenset()}, "not-a-party"),
        ({"procedure": "9.999904"}, "other-procedure"),
    ],
)
def test_a_dossier_that_does_not_fit_explains_nothing(world, dossier, why):
    """Foreign, closed, later, late, another's, for another procedure: the word says which."""
    moved = {name: world.at + value if isinstance(value, timedelta) else value for name, value in dossier.items()}
    found = explain(world.lookup(), world.around(dossier=world.dossier(**moved)))
    assert (found.kind, found.detail) == ("unexplained", {"why": why})


def test_no_and_unknown_dossiers_are_told_apart(world):
    """Naming none is another thing than naming one that nobody reported."""
    none = explain(world.lookup(dossier=None), world.around(dossier=None))
    unknown = explain(world.lookup(), world.around(dossier=None))
    assert (none.detail["why"], unknown.detail["why"]) == ("no-dossier", "unknown-dossier")


def test_a_service_that_the_procedure_does_not_need_is_not_explained(world):
    """The service must be among the components of the procedure; unknown procedures bind to no list."""
    assert explain(world.lookup(service="tax/taxpayer"), world.around()).detail == {"why": "not-needed"}
    assert explain(world.lookup(service="tax/taxpayer"), world.around(needs=None)).kind == "open_dossier"


def test_a_look_up_at_the_counter_is_explained_by_the_dossier_filed_right_after(world):
    """Naming none is explained where the person's dossier was filed within two hours, not where it was there before."""
    filed = world.dossier(opened_at=world.at + timedelta(minutes=30), recorded_at=world.at + timedelta(minutes=31))
    around = world.around(dossier=None, dossiers=(filed,))
    assert explain(world.lookup(dossier=None), around).kind == "open_dossier"
    earlier = world.around(dossier=None, dossiers=(world.dossier(),))
    assert explain(world.lookup(dossier=None), earlier).kind == "unexplained"


def test_pseudonyms_of_another_year_are_not_held_against_a_party(world):
    """A dossier reported last year has parties under last year's key: they cannot be compared."""
    old = world.dossier(party_year=2025, parties=frozenset({("applicant", world.who("citizen of 2025"))}))
    assert explain(world.lookup(), world.around(dossier=old)).kind == "open_dossier"


def test_approved_jobs_and_reviews_explain_within_their_limits(world):
    """The officer, client, service, agency and time must all fit the approval."""
    task = Task(
        frozenset({world.who("officer")}),
        "H99.sim",
        frozenset({"population/person"}),
        ("H99*",),
        world.at - timedelta(days=1),
        world.at + timedelta(days=1),
        "QĐ 12",
    )
    lookup, bare = world.lookup(dossier=None), {"dossier": None, "dossiers": ()}
    assert explain(lookup, world.around(**bare, staff=world.staff(jobs=(task,)))).kind == "batch_job"
    assert explain(lookup, world.around(**bare, staff=world.staff(reviews=(task,)))).kind == "assigned_review"
    for wrong in (
        {"client": "H98.sim"},
        {"service": "tax/taxpayer"},
        {"unit": "H98.01"},
        {"at": world.at.replace(year=2027)},
    ):
        moved = world.lookup(dossier=None, **wrong)
        assert explain(moved, world.around(**bare, staff=world.staff(jobs=(task,)))).kind == "unexplained"


def test_consent_explains_only_an_applicant(world):
    """Consent is the caller's claim: it counts where the person is the applicant of an open dossier of the caller."""
    lookup = world.lookup(dossier=None, legal_basis="consent", service="tax/taxpayer")
    own = world.around(dossier=None, dossiers=(world.dossier(),))
    assert explain(lookup, own).kind == "own_request"
    assert explain(lookup, world.around(dossier=None, dossiers=())).kind == "unexplained"


def test_a_slip_that_was_mended_soon_is_explained(world):
    """The same officer, person and service, explained by a dossier within half an hour: the first was a slip."""
    slip = world.lookup(dossier="H99.01-261118-9999")
    mended = world.past(-5)
    assert explain(slip, world.around(dossier=None, about_person=(mended,))).kind == "correction"
    late = world.past(-45)
    assert explain(slip, world.around(dossier=None, about_person=(late,))).kind == "unexplained"


def test_an_emergency_is_the_last_reason_and_is_always_sampled(world):
    """Vital interest explains what nothing else does."""
    lookup = world.lookup(dossier=None, legal_basis="vital_interest")
    found = explain(lookup, world.around(dossier=None))
    assert (found.kind, found.detail) == ("emergency", {"sampled": True})
    assert explain(world.lookup(legal_basis="vital_interest"), world.around()).kind == "open_dossier"


def test_status_synchronisation_explains_itself(world):
    """An entry of a push is no look-up of anybody."""
    assert explain(world.lookup(kind="status", dossier=None), world.around(dossier=None)).kind == "status_sync"
    assert KINDS[-1] == "unexplained"
