"""How a configured registry recognises this gateway: nothing, Basic (RFC 7617), Bearer (RFC 6750), a header, a query.

Secrets come from files that `[auth]` names; they are read once and never appear in errors.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlencode

from adapters.errors import MappingError
from adapters.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Authentication:
    """What is added to each call."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    query: str = field(default="", repr=False)


def read_authentication(secrets: Secrets) -> Authentication:
    """Read `[auth]`: `kind`, and by kind `credentials_file` or `token_file` and `name`; `MappingError` otherwise."""
    kind = secrets.word("kind", "none")
    if kind == "none":
        return Authentication()
    if kind == "basic":
        user, password = secrets.table("credentials_file", "username", "password")
        return Authentication({"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()})
    if kind == "bearer":
        return Authentication({"Authorization": "Bearer " + secrets.line("token_file")})
    if kind == "header":
        return Authentication({secrets.word("name"): secrets.line("token_file")})
    if kind == "query":
        return Authentication(query=urlencode({secrets.word("name"): secrets.line("token_file")}))
    raise MappingError("/auth/kind", "must be none, basic, bearer, header or query")
