"""Leaves: the exact bytes of an entry that the Merkle tree covers, and the columns projected from them.

A leaf is compact JSON with sorted keys (RFC 8259, UTF-8) of an object with the version `v`; members without
a value are left out; bytes are base64 (RFC 4648), times RFC 3339 in UTC. The rule: every column of the table
is a function of the leaf, `project`, which `audit verify` holds against the row.
"""

import os
from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import orjson

from gateway.evidence.contract import Draft, Kind
from gateway.evidence.pseudonyms import OFFICER, Pseudonyms, nonce_key, quota_key
from gateway.evidence.sealing import VERSION, DataKey, Sealer, associated_data, seal
from gateway.store.append import EntryRow

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The two bits of RFC 9562's variant before two random ones."""
_LOCAL = timezone(timedelta(hours=7))
_UNDER_GRANT = frozenset({Kind.ASKED, Kind.READ, Kind.STATUS})
"""Kinds that act under a grant: their `config_version` must be the one in force."""


class LeafError(Exception):
    """A leaf is not one of ours."""


class Encoded(NamedTuple):
    """A draft made ready to append."""

    row: EntryRow
    key: DataKey


def uuid7(unix_ms: int) -> str:
    """Return a UUID version 7 (RFC 9562 section 5.7) of the given Unix milliseconds."""
    time, rand = f"{unix_ms:012x}", os.urandom(10).hex()
    return f"{time[:8]}-{time[8:]}-7{rand[:3]}-{_VARIANT[rand[3]]}{rand[4:7]}-{rand[7:19]}"


def unix_of(entry_id: str) -> float:
    """Return the Unix time that a UUID version 7 carries."""
    return int(entry_id[:8] + entry_id[9:13], 16) / 1000


def _jsonable(value: object) -> object:
    if isinstance(value, bytes):
        return _base64(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"an entry cannot hold a {type(value).__name__}")


def encode(draft: Draft, origin: str, pseudonyms: Pseudonyms, sealer: Sealer) -> Encoded:
    """Make the leaf and its row for the log `origin`. Raises `TypeError` for members that JSON cannot hold."""
    at = draft.at.astimezone(UTC)
    unix_s = at.timestamp()
    year = pseudonyms.year(at.astimezone(_LOCAL).year)
    entry_id, kind = uuid7(int(unix_s * 1000)), draft.kind._value_
    officer = pseudonyms.of(year, OFFICER, draft.officer) if draft.officer else None
    subject = pseudonyms.of(year, *draft.subject) if draft.subject else None
    person = pseudonyms.of(year, "personal_id", draft.person_id) if draft.person_id else None
    address = pseudonyms.of_address(year, draft.address) if draft.address else None
    deadline = draft.deadline.astimezone(UTC) if draft.deadline else None
    key = sealer.data_key(unix_s)
    members = {
        "v": VERSION,
        "id": entry_id,
        "kind": kind,
        "at": at,
        **_plain_members(draft),
        "pseudonyms": _pseudonym_members(year, officer=officer, subject=subject, person=person, address=address),
        "fields": draft.fields or None,
        "detail": draft.detail or None,
        "commitment": None if draft.commitment is None else _base64(draft.commitment),
        "deadline": deadline,
    }
    plain = _sealed_members(draft)
    if plain:
        members["sealed"] = seal(key, orjson.dumps(plain, _jsonable, _OPTIONS), associated_data(origin, entry_id, kind))
    row = EntryRow(
        at,
        entry_id,
        kind,
        draft.request_id,
        draft.client,
        draft.service,
        draft.procedure,
        draft.dossier,
        draft.unit,
        officer,
        subject,
        person,
        draft.outcome,
        draft.question,
        deadline,
        orjson.dumps({name: value for name, value in members.items() if value is not None}, _jsonable, _OPTIONS),
        *_claims(draft, pseudonyms, year, unix_s),
    )
    return Encoded(row, key)


