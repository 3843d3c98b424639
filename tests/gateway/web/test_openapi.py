"""The OpenAPI document says what the routes do: every one, with every problem it can end in."""

import re
from inspect import signature
from unittest.mock import Mock

import orjson
import pytest
from openapi_pydantic import OpenAPI

from gateway.routes import routes_of
from gateway.web.openapi import ABOUT, Description, document
from schemas.problems import PROBLEMS
from schemas.services import CATALOGUE


class _Installation:
    """Just enough of an installation to name its routes."""

    public_url = "https://gateway.test"
    answer_keys = ()
    log_vkey = ""

    class evidence:  # noqa: N801 — stands for an attribute
        verifier = None


@pytest.fixture(scope="module")
def routes():
    """Make the table of the public port; no handler is called."""
    parts = {name: Mock() for name in signature(routes_of).parameters}
    return routes_of(**{**parts, "installation": _Installation()})


@pytest.fixture(scope="module")
def made(routes):
    """Write the document of all built-in services."""
    return document(routes, CATALOGUE, "https://gateway.test")


def _operations(made):
    return {
        (method, path): operation for path, methods in made["paths"].items() for method, operation in methods.items()
    }


def test_the_document_is_valid(made):
    """openapi-pydantic reads it as OpenAPI 3.1, and it says where it is served."""
    assert OpenAPI.model_validate(made).openapi == "3.1.0"
    assert made["servers"] == [{"url": "https://gateway.test"}]


def test_every_route_is_documented(made, routes):
    """No route is served that the document does not know, and none is told that is not served."""
    expected = set()
    for route in routes.routes:
        if route.template.endswith("{registry}/{service}"):
            root = route.template.removesuffix("{registry}/{service}")
            expected |= {(route.method.lower(), root + name) for name in CATALOGUE}
        else:
            expected.add((route.method.lower(), route.template))
    assert set(_operations(made)) == expected


def test_every_route_has_its_words(routes):
    """A route without a summary would break the document: there is none, and no summary without a route."""
    assert {route.name for route in routes.routes} == set(ABOUT)


def test_signed_operations_say_so(made):
    """What lies under /v1 demands a signature, the rest does not."""
    for (_, path), operation in _operations(made).items():
        assert ("security" in operation) == path.startswith("/v1/")


def test_operation_ids_differ(made):
    """A generated client can name each operation."""
    names = [operation["operationId"] for operation in _operations(made).values()]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(made):
    """`$ref`s are ours and resolve."""
    references = set(re.findall(r"'\$ref': '([^']+)'", str(made)))
    assert references
    for reference in references:
        kind, name = re.fullmatch(r"#/components/([a-zA-Z]+)/(\w+)", reference).groups()
        assert name in made["components"][kind]


def test_every_problem_is_told_where_it_can_happen(made):
    """Together the operations tell every code, under its own status."""
    told = set()
    for operation in _operations(made).values():
        for status, response in operation["responses"].items():
            for code in re.findall(r"`([a-z-]+)`", response["description"]):
                assert str(PROBLEMS[code].status) == status
                told.add(code)
    assert set(PROBLEMS) - told <= {"event-conflict"}


def test_services_tell_their_own_fields(made):
    """The body of a look-up names the service's identifiers and fields."""
    schema = made["paths"]["/v1/lookups/tax/taxpayer"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["fields"]["items"]["enum"] == list(CATALOGUE["tax/taxpayer"].fields)
    assert schema["properties"]["subject"]["properties"]["id_type"]["enum"] == ["personal_id", "tax_code"]


async def test_the_document_is_made_once_a_version(routes, live, configured, kit):
    """Whoever asks again gets the same bytes; a new configuration gets a new document."""
    described = Description(live, "https://gateway.test")
    described.routes = routes
    first = await described.show(None, {})
    assert (await described.show(None, {})).body is first.body
    assert list(orjson.loads(first.body)["paths"]).count("/v1/lookups/population/person") == 1
    declared = 'registry = "tax"\nadapter = "tax"\nurl = "http://127.0.0.1:9"\n'
    configured.apply(kit.documents(**{"registries/tax.toml": declared}))
    await live.refresh()
    assert b"/v1/lookups/tax/taxpayer" in (await described.show(None, {})).body
