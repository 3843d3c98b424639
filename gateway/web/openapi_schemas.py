"""The shapes and sentences of the OpenAPI document (PROTOCOL sections 2 to 4)."""

from typing import Any

from schemas.problems import PROBLEMS
from schemas.services import ServiceSpec

DESCRIPTION = (
    "Every call under `/v1/` is signed by the caller (RFC 9421, RFC 9530) and every answer by the gateway. "
    "A signature covers `@method`, the target and, with a body, `content-digest`; its parameters are `created`, "
    "`nonce` and `keyid`. Errors are RFC 9457 problem documents. Mọi lời gọi đều được ký, cấp quyền theo từng "
    "trường và ghi nhật ký trước khi hỏi, trước khi trả lời."
)
RECEIPT = "RFC 9651 dictionary: log, slot, index, salt and commitment of the answer's entry."
SECURITY: dict[str, Any] = {
    "httpMessageSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421, with Signature-Input, and Content-Digest whenever there is a body.",
    }
}
_TEXT: dict[str, Any] = {"type": "string"}
_NULLABLE: dict[str, Any] = {"type": ["string", "null"]}
_PARTIAL_DATE: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}
_OFFICER: dict[str, Any] = {
    "type": "object",
    "properties": {"id": _TEXT, "name": _TEXT, "unit": _TEXT},
    "required": ["id", "name", "unit"],
    "additionalProperties": False,
}
_PURPOSE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "procedure": _TEXT,
        "dossier": {"type": "string", "maxLength": 64},
        "component": _TEXT,
        "legal_basis": {"enum": ["law", "consent", "vital_interest"]},
        "consent_ref": _TEXT,
        "emergency_reason": _TEXT,
        "officer": _OFFICER,
    },
    "required": ["procedure", "legal_basis", "officer"],
    "additionalProperties": False,
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": {"enum": list(PROBLEMS)},
        "layer": {"enum": ["client", "gateway", "policy", "adapter", "registry"]},
        "retryable": {"type": "boolean"},
        "suggested_action": _TEXT,
        "display_message": _TEXT,
        "request_id": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": _TEXT, "detail": _TEXT},
                "required": ["pointer", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "layer", "retryable", "suggested_action",
                 "display_message", "request_id"],
}  # fmt: skip
_HASHES: dict[str, Any] = {
    "type": "object",
    "properties": {"hashes": {"type": "array", "items": {"type": "string", "format": "byte"}}},
    "required": ["hashes"],
}
SCHEMAS: dict[str, Any] = {"Problem": _PROBLEM, "Purpose": _PURPOSE}


def _array_of(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    item = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "object", "properties": {name: {"type": "array", "items": item}}, "required": [name]}


