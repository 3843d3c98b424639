"""Users of the console and their sessions, as values."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.console.roles import Role
from gateway.store.scope import Scope


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in."""

    login: str
    name: str
    role: Role
    scope: Scope
    language: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the server keeps it: `token` is the SHA-256 of what the cookie holds."""

    token: bytes = field(repr=False)
    csrf: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
