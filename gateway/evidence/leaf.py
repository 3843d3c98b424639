"""Leaves: the exact bytes of an entry that the Merkle tree covers, and the columns projected from them.

A leaf is compact JSON with sorted keys (RFC 8259, UTF-8) of an object with the version `v`; members without
a value are left out; bytes are base64 (RFC 4648), times RFC 3339 in UTC. The rule: every column of the table
is a function of the leaf, `project`, which `audit verify` holds against the row.
"""

import os
from base64 import b64decode
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from itertools import compress, repeat
from operator import is_not, itemgetter
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
_Who = tuple[str | None, tuple[str, str] | None, str | None, str | None]
_PLAIN = ("request_id", *Draft._fields[Draft._fields.index("client") : Draft._fields.index("config_version") + 1])
_PLAIN_NAMES = (*_PLAIN[:-1], "config")
_plain = itemgetter(*map(Draft._fields.index, _PLAIN))
"""Members of a draft that the leaf holds as they are, their names there, and what takes them."""
_named = itemgetter(*map(Draft._fields.index, EntryRow._fields[3:9]))
"""Takes the columns from `request_id` to `unit`, which a row has from its draft."""
_who = itemgetter(*map(Draft._fields.index, ("officer", "subject", "person_id", "address")))
"""Takes whom a draft names; identifiers, sealed and told under pseudonyms."""
_PEOPLE = ("officer", "subject", "person", "address")
"""Whom an entry may name, by the names of their pseudonyms in a leaf; a row has the first three."""
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
    text = (unix_ms.to_bytes(6, "big") + os.urandom(10)).hex()
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


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
    at, deadline = draft.at.astimezone(UTC), draft.deadline
    unix_s = at.timestamp()
    year = pseudonyms.year(at.astimezone(_LOCAL).year)
    entry_id, kind = uuid7(int(unix_s * 1000)), draft.kind._value_
    who = _who(draft)
    people = _people(who, pseudonyms, year)
    key = sealer.data_key(unix_s)
    values = _plain(draft)
    members = _present(zip(_PLAIN_NAMES, values, strict=True), values)
    members.update(v=VERSION, id=entry_id, kind=kind, at=at)
    if any(people):
        named = zip(compress(_PEOPLE, people), map(_base64, filter(None, people)), strict=True)
        members["pseudonyms"] = dict(named, year=year)
    fields, detail, commitment = draft.fields, draft.detail, draft.commitment
    if fields:
        members["fields"] = fields
    if detail:
        members["detail"] = detail
    if commitment is not None:
        members["commitment"] = _base64(commitment)
    if deadline is not None:
        members["deadline"] = deadline = deadline.astimezone(UTC)
    plain = _sealed_members(draft.sealed, who)
    if plain:
        members["sealed"] = seal(key, orjson.dumps(plain, _jsonable, _OPTIONS), associated_data(origin, entry_id, kind))
    leaf = orjson.dumps(members, _jsonable, _OPTIONS)
    claims = _claims(draft, pseudonyms, year, unix_s)
    ended = (draft.outcome, draft.question, deadline)
    row = EntryRow._make((at, entry_id, kind, *_named(draft), *people[:3], *ended, leaf, *claims))
    return Encoded(row, key)


def _base64(value: bytes) -> str:
    return b2a_base64(value, newline=False).decode()


def _present(pairs: Iterable[tuple[str, Any]], values: Iterable[Any]) -> dict[str, Any]:
    """Return the members that have a value; `values` are those of the pairs."""
    return dict(compress(pairs, map(is_not, values, repeat(None))))


def _people(who: _Who, pseudonyms: Pseudonyms, year: int) -> tuple[bytes, ...]:
    """Return the pseudonyms of officer, subject, person returned and address; empty for whom a draft does not name."""
    officer, subject, person_id, address = who
    return (
        pseudonyms.of(year, OFFICER, officer) if officer else b"",
        pseudonyms.of(year, *subject) if subject else b"",
        pseudonyms.of(year, "personal_id", person_id) if person_id else b"",
        pseudonyms.of_address(year, address) if address else b"",
    )


def _sealed_members(sealed: Mapping[str, Any], who: _Who) -> dict[str, Any]:
    """Return what is sealed: identifiers in clear, unless the caller says more about them, and the rest as given."""
    officer, subject, person_id, address = who
    plain = _present(sealed.items(), sealed.values())
    if subject:
        plain.setdefault("subject", {"id_type": subject[0], "id": subject[1]})
    if officer:
        plain.setdefault("officer", {"id": officer})
    if person_id:
        plain.setdefault("person_id", person_id)
    if address:
        plain.setdefault("address", address)
    return plain


def _claims(draft: Draft, pseudonyms: Pseudonyms, year: int, unix_s: float) -> tuple[Any, ...]:
    """Return the last columns of a row: nonce, created, config, quota, its limit, guess, its limit, give-back."""
    nonce, reserve, back = draft.nonce, draft.reserve, draft.give_back
    give = b""
    question = draft.question
    if back is not None and question is not None:
        asked_s = unix_of(question)  # the counter of the question's day, under the key of its year
        asked_year = pseudonyms.year(datetime.fromtimestamp(asked_s, _LOCAL).year)
        give = pseudonyms.guess_key(back, asked_year, asked_s)
    return (
        nonce_key(nonce) if nonce else b"",
        nonce.created if nonce else None,
        draft.config_version if draft.kind in _UNDER_GRANT else None,
        quota_key(reserve, unix_s) if reserve else b"",
        reserve.quota_limit if reserve else None,
        pseudonyms.guess_key(reserve, year, unix_s) if reserve else b"",
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
