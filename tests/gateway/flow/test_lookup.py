"""A look-up tells exactly the asked fields, and one and the same nothing where there is nobody."""

from datetime import UTC, datetime

import orjson
import pytest

from adapters.contract import RegistryAnswer
from gateway.flow.lookup import disclose, parse
from schemas.envelopes import SchemaError
from schemas.services import CATALOGUE


@pytest.fixture
def body(kit):
    """Return the example of PROTOCOL section 3, to be changed at will."""
    return orjson.loads(kit.signed()[1])


def test_parses_the_example_into_a_wish(body):
    """The wish names subject, purpose and fields."""
    wish = parse(body, CATALOGUE["population/person"])
    assert wish.subject.id == "099191000001"
    assert wish.purpose.procedure == "9.999901"
    assert wish.fields == ("full_name", "birth_date")


def test_a_broken_body_is_a_schema_error(body):
    """What is wrong is told with pointers."""
    del body["subject"]["id"]
    body["surprise"] = 1
    with pytest.raises(SchemaError) as refused:
        parse(body, CATALOGUE["population/person"])
    assert {error.pointer for error in refused.value.errors} == {"/subject/id", "/surprise"}


def test_discloses_exactly_what_was_asked(kit, answer_found):
    """Fields that the registry sent beyond the question stay behind; the order is the question's."""
    told = disclose(kit.grant(fields=("birth_date", "full_name")), answer_found(religion="05", blood_type="1"))
    assert list(told.body["data"].items()) == [("birth_date", "1991-05-02"), ("full_name", "NGUYỄN THỊ THỬ")]
    assert (told.outcome, told.disclosed) == ("found", ("birth_date", "full_name"))
    assert told.body["source_as_of"] == "2026-11-21T08:30:00+07:00"


def test_a_field_without_a_value_is_null_and_not_disclosed(kit, answer_found):
    """`null` says that the registry has no value; the log does not count it as disclosed."""
    told = disclose(kit.grant(fields=("full_name", "spouse")), answer_found(spouse=None))
    assert told.body["data"] == {"full_name": "NGUYỄN THỊ THỬ", "spouse": None}
    assert told.disclosed == ("full_name",)


def test_a_registry_that_does_not_state_its_time(kit):
    """No time is made up."""
    answer = RegistryAnswer(found=True, record={"full_name": "A"})
    assert disclose(kit.grant(fields=("full_name",)), answer).body["source_as_of"] is None


@pytest.mark.parametrize(
    "answer",
    [
        RegistryAnswer(found=False),
        RegistryAnswer(found=False, source_as_of=datetime(2026, 11, 21, tzinfo=UTC)),
        RegistryAnswer(found=False, person_id="099191000001"),
    ],
)
def test_nobody_is_nobody_to_the_byte(kit, answer):
    """Unknown, misnamed and restricted: whatever the registry let slip, the answer is the same bytes."""
    told = disclose(kit.grant(), answer)
    assert orjson.dumps(told.body) == b'{"outcome":"no_match","data":{},"source_as_of":null}'
    assert (told.outcome, told.disclosed) == ("no_match", ())
