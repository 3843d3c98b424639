"""Values on their way to a registry cannot be changed."""

import pytest

from schemas.grants import Grant, Officer, Purpose, Subject
from schemas.services import CATALOGUE


@pytest.mark.parametrize("member", ["dossier", "id", "fields", "row", "another"])
def test_what_was_granted_stays_as_it_is(member):
    """Subject, officer, purpose and grant take no new value of any member: what was granted is what is asked."""
    officer = Officer("099085000009", "Trần Văn Cán", "H99.01")
    subject, purpose = Subject("personal_id", "099191000001"), Purpose("9.999901", "law", officer)
    grant = Grant(
        "H99.igate", CATALOGUE["population/person"], subject, purpose, ("sex",), "H99", 0, 1, 1000, explain=False
    )
    for value in (officer, subject, purpose, grant):
        before = getattr(value, member, None)
        with pytest.raises(AttributeError):
            setattr(value, member, "x")
        assert getattr(value, member, None) == before
