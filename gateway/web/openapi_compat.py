"""The part of the OpenAPI document about the drop-in door, which speaks the National Portal's dialect."""

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_LOGIN: dict[str, Any] = {
    "type": "object",
    "properties": {"username": _TEXT, "password": _TEXT},
    "required": ["username", "password"],
}
_SERVICE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "session": _TEXT,
        "madonvi": _TEXT,
        "service": {"enum": ["DongBoHoSoMC", "CapNhatTienDoHoSoMC", "TraCuuHoSo"]},
        "isUpdating": {"enum": ["True", "False"]},
        "data": {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": 500},
    },
    "required": ["session", "service"],
}
ABOUT: dict[str, dict[str, Any]] = {
    "compat": {
        "summary": "The drop-in door: `login`, then `service`, in the portal's own dialect",
        "tag": "Cổng tương thích · Drop-in door",
        "description": "Not signed: a session of 30 minutes, bound to where the account calls from. Answers are always "
        "of the dialect, `error_code` 0 for success; the same message told again is taken once. There only where "
        "the installation configures it.",
        "content": "application/json",
        "body": {"oneOf": [_LOGIN, _SERVICE]},
        "schema": {
            "type": "object",
            "properties": {
                "error_code": _TEXT,
                "message": _TEXT,
                "session": _TEXT,
                "data": {"type": "array", "items": {"type": "object"}},
            },
            "required": ["error_code", "message"],
        },
        "problems": ["request-malformed", "method-not-allowed", "payload-too-large", "unsupported-media-type"],
    }
}
