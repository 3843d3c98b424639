"""What an operator does to an installation: migrate it, and put a configuration in force (DESIGN sections 4 and 7).

The rule: an act that changes what the gateway answers is an entry of the log before it is done.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.audit.staff import pseudonymised
from gateway.evidence.admin import apply_recorded
from gateway.evidence.keys import EvidenceKeys, LogKeys, load_pseudonym_keys
from gateway.evidence.log import EvidenceLog, utc_now
from gateway.evidence.pins import FilePin
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.reopening import pin_check
from gateway.settings import LogSettings, Settings, SettingsError
from gateway.store.configuration import ConfigurationStore
from gateway.store.database import Database
from gateway.store.migrations import Migration, migrate


@dataclass(frozen=True, slots=True)
class Applied:
    """The version in force, and whether it is a new one."""

    version: int
    changed: bool


async def migrate_database(settings: Settings) -> list[Migration]:
    """Bring the schema to this version's, as the owner role; return what was applied.

    Raises `SettingsError` without LIENTHONG_MIGRATION_URL, `StoreError` where the database refuses.
    """
    if settings.migration_url is None:
        raise SettingsError("LIENTHONG_MIGRATION_URL is not set — migrating needs the owner role's URL")
    role = urlsplit(settings.database_url).username
    if role is None:
        raise SettingsError("LIENTHONG_DATABASE_URL names no role — write postgresql://role@…")
    return await migrate(settings.migration_url, role)


async def put_in_force(settings: Settings, documents: Mapping[str, str], by: str) -> Applied:
    """Put checked documents in force, recorded under `by`; unchanged documents change nothing. Staff lists go in as
    pseudonyms alone.

    Raises `StoreError`, `ConfigurationConflict`, `EvidenceUnavailable`, `EvidenceKeyError` or `LogBehindPin`.
    """
    documents = pseudonymised(documents, Pseudonyms(load_pseudonym_keys(settings.pseudonym_keys)))
    async with database_of(settings) as database:
        store = ConfigurationStore(database)
        version, current = await store.current()
        if version and current == documents:
            return Applied(version, changed=False)
        async with log_of(settings, database) as log:
            version, _ = await apply_recorded(store, log, documents, by=by, clock=utc_now, expected=version)
        return Applied(version, changed=True)


async def documents_in_force(settings: Settings) -> dict[str, str]:
    """Return the documents in force, empty before the first version. Raises `StoreError`."""
    async with database_of(settings) as database:
        return (await ConfigurationStore(database).current())[1]


@asynccontextmanager
async def database_of(settings: LogSettings) -> AsyncIterator[Database]:
    """Open the application role's database, and close it at the end. Raises `StoreError`."""
    database = await Database.connect(settings.database_url)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def log_of(settings: Settings, database: Database) -> AsyncIterator[EvidenceLog]:
    """Write to a log of the installation for one administrative act. Raises as `EvidenceLog.start` does."""
    async with log_under(settings, database, EvidenceKeys.load(settings)) as log:
        yield log


@asynccontextmanager
async def log_under(settings: LogSettings, database: Database, keys: LogKeys) -> AsyncIterator[EvidenceLog]:
    """As `log_of`, with keys that were read before."""
    check = pin_check(database, keys, pins_of(settings))
    log = await EvidenceLog.start(database, keys=keys, origin_base=settings.origin, check=check)
    try:
        yield log
    finally:
        await log.close()


def pins_of(settings: LogSettings) -> FilePin:
    """Return the installation's pinned checkpoints."""
    return FilePin(Path(settings.checkpoint_pin))
