"""The part of the OpenAPI document about dossiers (PROTOCOL section 5)."""

from typing import Any

from schemas.dossier_events import EVENTS_LIMIT
from schemas.dossiers import CHANNELS, OBTAINED
from schemas.identifiers import ID_TYPES

_TEXT: dict[str, Any] = {"type": "string"}
_NULLABLE: dict[str, Any] = {"type": ["string", "null"]}
_FLAG: dict[str, Any] = {"type": "boolean"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_STATUS: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 10}
_WORDS: dict[str, Any] = {"type": "array", "items": _TEXT}
_WARNING: dict[str, Any] = {"enum": ["unusual-transition", "after-final-status", None]}
_TAG = "Hồ sơ · Dossiers"
_JSON = "application/json"
_REPORTING = ["agreement-missing", "request-invalid", "payload-too-large", "unsupported-media-type"]


def _object(properties: dict[str, Any], *required: str, closed: bool = True) -> dict[str, Any]:
    shape = {"type": "object", "properties": properties, "required": list(required)}
    return {**shape, "additionalProperties": False} if closed else shape


def _list(items: dict[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **limits}


_COMPONENT = _object(
    {
        "code": {"type": "string", "maxLength": 64},
        "name": _TEXT,
        "obtained": {"enum": list(OBTAINED)},
        "lookup_id": {"type": "string", "format": "uuid"},
        "digitised": _FLAG,
        "reused": _FLAG,
        "required": _FLAG,
    },
    "code",
)
_STATED: dict[str, Any] = {
    "received_at": _TIME,
    "due_at": _TIME,
    "channel": {"enum": list(CHANNELS)},
    "fee_due": _FLAG,
    "components": _list(_COMPONENT, maxItems=100),
    "result": _object({"name": _TEXT, "electronic": _FLAG}),
}
_EVENT = _object(
    {
        "event_id": {"type": "string", "maxLength": 128},
        "dossier": {"type": "string", "maxLength": 64},
        "procedure": _TEXT,
        "agency": _TEXT,
        "status": {"anyOf": [_STATUS, {"type": "string", "pattern": "^(0?[1-9]|10)$"}]},
        "occurred_at": _TIME,
        **_STATED,
        "parties": _list(
            _object(
                {
                    "id_type": {"enum": list(ID_TYPES)},
                    "id": _TEXT,
                    "role": {"type": "string", "pattern": "^[a-z][a-z_]*$"},
                },
                "id_type",
                "id",
                "role",
            ),
            maxItems=100,
        ),
        "officer": _object({"id": _TEXT, "name": _TEXT, "unit": _TEXT}),
        "note": {"type": "string", "maxLength": 2000},
    },
    "event_id",
    "dossier",
    "procedure",
    "agency",
    "status",
    "occurred_at",
)
_RESULT = _object(
    {
        "event_id": _NULLABLE,
        "result": {"enum": ["accepted", "duplicate", "late", "rejected"]},
        "sequence": {"type": ["integer", "null"]},
        "warning": _WARNING,
        "problem": {"$ref": "#/components/schemas/Problem"},
    },
    "event_id",
    "result",
    "sequence",
)
_HISTORY: dict[str, Any] = {
    "sequence": {"type": "integer"},
    "event_id": _TEXT,
    "status": _STATUS,
    "occurred_at": _TIME,
    "recorded_at": _TIME,
    "late": _FLAG,
    "warning": _WARNING,
    "applied": {**_FLAG, "description": "false: kept after a final status, without effect"},
}
_DOSSIER = _object(
    {
        "dossier": _TEXT,
        "procedure": _TEXT,
        "agency": _TEXT,
        "status": _STATUS,
        "final": _FLAG,
        "occurred_at": _TIME,
        "received_at": _NULLABLE,
        "due_at": _NULLABLE,
        "channel": _NULLABLE,
        "fee_due": {"type": ["boolean", "null"]},
        "result": {"type": ["object", "null"]},
        "reopened_at": _NULLABLE,
        "components": _list(_COMPONENT),
        "events": _list(_object(_HISTORY, *_HISTORY)),
    },
    "dossier",
    "procedure",
    "agency",
    "status",
    "occurred_at",
    "received_at",
    "due_at",
    "components",
    "events",
)
_LINE = _object(
    {**_HISTORY, "dossier": _TEXT, "procedure": _TEXT, "agency": _TEXT, **_STATED},
    *_HISTORY,
    "dossier",
    "procedure",
    "agency",
)
_OUTCOME: dict[str, Any] = {"used": _WORDS, "mismatch": _WORDS}
_KEPT: dict[str, Any] = {"lookup_id": _TEXT, **_OUTCOME, "recorded_at": _TIME}

ABOUT: dict[str, dict[str, Any]] = {
    "dossier-push": {
        "summary": "Report events of dossiers; durable before the answer, and harmless to repeat",
        "tag": _TAG,
        "content": _JSON,
        "body": _object({"events": _list(_EVENT, minItems=1, maxItems=EVENTS_LIMIT)}, "events"),
        "schema": _object({"results": _list(_RESULT)}, "results"),
        "problems": _REPORTING,
    },
    "dossier-feed": {
        "summary": "Events of the caller's agencies after a cursor, oldest first; the cursor is stable",
        "tag": _TAG,
        "content": _JSON,
        "query": [
            {"name": "after", "schema": {"type": "string", "pattern": "^[0-9]{1,19}$", "default": "0"}},
            {"name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}},
        ],
        "schema": _object({"events": _list(_LINE), "next": _TEXT}, "events", "next"),
        "problems": ["agreement-missing", "request-invalid"],
    },
    "dossier": {
        "summary": "A dossier's state and history",
        "description": "A code of other characters than letters, digits, `.`, `_`, `-` and `~` is percent-encoded. A "
        "code that a path cannot hold (`/`, `\\`, `%`, `;`, letters beyond ASCII, dots alone), the code `events`, and "
        "one that begins with `~` is written `~` and the base64url, without padding, of its UTF-8.",
        "tag": _TAG,
        "content": _JSON,
        "schema": _DOSSIER,
        "problems": [],
    },
    "lookup-outcome": {
        "summary": "Tell what became of an answer: fields used, and fields that did not fit",
        "tag": _TAG,
        "content": _JSON,
        "body": _object(_OUTCOME, "used", "mismatch"),
        "schema": _object(
            {"lookup_id": _TEXT, **_OUTCOME, "recorded_at": _TIME}, "lookup_id", *_OUTCOME, "recorded_at"
        ),
        "problems": _REPORTING[1:],
    },
}
"""By route name, as in `gateway.web.openapi_schemas`; `body` is the request's shape."""