def _plain_members(draft: Draft) -> dict[str, Any]:
    return {
        "request_id": draft.request_id,
        "client": draft.client,
        "keyid": draft.keyid,
        "service": draft.service,
        "procedure": draft.procedure,
        "dossier": draft.dossier,
        "component": draft.component,
        "legal_basis": draft.legal_basis,
        "unit": draft.unit,
        "mode": draft.mode,
        "outcome": draft.outcome,
        "reason": draft.reason,
        "agreement": draft.agreement,
        "question": draft.question,
        "config": draft.config_version,
    }


def _base64(value: bytes) -> str:
    return b2a_base64(value, newline=False).decode()


def _pseudonym_members(year: int, **pseudonyms: bytes | None) -> dict[str, Any] | None:
    members: dict[str, Any] = {name: _base64(value) for name, value in pseudonyms.items() if value}
    if members:
        members["year"] = year
    return members or None


def _sealed_members(draft: Draft) -> dict[str, Any]:
    """Return what is sealed: identifiers in clear, unless the caller says more about them, and the rest as given."""
    plain: dict[str, Any] = {}
    if draft.subject:
        plain["subject"] = {"id_type": draft.subject[0], "id": draft.subject[1]}
    if draft.officer:
        plain["officer"] = {"id": draft.officer}
    if draft.person_id:
        plain["person_id"] = draft.person_id
    if draft.address:
        plain["address"] = draft.address
    return plain | {name: value for name, value in draft.sealed.items() if value is not None}


def _claims(draft: Draft, pseudonyms: Pseudonyms, year: int, unix_s: float) -> tuple[Any, ...]:
    """Return the last columns of a row: nonce, created, config, quota, its limit, guess, its limit, give-back."""
    nonce, reserve, back = draft.nonce, draft.reserve, draft.give_back
    give = None
    if back is not None and draft.question is not None:
        asked_s = unix_of(draft.question)  # the counter of the question's day, under the key of its year
        asked_year = pseudonyms.year(datetime.fromtimestamp(asked_s, _LOCAL).year)
        give = pseudonyms.guess_key(back, asked_year, asked_s)
    return (
        nonce_key(nonce) if nonce else None,
        nonce.created if nonce else None,
        draft.config_version if draft.kind in _UNDER_GRANT else None,
        quota_key(reserve, unix_s) if reserve else None,
        reserve.quota_limit if reserve else None,
        pseudonyms.guess_key(reserve, year, unix_s) if reserve else None,
        reserve.guess_limit if reserve else None,
        give,
    )


def parse(leaf: bytes) -> dict[str, Any]:
    """Return a leaf's members. Raises `LeafError` unless it is canonical and of a version we know."""
    try:
        members = orjson.loads(leaf)
    except orjson.JSONDecodeError:
        raise LeafError("the leaf is not JSON") from None
    if not isinstance(members, dict) or members.get("v") != VERSION:
        raise LeafError("the leaf is of another version")
    if orjson.dumps(members, option=_OPTIONS) != leaf:
        raise LeafError("the leaf is not in canonical form")
    return members


_COLUMNS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "at": lambda leaf: datetime.fromisoformat(leaf["at"]),
    "entry_id": lambda leaf: leaf["id"],
    "kind": lambda leaf: leaf["kind"],
    "officer": lambda leaf: _pseudonym(leaf, "officer"),
    "subject": lambda leaf: _pseudonym(leaf, "subject"),
    "person": lambda leaf: _pseudonym(leaf, "person"),
    "deadline": lambda leaf: datetime.fromisoformat(leaf["deadline"]) if "deadline" in leaf else None,
    **{
        name: lambda leaf, name=name: leaf.get(name)  # type: ignore[misc]
        for name in ["request_id", "client", "service", "procedure", "dossier", "unit", "outcome", "question"]
    },
}


def _pseudonym(leaf: dict[str, Any], name: str) -> bytes | None:
    text = leaf.get("pseudonyms", {}).get(name)
    return b64decode(text) if text else None


def project(leaf: bytes) -> dict[str, Any]:
    """Return the columns that a row with this leaf must have. Raises `LeafError`."""
    members = parse(leaf)
    try:
        return {name: column(members) for name, column in _COLUMNS.items()}
    except (KeyError, ValueError, TypeError, AttributeError):
        raise LeafError("the leaf lacks a member or has one of the wrong kind") from None
