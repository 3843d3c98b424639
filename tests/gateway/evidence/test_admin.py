"""Operators' acts are told before they are done."""

from base64 import b64decode
from datetime import UTC, datetime

import orjson
import pytest

from gateway.evidence.admin import apply_recorded
from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.sealing import unseal
from gateway.store.configuration import ConfigurationConflict, ConfigurationStore, documents_digest
from gateway.store.logs import entry_by_id, wrapped_key


async def test_a_configuration_is_told_then_applied(database, log, reveal_key):
    """The entry holds the digest of what came in force; who did it only the reveal key can read."""
    store, documents = ConfigurationStore(database), {"clients": {"H99.igate": {}}}
    version, place = await apply_recorded(store, log, documents, by="nguyễn.vận.hành", clock=lambda: datetime.now(UTC))
    assert await store.current() == (version, documents)
    entry = await entry_by_id(database, place.entry_id)
    leaf = orjson.loads(entry.leaf)
    assert leaf["detail"] == {"digest": documents_digest(documents).hex(), "replaces": version - 1, "version": version}
    key = await wrapped_key(database, b64decode(leaf["sealed"]["k"]))
    assert unseal(entry.leaf, entry.origin, key, reveal_key) == {"by": "nguyễn.vận.hành"}


async def test_without_the_log_nothing_is_applied(database, log):
    """When the act cannot be recorded it is not done; a conflict is told apart."""
    store = ConfigurationStore(database)
    before = await store.version()
    with pytest.raises(ConfigurationConflict):
        await apply_recorded(store, log, {}, by="x", clock=lambda: datetime.now(UTC), expected=before + 7)
    await log.close()
    with pytest.raises(EvidenceUnavailable):
        await apply_recorded(store, log, {}, by="x", clock=lambda: datetime.now(UTC))
    assert await store.version() == before
