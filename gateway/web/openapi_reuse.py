"""The part of the OpenAPI document about reuse (PROTOCOL section 7)."""

from typing import Any

from gateway.reuse.behind import RATED
from gateway.reuse.judging import CAUSES
from gateway.reuse.measuring import GROUPS

_TEXT: dict[str, Any] = {"type": "string"}
_DAY: dict[str, Any] = {"type": "string", "format": "date"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_FLAG: dict[str, Any] = {"type": "boolean"}
_TAG = "Tái sử dụng · Reuse"
_RATE: dict[str, Any] = {
    "type": "object",
    "properties": {"numerator": _COUNT, "denominator": _COUNT, "rate": {"type": ["number", "null"]}},
    "required": ["numerator", "denominator", "rate"],
}
_CAUSES: dict[str, Any] = {"type": "object", "properties": dict.fromkeys(CAUSES, _COUNT)}
_RATES: dict[str, Any] = dict.fromkeys(sorted(RATED), _RATE)
_MISSED: dict[str, Any] = {**_RATE, "properties": {**_RATE["properties"], "causes": _CAUSES}}
_METRICS: dict[str, Any] = {
    "type": "object",
    "properties": {**_RATES, "missed": _MISSED, "funnel": {"type": "object"}, "status_lag": {"type": "object"}},
}
_ROW: dict[str, Any] = {
    "type": "object",
    "properties": {"group": {"type": "object", "additionalProperties": _TEXT}, "metrics": _METRICS},
    "required": ["group", "metrics"],
}
_PERIOD: list[dict[str, Any]] = [
    {"name": "from", "required": True, "schema": _DAY},
    {"name": "to", "required": True, "schema": _DAY, "description": "exclusive"},
]
_COMPONENT: dict[str, Any] = {
    "component": _TEXT,
    "needed": _FLAG,
    "obtained": {"type": ["string", "null"]},
    "reused": {"type": ["boolean", "null"]},
    "service": {"type": ["string", "null"]},
    "stage": {"enum": ["needed", "held", "looked_up", "answered", "matched", "used"]},
    "cause": {"enum": [*CAUSES, None]},
    "lookups": {"type": "array", "items": _TEXT},
}
_DOSSIER: dict[str, Any] = {
    "dossier": _TEXT,
    "agency": _TEXT,
    "procedure": _TEXT,
    "received_at": {"type": "string", "format": "date-time"},
    "acknowledged": _FLAG,
    "numerator": _COUNT,
    "denominator": _COUNT,
    "components": {"type": "array", "items": {"type": "object", "properties": _COMPONENT}},
}

ABOUT: dict[str, dict[str, Any]] = {
    "reuse": {
        "summary": "Reuse, declared beside evidenced, and service quality of the caller's agencies",
        "tag": _TAG,
        "content": "application/json",
        "query": [*_PERIOD, {"name": "group_by", "schema": {"enum": list(GROUPS), "default": "agency"}}],
        "schema": {
            "type": "object",
            "properties": {
                "from": _DAY,
                "to": _DAY,
                "rows": {"type": "array", "items": _ROW},
                "definitions": {"type": "object"},
                "complete": {**_FLAG, "description": "false: newer events and look-ups are still being counted"},
            },
            "required": ["from", "to", "rows", "definitions"],
        },
        "problems": ["agreement-missing", "request-invalid"],
    },
    "reuse-evidence": {
        "summary": "The dossiers and look-ups behind a number",
        "description": "A page may be shorter than `limit`, since dossiers that do not count are passed over; the last "
        "one has `next` null.",
        "tag": _TAG,
        "content": "application/json",
        "query": [
            *_PERIOD,
            *({"name": name, "schema": _TEXT} for name in ("agency", "procedure", "province", "registry", "month")),
            {"name": "cause", "schema": {"enum": list(CAUSES)}},
            {"name": "group_by", "schema": {"enum": list(GROUPS)}},
            {"name": "of", "schema": {"enum": ["numerator", "denominator"], "default": "numerator"}},
            {"name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}},
            {"name": "cursor", "schema": _TEXT},
        ],
        "schema": {
            "type": "object",
            "properties": {
                "metric": _TEXT,
                "dossiers": {"type": "array", "items": {"type": "object", "properties": _DOSSIER}},
                "next": {"type": ["string", "null"]},
            },
            "required": ["metric", "dossiers", "next"],
        },
        "problems": ["agreement-missing", "request-invalid"],
    },
}
"""By route name, as in `gateway.web.openapi_schemas`."""