_WORDS: dict[str, Any] = {"type": "array", "items": _TEXT}
_JSON = "application/json"
ABOUT: dict[str, dict[str, Any]] = {
    "lookup": {"summary": "Look up fields of a person", "tag": "Tra cứu · Look-ups"},
    "verification": {"summary": "Verify claims about a person", "tag": "Xác minh · Verification"},
    "registries": {
        "summary": "What the caller may ask, and of whom",
        "tag": "Cơ sở dữ liệu · Registries",
        "content": _JSON,
        "schema": _array_of(
            "registries",
            {
                "registry": _TEXT,
                "service": _TEXT,
                "modes": _WORDS,
                "id_types": _WORDS,
                "subject_requires": _WORDS,
                "fields": _WORDS,
                "procedures": _WORDS,
                "legal_basis": _WORDS,
                "requires": _WORDS,
                "explain": {"type": "boolean"},
            },
        ),
    },
    "registries-health": {
        "summary": "How the registries have been answering",
        "tag": "Cơ sở dữ liệu · Registries",
        "content": _JSON,
        "schema": _array_of(
            "registries",
            {
                "registry": _TEXT,
                "state": {"enum": ["GOOD", "BAD", "UNSURE"]},
                "window_s": {"type": "integer"},
                "calls": {"type": "integer"},
                "failed": {"type": "integer"},
                "p50_ms": {"type": ["number", "null"]},
                "breaker": {"enum": ["closed", "open", "half-open"]},
                "reason": _NULLABLE,
            },
        ),
    },
    "logs": {
        "summary": "The installation's logs",
        "tag": "Nhật ký · Evidence",
        "content": _JSON,
        "schema": _array_of("logs", {"log": _TEXT, "slot": {"type": "integer"}, "size": {"type": "integer"}}),
    },
    "log-checkpoint": {
        "summary": "The newest checkpoint of a log (C2SP tlog-checkpoint)",
        "tag": "Nhật ký · Evidence",
        "content": "text/plain",
        "schema": _TEXT,
    },
    "log-inclusion": {
        "summary": "RFC 9162 inclusion proof",
        "tag": "Nhật ký · Evidence",
        "content": _JSON,
        "schema": _HASHES,
        "query": [{"name": name, "required": True, "schema": {"type": "integer"}} for name in ("index", "size")],
    },
    "log-consistency": {
        "summary": "RFC 9162 consistency proof",
        "tag": "Nhật ký · Evidence",
        "content": _JSON,
        "schema": _HASHES,
        "query": [{"name": name, "required": True, "schema": {"type": "integer"}} for name in ("from", "to")],
    },
    "log-entry": {
        "summary": "The caller's own entry, exact leaf bytes, with proof and checkpoint",
        "tag": "Nhật ký · Evidence",
        "content": _JSON,
        "schema": {"type": "object"},
    },
    "public-checkpoint": {
        "summary": "The newest checkpoint of a log, public",
        "tag": "Công khai · Public",
        "content": "text/plain",
        "schema": _TEXT,
    },
    "jwks": {
        "summary": "The keys that sign answers",
        "tag": "Công khai · Public",
        "content": "application/jwk-set+json",
        "schema": {"type": "object"},
    },
    "vkey": {
        "summary": "The log's C2SP verifier key",
        "tag": "Công khai · Public",
        "content": "text/plain",
        "schema": _TEXT,
    },
    "openapi": {
        "summary": "This document",
        "tag": "Công khai · Public",
        "content": _JSON,
        "schema": {"type": "object"},
    },
    "docs": {
        "summary": "This document, readable",
        "tag": "Công khai · Public",
        "content": "text/html",
        "schema": _TEXT,
    },
    "docs-asset": {"summary": "An asset of the API page", "tag": "Công khai · Public", "content": "text/css"},
    "problems": {"summary": "Every problem code", "tag": "Công khai · Public", "content": "text/html", "schema": _TEXT},
    "problem": {"summary": "What a problem code means", "tag": "Công khai · Public", "content": "text/html"},
}
"""By route name: what an operation is for, and what it answers."""


def _subject(spec: ServiceSpec) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "id_type": {"enum": list(spec.id_types)},
            "id": _TEXT,
            "full_name": _TEXT,
            "birth_date": _PARTIAL_DATE,
        },
        "required": ["id_type", "id", *spec.subject_requires],
        "additionalProperties": False,
    }


def _request(spec: ServiceSpec, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"subject": _subject(spec), "purpose": {"$ref": "#/components/schemas/Purpose"}, name: schema},
        "required": ["subject", "purpose", name],
        "additionalProperties": False,
    }


def lookup_request(spec: ServiceSpec) -> dict[str, Any]:
    """Return the body of a look-up."""
    fields = {"type": "array", "items": {"enum": list(spec.fields)}, "minItems": 1, "uniqueItems": True}
    return _request(spec, "fields", fields)


def verification_request(spec: ServiceSpec) -> dict[str, Any]:
    """Return the body of a verification."""
    claims = {"type": "object", "properties": {name: {} for name in spec.fields}, "minProperties": 1}
    return _request(spec, "claims", claims)


def _answer(properties: dict[str, Any]) -> dict[str, Any]:
    members = {"lookup_id": _TEXT, "registry": _TEXT, "service": _TEXT, **properties, "answered_at": _TEXT}
    return {"type": "object", "properties": members, "required": [name for name in members if name != "claims"]}


def lookup_answer(spec: ServiceSpec) -> dict[str, Any]:
    """Return the answer to a look-up."""
    data = {"type": "object", "properties": {name: {} for name in spec.fields}}
    return _answer({"outcome": {"enum": ["found", "no_match"]}, "data": data, "source_as_of": _NULLABLE})


def verification_answer() -> dict[str, Any]:
    """Return the answer to a verification."""
    verdicts = {"type": "object", "additionalProperties": _TEXT}
    return _answer({"verdict": {"enum": ["match", "review", "mismatch", "no_match"]}, "claims": verdicts})
