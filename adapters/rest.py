"""JSON over HTTP: strict readings of what a registry sends (RFC 8259) and tokens that are renewed once for all.

The rule: an object has exactly the members agreed, each of its type; one more, one less or one of another type is
drift (`RegistryInvalid`), never a value that is silently missing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.contract import RegistryInvalid, RegistryTimeout
from schemas.strict_json import JsonRefused, loads

HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_EARLY_AT_MOST = timedelta(seconds=60)
_EARLY_SHARE = 10


def read_object(data: bytes) -> dict[str, Any]:
    """Read a JSON object; `RegistryInvalid` for anything else."""
    try:
        value = loads(data)
    except JsonRefused:
        raise RegistryInvalid("garbage") from None
    if type(value) is not dict:
        raise RegistryInvalid("schema-drift")
    return value


@dataclass(frozen=True, slots=True)
class Shape:
    """The members of an object: their names, and which of them are lists; all others are text."""

    names: frozenset[str]
    lists: frozenset[str]

    @classmethod
    def of(cls, texts: str, lists: str = "") -> "Shape":
        """Make a shape from names separated by spaces."""
        listed = frozenset(lists.split())
        return cls(listed.union(texts.split()), listed)

    def check(self, value: Any) -> dict[str, Any]:
        """Return `value` if it is an object of exactly this shape; `RegistryInvalid` otherwise."""
        if type(value) is not dict or value.keys() != self.names:
            raise RegistryInvalid("schema-drift")
        texts = list(map(type, value.values())).count(str)
        if texts + len(self.lists) != len(value) or any(type(value[name]) is not list for name in self.lists):
            raise RegistryInvalid("schema-drift")
        return value


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """What a log-in gave: the text that goes with each call, and until when it is used."""

    text: str
    use_until: datetime


def usable_until(now: datetime, expires: datetime) -> datetime:
    """Say until when a token is used: a tenth of its life, at most a minute, before it expires."""
    return expires - min(_EARLY_AT_MOST, (expires - now) / _EARLY_SHARE)


class TokenSource:
    """Keeps one token and has it renewed by one caller at a time, whoever else waits."""

    def __init__(self, log_in: Callable[[datetime, float], Awaitable[Token]]) -> None:
        self._log_in = log_in
        self._token: Token | None = None
        self._lock: asyncio.Lock | None = None

    async def current(self, now: datetime, timeout_s: float) -> Token:
        """Return a token fit for use at `now`, logging in where there is none."""
        token = self._token
        if token is not None and now < token.use_until:
            return token
        return await self.renewed(token, now, timeout_s)

    async def renewed(self, stale: Token | None, now: datetime, timeout_s: float) -> Token:
        """Return another token than `stale`: the one somebody else just got, or a new one."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        try:
            async with asyncio.timeout(timeout_s), self._lock:
                if self._token is None or self._token is stale:
                    self._token = None
                    self._token = await self._log_in(now, timeout_s)
                return self._token
        except TimeoutError:
            raise RegistryTimeout("deadline") from None
