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

from signing.message import Request, Response

_VERSION = 1


class ExchangeFileError(Exception):
    """The file is no saved exchange."""


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
        document = {
            "version": _VERSION,
            "sent_at": self.sent_at,
            "request": {
                "method": request.method,
                "scheme": request.scheme,
                "authority": request.authority,
                "target": request.target,
                "headers": [list(line) for line in request.headers],
                "body": b64encode(self.request_body).decode(),
            },
            "response": {
                "status": response.status,
                "headers": [list(line) for line in response.headers],
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
            sent, got = document["request"], document["response"]
            request = Request(
                sent["method"], sent["scheme"], sent["authority"], sent["target"], _headers(sent["headers"])
            )
            return cls(
                request,
                b64decode(sent["body"], validate=True),
                Response(int(got["status"]), _headers(got["headers"])),
                b64decode(got["body"], validate=True),
                int(document["sent_at"]),
                document["jwks"],
                document["log_vkey"],
                document["evidence"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ExchangeFileError("this file is no exchange saved by `lienthong call --save`") from error

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


def _headers(value: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(text)) for name, text in value)
