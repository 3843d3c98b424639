"""The OpenAPI 3.1 document, made from the routes, the service catalogue and the problem table in use."""

from collections.abc import Mapping
from typing import Any

import orjson
from openapi_pydantic import OpenAPI

from gateway.flow.exchange import Exchange, Reply
from gateway.live import LiveConfiguration
from gateway.web import openapi_compat, openapi_dossiers, openapi_reuse
from gateway.web import openapi_schemas as shapes
from gateway.web.routes import Route, RouteTable
from schemas.problems import PROBLEMS
from schemas.services import ServiceSpec

_ALWAYS = [
    "request-malformed",
    "signature-missing",
    "signature-insufficient",
    "signature-invalid",
    "signature-expired",
    "signature-replayed",
    "digest-mismatch",
    "method-not-allowed",
    "uri-too-long",
    "headers-too-large",
    "rate-limited",
    "evidence-unavailable",
    "internal",
]
ABOUT = {**shapes.ABOUT, **openapi_dossiers.ABOUT, **openapi_compat.ABOUT, **openapi_reuse.ABOUT}
"""What every operation is for and answers, by route name."""
_ASKING = [
    "request-invalid",
    "agreement-missing",
    "purpose-not-granted",
    "field-not-granted",
    "dossier-not-open",
    "subject-not-party",
    "quota-exceeded",
    "verification-limit",
    "not-found",
    "payload-too-large",
    "unsupported-media-type",
    "registry-unavailable",
    "registry-timeout",
    "registry-fault",
    "registry-invalid",
]


class Description:
    """Serves the document; it is made once for each version of the configuration, for it takes some 30 ms."""

    def __init__(self, live: LiveConfiguration, public_url: str) -> None:
        self._live = live
        self._public_url = public_url
        self._made: tuple[int, bytes] | None = None
        self.routes = RouteTable([])
        """What is described; set once the table is whole, for the document is in it too."""

    async def show(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Show the document."""
        snapshot = self._live.snapshot
        if self._made is None or self._made[0] != snapshot.version:
            made = document(self.routes, snapshot.services, self._public_url)
            self._made = (snapshot.version, orjson.dumps(made))
        return Reply(200, self._made[1])


def document(routes: RouteTable, services: Mapping[str, ServiceSpec], public_url: str) -> dict[str, Any]:
    """Return the document as JSON members; openapi-pydantic checks it and raises `ValueError` where it is wrong."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes.routes:
        for path, operation in _operations(route, services):
            paths.setdefault(path, {})[route.method.lower()] = operation
    value: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Liên Thông",
            "version": "1",
            "description": shapes.DESCRIPTION,
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {"schemas": shapes.SCHEMAS, "securitySchemes": shapes.SECURITY},
    }
    OpenAPI.model_validate(value)
    return value


def _operations(route: Route, services: Mapping[str, ServiceSpec]) -> list[tuple[str, dict[str, Any]]]:
    """Return a route's operations: one per service for the two that ask a registry, one otherwise."""
    if not route.template.endswith("{registry}/{service}"):
        return [(route.template, _operation(route))]
    root = route.template.removesuffix("{registry}/{service}")
    return [(root + spec.name, _asking(route, spec)) for spec in services.values()]


def _operation(route: Route) -> dict[str, Any]:
    about = ABOUT[route.name]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _names(route.template)
    ]
    parameters += [{"in": "query", **parameter} for parameter in about.get("query", [])]
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": about["summary"],
        "tags": [about["tag"]],
        "responses": {"200": _content(about["content"], about.get("schema", {}))},
    }
    if parameters:
        operation["parameters"] = parameters
    if "description" in about:
        operation["description"] = about["description"]
    if "body" in about:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": about["body"]}}}
    if route.signed:
        operation["security"] = [{"httpMessageSignature": []}]
    codes = [*(_ALWAYS if route.signed else ()), "not-found", *about.get("problems", ())]
    operation["responses"].update(_problems(codes))
    return operation


def _asking(route: Route, spec: ServiceSpec) -> dict[str, Any]:
    lookup = route.name == "lookup"
    body = shapes.lookup_request(spec) if lookup else shapes.verification_request(spec)
    answer = shapes.lookup_answer(spec) if lookup else shapes.verification_answer()
    ok = _content("application/json", answer)
    ok["headers"] = {"Lienthong-Receipt": {"schema": {"type": "string"}, "description": shapes.RECEIPT}}
    return {
        "operationId": f"{route.name}-{spec.registry}-{spec.service}",
        "summary": f"{ABOUT[route.name]['summary']}: {spec.name}",
        "tags": [ABOUT[route.name]["tag"]],
        "security": [{"httpMessageSignature": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": ok, **_problems([*_ALWAYS, *_ASKING])},
    }


def _content(media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "OK", "content": {media_type: {"schema": dict(schema)}}}


def _problems(codes: list[str]) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    for code in codes:
        by_status.setdefault(str(PROBLEMS[code].status), []).append(code)
    return {
        status: {
            "description": ", ".join(f"`{code}`" for code in sorted(set(names))),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, names in sorted(by_status.items())
    }


def _names(template: str) -> list[str]:
    return [part[1:-1] for part in template.split("/") if part.startswith("{")]
