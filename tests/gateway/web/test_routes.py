"""Paths are matched as they are; a path that is not there is 404 before any method is judged."""

import pytest

from gateway.refusals import Refusal
from gateway.web.routes import Route, RouteTable


async def _nothing(_exchange, _params):
    raise AssertionError("never called")


TABLE = RouteTable(
    [
        Route("POST", "/v1/lookups/{registry}/{service}", "lookup", _nothing),
        Route("GET", "/v1/logs/{slot}/checkpoint", "checkpoint", _nothing),
        Route("GET", "/v1/registries", "registries", _nothing, free=True),
        Route("POST", "/v1/registries", "other", _nothing),
        Route("GET", "/docs/assets/{name}", "asset", _nothing),
    ]
)


def test_finds_exact_paths_and_templates():
    """Names of a template are the raw segments."""
    assert TABLE.match("/v1/registries").params == {}
    found = TABLE.match("/v1/lookups/civil-status/birth")
    assert found.params == {"registry": "civil-status", "service": "birth"}
    assert found.route("POST").name == "lookup"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/lookups/population",
        "/v1/lookups/population/person/x",
        "/v1/lookups/population/person/",
        "/v1/lookups/population/",
        "/v1/lookups//person",
        "/v1/lookups/pop%75lation/person",
        "/v1/lookups/population/per,son",
        "/v1/registries/",
        "/V1/registries",
        "/v1/logsX0/checkpoint",
        "/xv1/registries",
        "/v1/lookups/population/person\n",
    ],
)
def test_every_other_path_is_not_found(path):
    """No prefix, suffix, escape or case of a path is that path."""
    with pytest.raises(Refusal) as refused:
        TABLE.match(path)
    assert refused.value.code == "not-found"


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "post"])
def test_other_methods_are_refused_with_those_allowed(method):
    """405 names what the path does take."""
    with pytest.raises(Refusal) as refused:
        TABLE.match("/v1/lookups/population/person").route(method)
    assert (refused.value.code, refused.value.allow) == ("method-not-allowed", "POST")


def test_several_methods_of_one_path():
    """One path may take several methods."""
    assert TABLE.match("/v1/registries").route("GET").free
    assert not TABLE.match("/v1/registries").route("POST").free
    with pytest.raises(Refusal) as refused:
        TABLE.match("/v1/registries").route("PUT")
    assert refused.value.allow == "GET, POST"


def test_what_lies_under_v1_is_signed():
    """Everything under `/v1/` is signed, nothing else is."""
    assert {route.name: route.signed for route in TABLE.routes} == {
        "lookup": True,
        "checkpoint": True,
        "registries": True,
        "other": True,
        "asset": False,
    }


def test_a_template_whose_names_stand_for_nothing_gives_way():
    """The next template that fits is taken, and 404 is told only where none does."""
    table = RouteTable(
        [
            Route(
                "POST", "/v1/lookups/{registry}/{service}", "lookup", _nothing, exists=lambda p: p["registry"] == "tax"
            ),
            Route("POST", "/v1/lookups/{lookup_id}/outcome", "outcome", _nothing),
        ]
    )
    assert table.match("/v1/lookups/tax/outcome").route("POST").name == "lookup"
    assert table.match("/v1/lookups/0199/outcome").route("POST").name == "outcome"
    with pytest.raises(Refusal):
        table.match("/v1/lookups/0199/person")


def test_a_dossier_may_hold_more_than_unreserved_characters():
    """Its segment is raw, escapes and all; other templates stay as narrow as they are."""
    table = RouteTable([Route("GET", "/v1/dossiers/{dossier}", "dossier", _nothing)])
    for segment in ("H99.01-261121-0001", "HS%20001", "a+b@c:d", "~SFMgOTg"):
        assert table.match(f"/v1/dossiers/{segment}").params == {"dossier": segment}
    for segment in ("a/b", "a%zz", 'a"b', ""):
        with pytest.raises(Refusal):
            table.match(f"/v1/dossiers/{segment}")
