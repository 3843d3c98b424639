"""The catalogue of PROTOCOL section 3."""

import pytest

from schemas.identifiers import ID_TYPES
from schemas.services import CATALOGUE


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_service_is_whole(name):
    """A service has known identifiers, distinct fields, and sensitive ones among them."""
    spec = CATALOGUE[name]
    assert spec.name == name
    assert set(spec.id_types) <= set(ID_TYPES)
    assert len(set(spec.fields)) == len(spec.fields)
    assert spec.sensitive <= set(spec.fields)
    assert set(spec.subject_requires) <= {"full_name", "birth_date"}


def test_the_sensitive_fields_are_the_protocols():
    """Religion, blood type, treatment history and cause of death must be granted one by one."""
    sensitive = {f"{spec.name}.{field}" for spec in CATALOGUE.values() for field in spec.sensitive}
    assert sensitive == {
        "population/person.religion",
        "population/person.blood_type",
        "insurance/health-card.treatment_history",
        "civil-status/death.cause",
    }
