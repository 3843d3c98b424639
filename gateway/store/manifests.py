"""Manifests of exported evidence on their way to the keeper and back (0031_signed_manifests.sql).

The rule: a request names the log's entry of the export; the signature comes from whoever may call the signing function,
which the console's role may not.
"""

from gateway.store.database import Database


async def ask_for_note(database: Database, digest: bytes, entry_id: str) -> None:
    """Ask the keeper to sign a manifest's SHA-256. Raises `StoreError`."""
    await database.fetch("manifests.ask", digest, entry_id)


async def note_of(database: Database, digest: bytes) -> str | None:
    """Return the signed note; None while there is none."""
    note: str | None = await database.fetchval("manifests.note", digest)
    return note


async def unsigned(database: Database) -> list[tuple[bytes, bytes]]:
    """Return (digest, leaf of the export's entry) of what waits for a signature, the oldest first."""
    return [(row[0], row[1]) for row in await database.fetch("manifests.unsigned")]


async def put_note(database: Database, digest: bytes, note: str) -> bool:
    """Keep a signed note; False where there is one. Raises `StoreError`."""
    return bool(await database.fetchval("manifests.sign", digest, note))
