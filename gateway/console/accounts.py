"""Keeping the console's users: an administrator's acts, each an entry of the log before it is done.

The rule: secrets are made here, shown once, and stored hashed or encrypted; entries name the login and never a secret.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.console.credentials import new_password, new_totp, password_hash, seal_totp
from gateway.console.doorman import scope_of
from gateway.console.roles import Role
from gateway.evidence.admin import admin_draft, record_act
from gateway.evidence.contract import Evidence
from gateway.keyfiles import write_private
from gateway.store.console import ConsoleStore
from gateway.store.database import Database

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
_LONGEST_NAME = 120


class AccountError(Exception):
    """A login, name or scope is not one; the text says what it should be."""


@dataclass(frozen=True, slots=True)
class NewSecrets:
    """What a user needs to log in, shown once."""

    login: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)

    def document(self) -> str:
        """Return it as TOML (PROTOCOL section 9, `auditor.toml`)."""
        return f'username = "{self.login}"\npassword = "{self.password}"\ntotp_secret = "{self.totp_secret}"\n'

    def write(self, path: Path) -> bool:
        """Write it to a new file of mode 0600; False where the file exists."""
        return write_private(path, self.document().encode())


class Accounts:
    """The acts. Each raises `StoreError` or `EvidenceUnavailable`."""

    def __init__(
        self, database: Database, evidence: Evidence, key: bytes, *, by: str, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._evidence, self._key, self._by, self._clock = ConsoleStore(database), evidence, key, by, clock

    async def add(self, login: str, name: str, role: Role, scope: Sequence[str]) -> NewSecrets | None:
        """Add a user; None where the login is taken. Raises `AccountError`."""
        if not _LOGIN.fullmatch(login):
            raise AccountError("a login is 2 to 63 small letters, digits, dots, dashes or underscores")
        if not 1 <= len(name.strip()) <= _LONGEST_NAME:
            raise AccountError(f"a name has 1 to {_LONGEST_NAME} characters")
        _check_scope(scope)
        if await self._store.user(login) is not None:
            return None
        await self._record("add", login, role=role.value, scope=list(scope))
        made, totp = self._secrets(login)
        hashed = password_hash(made.password)
        added = await self._store.add_user(login, name.strip(), role.value, scope, password=hashed, totp=totp)
        return made if added else None

    async def listed(self) -> list[dict[str, Any]]:
        """Return every user, without secrets."""
        names = ("login", "name", "role", "scope", "disabled")
        return [{name: getattr(user, name) for name in names} for user in await self._store.users()]

    async def disable(self, login: str, *, disabled: bool) -> bool:
        """Keep a user out, or let one in again; whether there is one."""
        await self._record("disable" if disabled else "enable", login)
        return await self._store.set_disabled(login, disabled)

    async def change(self, login: str, role: Role, scope: Sequence[str]) -> bool:
        """Change a user's role and scope; whether there is one. Raises `AccountError`."""
        _check_scope(scope)
        await self._record("role", login, role=role.value, scope=list(scope))
        return await self._store.set_role(login, role.value, scope)

    async def reset(self, login: str) -> NewSecrets | None:
        """Give a user new secrets; None where there is none."""
        await self._record("reset", login)
        made, totp = self._secrets(login)
        changed = await self._store.set_secrets(login, password=password_hash(made.password), totp=totp)
        return made if changed else None

    def _secrets(self, login: str) -> tuple[NewSecrets, bytes]:
        made = NewSecrets(login, new_password(), new_totp())
        return made, seal_totp(self._key, login, made.totp_secret)

    async def _record(self, act: str, login: str, **detail: Any) -> None:
        told = {"act": act, "user": login, **detail}
        await record_act(self._evidence, admin_draft("console.user", self._by, self._clock(), told))


def _check_scope(scope: Sequence[str]) -> None:
    try:
        if not scope_of(list(scope)):
            raise AccountError("name at least one agency, or * for all")
    except ValueError:
        raise AccountError("a scope is made of agencies like H99.01 or H99*, or is * alone") from None
