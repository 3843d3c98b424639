"""Signing manifests: the console asks, the keeper signs with the log's key (PROTOCOL section 6).

The rule: the keeper signs nothing but the digest that an entry of the log, of kind `admin` and an export, itself names;
the signed text can never be read as a checkpoint (`bundle.signed_text`).
"""

import asyncio
import time

from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.leaf import LeafError, parse
from gateway.export.bundle import Unsigned, signed_note
from gateway.store.database import Database
from gateway.store.manifests import ask_for_note, note_of, put_note, unsigned

EXPORT = "console.export"
WITHIN_S, _PAUSE_S = 15.0, 0.1


class NotSigned(Exception):  # noqa: N818 — named for what did not happen
    """No signature came: no keeper leads, or it is late. The export may be asked for again."""


async def note_from_keeper(database: Database, made: Unsigned, entry_id: str, within_s: float = WITHIN_S) -> str:
    """Have the keeper sign a manifest under the entry of its export. Raises `NotSigned`, `StoreError`."""
    await ask_for_note(database, made.digest, entry_id)
    until = time.monotonic() + within_s
    while (note := await note_of(database, made.digest)) is None:
        if time.monotonic() > until:
            raise NotSigned("the keeper did not sign the manifest in time")
        await asyncio.sleep(_PAUSE_S)
    return note


async def sign_manifests(database: Database, keys: EvidenceKeys) -> int:
    """Sign what waits, as the keeper; return how many. Raises `StoreError`."""
    signed = 0
    for digest, leaf in await unsigned(database):
        if _named(leaf) == digest.hex():
            note = signed_note(keys.log_key.keyid, digest, keys.log_key)
            signed += await put_note(database, digest, note)
    return signed


def _named(leaf: bytes) -> str | None:
    """Return the digest that an export's entry names; None where it is no such entry."""
    try:
        members = parse(leaf)
    except LeafError:
        return None
    named = members.get("detail", {}).get("manifest") if members.get("mode") == EXPORT else None
    return named if isinstance(named, str) else None
