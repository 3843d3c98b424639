"""Who may use the drop-in door: password, place and limits, before anything is believed.

The rule: a wrong name, a wrong password and a wrong place are one and the same refusal, and take the same time. An
account is tried from the places it is bound to alone, and attempts are limited by name and address together, so
nobody can lock another out.
"""

import asyncio
from base64 import b64decode
from binascii import Error as BinasciiError
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from hashlib import sha256
from ipaddress import ip_address, ip_network
from pathlib import Path

import structlog
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from adapters.errors import MappingError
from schemas.configuration import Compat, CompatAccount

ATTEMPTS, WINDOW_S, AT_ONCE = 5, 60.0, 1
_MOST_PLACES = 10_000
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_DUMMY = "$argon2id$v=19$m=19456,t=2,p=1$bGllbnRob25nLWR1bW15$bUK0HzI0yBy+S3y9Ff9uAGdA3Ex3cJ9vWcCkM1n0u4c"
"""What a password is checked against where there is no such account."""
_log = structlog.get_logger("gateway.compat")


def password_hash(password: str) -> str:
    """Return the argon2id hash that a `password_file` holds."""
    return _HASHER.hash(password)


def read_hash(secrets_dir: Path, account: CompatAccount) -> str:
    """Read an account's hash. Raises `MappingError` where the file is no argon2id hash."""
    try:
        text = (secrets_dir / account.password_file).read_text("ascii").strip()
        _HASHER.check_needs_rehash(text)
    except (OSError, UnicodeDecodeError, InvalidHashError):
        text = ""
    if not text.startswith("$argon2id$"):
        raise MappingError(f"/accounts/{account.username}", "password_file must hold one argon2id hash")
    return text


class Accounts:
    """The accounts of one configuration, with their hashes. A file that does not do shuts that account out."""

    def __init__(self, compat: Compat, secrets_dir: Path) -> None:
        self.compat = compat
        self._accounts = {account.username: account for account in compat.accounts}
        self._proxies = tuple(map(ip_network, compat.proxies))
        self._hashes: dict[str, str] = {}
        for account in compat.accounts:
            try:
                self._hashes[account.username] = read_hash(secrets_dir, account)
            except MappingError as error:
                _log.error("account shut out", name=account.username, reason=error.sentence)

    def placed(self, username: str, peer: str, headers: Sequence[tuple[str, str]]) -> CompatAccount | None:
        """Return the account if it may call from this place; None otherwise, and where there is none."""
        account = self._accounts.get(username)
        if account is None:
            return None
        address = ip_address(peer) if peer else None
        if account.sources and not any(address in network for network in account.networks() if address is not None):
            return None
        if account.certificate_sha256 is not None:
            proxied = address is not None and any(address in network for network in self._proxies)
            if not proxied or _shown_certificate(headers) != account.certificate_sha256:
                return None
        return account

    async def verified(self, username: str, password: str, slots: asyncio.Semaphore) -> bool:
        """Whether the password is the account's; as slow for a name that nobody has."""
        known = self._hashes.get(username)
        async with slots:
            fits = await asyncio.to_thread(_fits, known or _DUMMY, password)
        return fits and known is not None


def _fits(known: str, password: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


def _shown_certificate(headers: Sequence[tuple[str, str]]) -> str | None:
    """Return the SHA-256 of the DER in the one `Client-Cert` header (RFC 9440 section 2.2)."""
    shown = [value.strip() for name, value in headers if name == "client-cert"]
    if len(shown) != 1 or not (shown[0].startswith(":") and shown[0].endswith(":")):
        return None
    try:
        return sha256(b64decode(shown[0][1:-1], validate=True)).hexdigest()
    except (BinasciiError, ValueError):
        return None


class LoginLimiter:
    """At most `limit` failed log-ins per name and address in `window_s` seconds."""

    def __init__(self, clock: Callable[[], float], limit: int = ATTEMPTS, window_s: float = WINDOW_S) -> None:
        self._clock, self._limit, self._window_s = clock, limit, window_s
        self._failed: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def admits(self, username: str, peer: str) -> bool:
        """Whether another attempt may be made now."""
        failed = self._failed.get((username, peer))
        if failed is None:
            return True
        while failed and failed[0] <= self._clock() - self._window_s:
            failed.popleft()
        return len(failed) < self._limit

    def failed(self, username: str, peer: str) -> None:
        """Count a failure."""
        failed = self._failed.setdefault((username, peer), deque(maxlen=self._limit))
        failed.append(self._clock())
        self._failed.move_to_end((username, peer))
        if len(self._failed) > _MOST_PLACES:
            self._failed.popitem(last=False)
