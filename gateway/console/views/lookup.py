"""Screen 3, *One look-up*: what was asked and disclosed, by whom under what, and the proof that it is in the log.

The rule: names of fields, never values; who it was about stays a pseudonym until a reveal (screen 4).
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.cases.revealing import load_reveal_key, open_sealed
from gateway.cases.states import CaseRefused
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.evidence.keys import EvidenceKeyError
from gateway.evidence.leaf import parse
from gateway.evidence.pseudonyms import address_mark
from gateway.evidence.reads import ProvedEntry
from gateway.evidence.signature_check import SignatureCheck, answer_holds, check_again
from gateway.snapshot import KnownKey, build_snapshot
from gateway.store.configuration import ConfigurationStore
from gateway.store.console_lookups import Lookup, alerts_of, cases_of, ending_of, one_lookup, outcome_of, timeline
from gateway.store.logs import StoredEntry
from schemas.configuration import ConfigurationError

_CLEAR = ("reason", "mode", "component", "legal_basis", "agreement", "config", "request_id")
_ENTRY = "{entry:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}}"


@dataclass(frozen=True, slots=True)
class Checked:
    """A signature verified again; `answer` is whether the answer's digest makes the logged commitment."""

    signature: SignatureCheck
    answer: bool | None


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the exchange with what its leaf says in clear, and its proof as far as it is sealed."""

    entry: StoredEntry
    leaf: dict[str, Any]
    proved: ProvedEntry


async def show(visit: Visit) -> web.StreamResponse:
    """Show an exchange by the id of the entry that ended it, or of its question."""
    row = await _row(visit)
    return visit.missing() if row is None else await _page(visit, row)


async def check(visit: Visit) -> web.StreamResponse:
    """Verify the caller's stored signature again and show the page with what it proves, component by component.

    The sealed proof is opened in memory, after the entry of it; nothing of a person is shown.
    """
    row, key_file = await _row(visit), visit.desk.console.reveal_key
    if row is None or key_file is None:
        await visit.record("signature-check", {}, outcome="refused")
        return visit.missing()
    await visit.record("signature-check", {"entry": str(row.entry_id)})
    try:
        return await _page(visit, row, await _checked(visit, row, load_reveal_key(key_file)))
    except (CaseRefused, EvidenceKeyError):
        return visit.refused("cases.refused_destroyed")


async def _checked(visit: Visit, row: Lookup, key: X25519PrivateKey) -> Checked | None:
    database, ended = visit.desk.database, await _told(visit, str(row.entry_id))
    said = await _told(visit, str(row.question)) if row.question else ended
    if said is None or ended is None:
        return None
    known = await _known_key(visit, said.leaf)
    opened = await open_sealed(database, key, said.entry)
    found = check_again(opened, known.key if known else None, said.entry.at)
    commitment = ended.leaf.get("commitment")
    if found is None or commitment is None:
        return Checked(found, None) if found else None
    holds = answer_holds(ended.leaf, await open_sealed(database, key, ended.entry), b64decode(commitment))
    return Checked(found, holds)


async def _page(visit: Visit, row: Lookup, checked: Checked | None = None) -> web.StreamResponse:
    database, ended = visit.desk.database, await _told(visit, str(row.entry_id))
    asked = await _told(visit, str(row.question)) if row.question else None
    if ended is None:
        return visit.missing()
    said = asked or ended
    return visit.render(
        "lookup.html",
        row=row,
        ended=ended,
        asked=asked,
        said={**dict.fromkeys(_CLEAR), **said.leaf},
        fields=_fields(asked, ended),
        milliseconds=_milliseconds(asked, row),
        timing={name: ended.leaf.get("detail", {}).get(name) for name in ("asked_ms", "registry_ms")},
        key=await _key(visit, said),
        signed=said.leaf.get("detail", {}).get("signed"),
        checked=checked,
        may_check=visit.may("lookup.check") and visit.desk.console.reveal_key is not None,
        steps=await timeline(database, visit.scope, row.dossier) if row.dossier else [],
        alerts=await alerts_of(database, str(row.entry_id)),
        cases=await cases_of(database, visit.scope, str(row.entry_id)),
        told=await outcome_of(database, row.question) if row.question else None,
        subject=_shown(said.leaf, "subject", lambda pseudonym: pseudonym.hex()[:16]),  # as lists write an officer's
        called_from=_shown(said.leaf, "address", address_mark),
    )


async def proof(visit: Visit) -> web.StreamResponse:
    """Hand out the exact leaves with their inclusion proofs and checkpoints, for checking elsewhere."""
    row = await _row(visit)
    if row is None:
        return visit.missing()
    told = [await _told(visit, str(one)) for one in (row.question, row.entry_id) if one]
    document = {
        "vkey": visit.desk.reads.vkey,
        "entries": [proof_document(one.proved) for one in told if one is not None],
    }
    body = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    return visit.download(body, f"proof-{row.entry_id}.json", "application/json")


def proof_document(proved: ProvedEntry) -> dict[str, Any]:
    """Return an entry with its proof as PROTOCOL section 6 writes them; without a checkpoint it is only promised."""
    return {
        "log": proved.log,
        "slot": proved.slot,
        "index": proved.index,
        "leaf": b64encode(proved.leaf).decode(),
        "checkpoint": proved.checkpoint,
        "hashes": [b64encode(one).decode() for one in proved.proof] if proved.proof is not None else None,
    }


async def _row(visit: Visit) -> Lookup | None:
    """Return the exchange that the address names, within the user's scope."""
    wanted = str(UUID(visit.path("entry")))
    row = await one_lookup(visit.desk.database, visit.scope, wanted)
    if row is None:
        ending = await ending_of(visit.desk.database, wanted)
        row = await one_lookup(visit.desk.database, visit.scope, ending) if ending else None
    return row


