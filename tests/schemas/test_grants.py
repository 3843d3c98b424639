"""Values on their way to a registry cannot be changed."""

from dataclasses import FrozenInstanceError

import pytest

from schemas.grants import Officer, Purpose, Subject


def test_what_was_granted_stays_as_it_is():
    """Subject, officer and purpose are frozen, so that what was granted is what is asked."""
    officer = Officer("099085000009", "Trần Văn Cán", "H99.01")
    for value, member in (
        (Subject("personal_id", "099191000001"), "id"),
        (officer, "unit"),
        (Purpose("9.999901", "law", officer), "dossier"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(value, member, "x")
