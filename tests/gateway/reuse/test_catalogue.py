"""The catalogue of procedures through time."""

from datetime import UTC, datetime, timedelta

from gateway.reuse.catalogue import catalogues_of, in_force, procedures_of
from gateway.reuse.facts import midnight, months_before

T0 = datetime(2026, 1, 1, tzinfo=UTC)
ONE = {"procedures/9.999901.toml": 'procedure = "9.999901"\nname = "Một"', "clients/x.toml": "unread"}
TWO = {**ONE, "procedures/9.999902.toml": 'procedure = "9.999902"\nname = "Hai"'}


def test_only_changes_of_procedures_make_a_new_catalogue():
    """A configuration that changes something else goes on with the catalogue before it."""
    versions = [(1, T0, ONE), (2, T0 + timedelta(1), {**ONE, "clients/y.toml": ""}), (5, T0 + timedelta(2), TWO)]
    assert [item.version for item in catalogues_of(versions)] == [1, 5]


def test_the_catalogue_at_acceptance_counts_and_the_oldest_before_all():
    """In force from its moment on; what came earlier is judged by the first there was."""
    first, second = catalogues_of([(1, T0, ONE), (2, T0 + timedelta(2), TWO)])
    assert in_force([first, second], T0 - timedelta(9)) is first
    assert in_force([first, second], T0 + timedelta(2)) is second
    assert in_force([first, second], T0 + timedelta(2, microseconds=-1)) is first
    assert in_force([], T0) is None


def test_a_procedure_that_cannot_be_read_is_left_out():
    """An old document that today's model refuses does not stop the others."""
    assert procedures_of({**ONE, "procedures/bad.toml": "procedure = 1", "procedures/worse.toml": "="}).keys() == {
        "9.999901"
    }


def test_tables_hold_what_the_database_needs():
    """Procedures, components and their choices in order."""
    text = (
        'procedure = "9.999901"\nname = "Một"\n[[components]]\ncode = "TP01"\nname = "x"\n'
        '[[components.replaced_by]]\nservice = "tax/taxpayer"\nfields = ["name"]\nrole = "applicant"\n'
    )
    (catalogue,) = catalogues_of([(3, T0, {"procedures/9.999901.toml": text})])
    assert catalogue.tables()["replacements"] == [
        {"procedure": "9.999901", "component": "TP01", "choice": 0, "service": "tax/taxpayer", "role": "applicant",
         "fields": ["name"]}
    ]  # fmt: skip


def test_months_before_end_with_the_shorter_month():
    """The 31st has its 28th, as in SQL."""
    assert months_before(datetime(2026, 3, 31, 5, tzinfo=UTC), 1) == datetime(2026, 2, 28, 5, tzinfo=UTC)
    assert months_before(datetime(2024, 2, 29, tzinfo=UTC), 12) == datetime(2023, 2, 28, tzinfo=UTC)
    assert months_before(datetime(2026, 1, 5, tzinfo=UTC), 12) == datetime(2025, 1, 5, tzinfo=UTC)


def test_local_days_begin_seven_hours_before_utc():
    """Midnight of Asia/Ho_Chi_Minh."""
    assert midnight(datetime(2026, 5, 4, tzinfo=UTC).date()) == datetime(2026, 5, 3, 17, tzinfo=UTC)
