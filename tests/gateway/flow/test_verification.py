"""A verification tells a verdict and no value; per claim only where the grant allows it."""

import orjson
import pytest

from adapters.contract import RegistryAnswer
from gateway.flow.verification import disclose, parse
from schemas.envelopes import SchemaError
from schemas.services import CATALOGUE


def _verdict(kit, answer, claims, *, explain=False):
    return disclose(claims, kit.grant(fields=tuple(claims), explain=explain), answer)


def test_parses_claims_as_the_fields_it_needs(kit):
    """A claim needs its field granted: the wish asks for the claimed fields."""
    body = orjson.loads(kit.signed()[1])
    del body["fields"]
    body["claims"] = {"full_name": "Nguyễn Thị Thử", "sex": "female"}
    assert parse(body, CATALOGUE["population/person"]).fields == ("full_name", "sex")
    body["claims"] = {"no_such_field": "x", "sex": "female"}
    assert parse(body, CATALOGUE["population/person"]).pointers == ("/claims", "/claims/sex")  # and echo nothing
    body["claims"] = {}
    with pytest.raises(SchemaError):
        parse(body, CATALOGUE["population/person"])


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"full_name": "nguyễn thị thử"}, "match"),
        ({"full_name": "NGUYỄN THỊ THỦ"}, "mismatch"),
        ({"full_name": "Nguyen Thi Thu"}, "review"),
        ({"full_name": "NGUYỄN THỊ THỬ", "birth_date": "1991"}, "review"),
        ({"full_name": "NGUYỄN THỊ THỬ", "sex": "female"}, "review"),
        ({"full_name": "Nguyen Thi Thu", "birth_date": "1991-05-03"}, "mismatch"),
    ],
)
def test_the_worst_claim_decides(kit, answer_found, claims, verdict):
    """Any mismatch is a mismatch; anything less than a match is a review."""
    told = _verdict(kit, answer_found(sex=None), claims)
    assert told.body == {"verdict": verdict}
    assert (told.outcome, told.disclosed) == (verdict, ())


def test_no_registry_value_is_ever_told(kit, answer_found):
    """Not even with `explain`: words per claim, no values."""
    claims = {"full_name": "NGUYỄN VĂN X", "birth_date": "1980-01-01"}
    told = _verdict(kit, answer_found(), claims, explain=True)
    assert told.body == {"verdict": "mismatch", "claims": {"full_name": "mismatch", "birth_date": "mismatch"}}
    assert told.disclosed == ("full_name", "birth_date")


def test_without_explain_no_one_learns_which_claim_failed(kit, answer_found):
    """A wrong date and a wrong name are told in the same bytes (THREATS E32)."""
    wrong_date = _verdict(kit, answer_found(), {"full_name": "NGUYỄN THỊ THỬ", "birth_date": "1991-05-03"})
    wrong_name = _verdict(kit, answer_found(), {"full_name": "NGUYỄN THỊ KHÁC", "birth_date": "1991-05-02"})
    assert orjson.dumps(wrong_date.body) == orjson.dumps(wrong_name.body)


@pytest.mark.parametrize(
    ("explain", "body"), [(False, b'{"verdict":"no_match"}'), (True, b'{"verdict":"no_match","claims":{}}')]
)
def test_nobody_is_nobody_to_the_byte(kit, explain, body):
    """Unknown and restricted persons are the same `no_match`."""
    told = _verdict(kit, RegistryAnswer(found=False, person_id="099191000001"), {"sex": "male"}, explain=explain)
    assert orjson.dumps(told.body) == body
    assert (told.outcome, told.disclosed) == ("no_match", ())
