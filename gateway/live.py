"""The configuration in force, live: one snapshot at a time, swapped whole when the database has a newer one."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from gateway.authentication import Caller
from gateway.refusals import Refusal
from gateway.snapshot import Snapshot, build_snapshot
from gateway.store.configuration import ConfigurationStore

_log = structlog.get_logger("gateway.live")
OnChange = Callable[[Snapshot], Awaitable[None]]


class LiveConfiguration:
    """Owner of the current snapshot. `on_change` runs before a new snapshot is used."""

    def __init__(self, store: ConfigurationStore, snapshot: Snapshot, on_change: OnChange) -> None:
        self._store = store
        self._snapshot = snapshot
        self._on_change = on_change
        self._lock = asyncio.Lock()

    @classmethod
    async def load(cls, store: ConfigurationStore, on_change: OnChange) -> "LiveConfiguration":
        """Load the version in force. Raises `ConfigurationError`, or what `on_change` raises."""
        version, documents = await store.current()
        snapshot = build_snapshot(version, documents)
        await on_change(snapshot)
        return cls(store, snapshot, on_change)

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot in force."""
        return self._snapshot

    async def refresh(self) -> None:
        """Take over a newer version, if there is one. A version that does not load is kept out, loudly."""
        async with self._lock:
            version, documents = await self._store.current()
            if version == self._snapshot.version:
                return
            try:
                snapshot = build_snapshot(version, documents)
                await self._on_change(snapshot)
            except Exception as error:  # noqa: BLE001 — whatever a bad version raises, the old one stays in force
                _log.error("configuration refused", version=version, error=type(error).__name__)
                return
            self._snapshot = snapshot
            _log.info("configuration loaded", version=version)

    def still_known(self, caller: Caller, now: datetime) -> None:
        """Raise `Refusal` where a new version withdrew, revoked or replaced the key that a request was signed with."""
        known = self._snapshot.keys.get(caller.keyid)
        if (
            known is None
            or known.client.suspended
            or known.client.client != caller.client.client
            or known.key.to_pem() != caller.key.to_pem()
            or not known.key.valid_at(now)
        ):
            raise Refusal("signature-invalid", "key-withdrawn")
