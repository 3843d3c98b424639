"""One exchange, whole: the request as sent, the answer as received, and what proves them. Kept as one JSON file.

The rule: bytes are kept exactly (base64), so that signatures can be verified again years later
without the network. The file holds personal data: it is written with mode 0600.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from signing.message import Request, Response, SignatureError

_VERSION = 1


class ExchangeFileError(Exception):
    """The file is no saved exchange."""


class _Sent(TypedDict):
    method: str
    scheme: str
    authority: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: str


class _Got(TypedDict):
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


class _File(TypedDict):
    """The file's form; bodies are base64."""

    version: int
    sent_at: int
    request: _Sent
    response: _Got
    jwks: Mapping[str, Any] | None
    log_vkey: str | None
    evidence: Mapping[str, Any] | None


_FORM = TypeAdapter(_File)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. `jwks`, `log_vkey` and `evidence` are what the gateway published, as received.

    `evidence` is the answer of `GET /v1/logs/{slot}/entries/{index}`, or None while the receipt is a promise.
    """

    request: Request
    request_body: bytes
    response: Response
    response_body: bytes
    sent_at: int
    """Unix seconds."""
    jwks: Mapping[str, Any] | None = None
    log_vkey: str | None = None
    evidence: Mapping[str, Any] | None = None

    def with_proof(self, evidence: Mapping[str, Any] | None, log_vkey: str | None) -> "Exchange":
        """Return the same exchange with what proves its receipt."""
        return replace(self, evidence=evidence, log_vkey=log_vkey)

    def with_keys(self, jwks: Mapping[str, Any]) -> "Exchange":
        """Return the same exchange with the answer keys it was verified by."""
        return replace(self, jwks=jwks)

    def to_json(self) -> bytes:
        """Serialise to the file's form."""
        request, response = self.request, self.response
        document: _File = {
            "version": _VERSION,
            "sent_at": self.sent_at,
            "request": {
                "method": request.method,
                "scheme": request.scheme,
                "authority": request.authority,
                "target": request.target,
                "headers": tuple(request.headers),
                "body": b64encode(self.request_body).decode(),
            },
            "response": {
                "status": response.status,
                "headers": tuple(response.headers),
                "body": b64encode(self.response_body).decode(),
            },
            "jwks": self.jwks,
            "log_vkey": self.log_vkey,
            "evidence": self.evidence,
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, data: bytes) -> "Exchange":
        """Read the file's form. Raises `ExchangeFileError`."""
        try:
            document = orjson.loads(data)
            if document["version"] != _VERSION:
                raise ExchangeFileError("the file is of another version of this format")
            return cls._read(_FORM.validate_python(document))
        except (KeyError, TypeError, ValueError, SignatureError):  # their words could tell of persons
            raise ExchangeFileError("this file is no exchange saved by `lienthong call --save`") from None

    @classmethod
    def _read(cls, file: _File) -> "Exchange":
        sent, got = file["request"], file["response"]
        return cls(
            Request(sent["method"], sent["scheme"], sent["authority"], sent["target"], sent["headers"]),
            b64decode(sent["body"], validate=True),
            Response(got["status"], got["headers"]),
            b64decode(got["body"], validate=True),
            file["sent_at"],
            file["jwks"],
            file["log_vkey"],
            file["evidence"],
        )

    def save(self, path: Path) -> None:
        """Write the file, mode 0600, replacing what was there."""
        fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(self.to_json())
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Exchange":
        """Read the file. Raises `ExchangeFileError`."""
        try:
            return cls.from_json(path.read_bytes())
        except OSError as error:
            raise ExchangeFileError(f"{path}: {error.strerror}") from None
