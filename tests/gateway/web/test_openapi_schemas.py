"""The shapes of the OpenAPI document are those of the bodies that are really taken and given."""

import orjson
import pytest
from jsonschema import Draft202012Validator

from adapters.contract import RegistryAnswer
from gateway.flow import lookup, verification
from gateway.refusals import Refusal
from gateway.registries.breaker import State
from gateway.registries.health import HealthWindow
from gateway.web import openapi_schemas as shapes
from gateway.web.problems import ProblemWriter
from schemas.envelopes import FieldError, SchemaError
from schemas.problems import PROBLEMS
from schemas.services import CATALOGUE

SPEC = CATALOGUE["population/person"]


def _valid(schema, value):
    """Whether a value fits a schema of the document."""
    root = {"components": {"schemas": shapes.SCHEMAS}, **schema}
    return Draft202012Validator(root).is_valid(value)


@pytest.fixture
def body(kit):
    """Return the example of PROTOCOL section 3."""
    return orjson.loads(kit.signed()[1])


def test_the_example_fits(body):
    """The contract's own example is a body of the document."""
    assert _valid(shapes.lookup_request(SPEC), body)
    claims = {**body, "claims": {"sex": "female"}}
    del claims["fields"]
    assert _valid(shapes.verification_request(SPEC), claims)


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_service_has_a_schema_that_is_one(name):
    """Requests and answers of every service are valid JSON Schema 2020-12."""
    spec = CATALOGUE[name]
    for schema in (
        shapes.lookup_request(spec),
        shapes.verification_request(spec),
        shapes.lookup_answer(spec),
        shapes.verification_answer(),
    ):
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("subject"),
        lambda body: body["subject"].pop("full_name"),
        lambda body: body["subject"].update(id_type="tax_code"),
        lambda body: body["subject"].update(surprise=1),
        lambda body: body["subject"].update(birth_date="02/05/1991"),
        lambda body: body["purpose"].update(legal_basis="because"),
        lambda body: body["purpose"]["officer"].pop("unit"),
        lambda body: body["purpose"].update(dossier="x" * 65),
        lambda body: body.update(fields=[]),
        lambda body: body.update(fields=["sex", "sex"]),
        lambda body: body.update(surprise=1),
    ],
)
def test_what_the_parser_refuses_the_document_refuses(body, change):
    """A generated client that keeps to the document is not refused for its form, and the other way round."""
    change(body)
    assert not _valid(shapes.lookup_request(SPEC), body)
    with pytest.raises(SchemaError):
        lookup.parse(body, SPEC)


def test_answers_fit(kit, answer_found):
    """Found or not, what is told has the shape that is described."""
    head = {"lookup_id": "x", "registry": "population", "service": "person", "answered_at": "2026-11-21T08:30:00+07:00"}
    for answer in (answer_found(), RegistryAnswer(found=False)):
        told = lookup.disclose(kit.grant(), answer).body
        assert _valid(shapes.lookup_answer(SPEC), {**head, **told})
        for explain in (True, False):
            grant = kit.grant()._replace(explain=explain)
            assert _valid(
                shapes.verification_answer(), {**head, **verification.disclose({"sex": "male"}, grant, answer).body}
            )


@pytest.mark.parametrize("code", PROBLEMS)
def test_problems_fit(code):
    """Every problem document has the shape that is described."""
    refusal = Refusal(code, errors=(FieldError("/a", "odd"),))
    written = orjson.loads(ProblemWriter("https://gateway.test").write("r", refusal).body)
    assert _valid({"$ref": "#/components/schemas/Problem"}, written)


def test_health_fits():
    """A row of the health report has the shape that is described."""
    window = HealthWindow("population")
    window.add(0.0, 0.01, "registry-fault")
    for now in (0.0, 1000.0):
        value = {"registries": [window.read(now, State.CLOSED).as_json()]}
        assert _valid(shapes.ABOUT["registries-health"]["schema"], value)