async def _told(visit: Visit, entry_id: str) -> Told | None:
    entry = await visit.desk.reads.by_id(entry_id)
    return Told(entry, parse(entry.leaf), await visit.desk.reads.proved(entry)) if entry else None


def _shown(leaf: dict[str, Any], name: str, shorten: Callable[[bytes], str]) -> str | None:
    """Return the beginning of one of the leaf's pseudonyms."""
    text = leaf.get("pseudonyms", {}).get(name)
    return shorten(b64decode(text)) if text else None


def _fields(asked: Told | None, ended: Told) -> list[tuple[str, bool | None]]:
    """Return each field asked, and whether it was disclosed with a value; None where nothing is known of it."""
    wanted = (asked or ended).leaf.get("fields", [])
    if ended.entry.kind != "answered" or asked is None:
        return [(name, None) for name in wanted]
    disclosed = set(ended.leaf.get("fields", []))
    return [(name, name in disclosed) for name in wanted]


def _milliseconds(asked: Told | None, row: Lookup) -> int | None:
    """Return how long the exchange took, from question to answer."""
    if asked is None:
        return None
    return round((row.at - asked.entry.at).total_seconds() * 1000)


async def _key(visit: Visit, said: Told) -> dict[str, Any] | None:
    """Return what the configuration of that time says of the key that signed; None where nothing was signed."""
    keyid = said.leaf.get("keyid")
    if keyid is None:
        return None
    known = await _known_key(visit, said.leaf)
    if known is None:
        return {"keyid": keyid, "algorithm": None, "client": None, "in_force": None}
    in_force = known.key.valid_at(said.entry.at)
    return {"keyid": keyid, "algorithm": str(known.key.algorithm), "client": known.client.name, "in_force": in_force}


async def _known_key(visit: Visit, leaf: dict[str, Any]) -> KnownKey | None:
    """Return the key that an entry names as the configuration of that time had it; None where it had none."""
    version, store = leaf.get("config"), ConfigurationStore(visit.desk.database)
    documents = (await store.current())[1] if version is None else await store.documents(version)
    try:
        return build_snapshot(version or 0, documents or {}).keys.get(leaf.get("keyid", ""))
    except ConfigurationError:
        return None


SCREEN = Screen(
    "lookup",
    None,
    (
        Route("lookup", "GET", f"/lookups/{_ENTRY}", show, act="view"),
        Route("lookup.check", "POST", f"/lookups/{_ENTRY}/signature", check),
        Route("lookup.proof", "GET", f"/lookups/{_ENTRY}/proof", proof, act="proof"),
    ),
)
