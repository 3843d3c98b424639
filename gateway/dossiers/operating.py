"""What an operator does to dossiers, each act an entry of the log before it is done (DESIGN section 3, `admin`)."""

from gateway.administration import database_of, log_of
from gateway.evidence.admin import admin_draft, record_act
from gateway.evidence.log import utc_now
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.dossiers import StoredDossier, read_dossier, reopen_dossier
from gateway.store.scope import Scope


class NoSuchDossier(Exception):  # noqa: N818 — a fact that the command line tells
    """No event of this dossier was ever kept."""


async def shown(settings: Settings, code: str, by: str) -> StoredDossier:
    """Return a dossier, whosesoever it is; the look is recorded. Raises `NoSuchDossier` or as `log_of` does."""
    async with database_of(settings) as database:
        dossier = await _found(database, code)
        async with log_of(settings, database) as log:
            await record_act(log, admin_draft("dossier-show", by, utc_now(), {"dossier": code}))
        return dossier


async def reopened(settings: Settings, code: str, by: str, why: str) -> StoredDossier:
    """Let a dossier go on after its final status, and return it; the reason is recorded, sealed.

    Raises `NoSuchDossier` or as `log_of` does.
    """
    async with database_of(settings) as database:
        await _found(database, code)
        async with log_of(settings, database) as log:
            draft = admin_draft("dossier-reopen", by, utc_now(), {"dossier": code}, {"why": why})
            recorded = await record_act(log, draft)
            await reopen_dossier(database, code, recorded.at)
        return await _found(database, code)


async def _found(database: Database, code: str) -> StoredDossier:
    dossier = await read_dossier(database, Scope.everything(), code)
    if dossier is None:
        raise NoSuchDossier("no event of this dossier was ever kept")
    return dossier
