"""One batch of the log: rows in, one call of `evidence_append`, each row's fate out (DESIGN section 3).

The rule: a row is a tuple in the order of the SQL function's arrays, so a batch is turned on its side
by one `zip` and nothing is looked at twice. This is the hot path.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from gateway.store.database import Session, StoreRefused, StoreUnavailable
from schemas.frozen import valueclass


class EntryRow(NamedTuple):
    """One entry: its leaf, the leaf's projected columns, and what it spends, reserves or gives back.

    Keys and pseudonyms are octets, empty where there is none.
    """

    at: datetime
    entry_id: str
    kind: str
    request_id: str
    client: str | None
    service: str | None
    procedure: str | None
    dossier: str | None
    unit: str | None
    officer: bytes
    subject: bytes
    person: bytes
    outcome: str | None
    question: str | None
    deadline: datetime | None
    leaf: bytes
    nonce: bytes = b""
    created: int | None = None
    config: int | None = None
    """The configuration version that must be in force; None: whichever."""
    quota: bytes = b""
    quota_limit: int | None = None
    guess: bytes = b""
    guess_limit: int | None = None
    give: bytes = b""


class SpendRow(NamedTuple):
    """A nonce spent without an entry."""

    nonce: bytes
    created: int


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A data key as it is stored: wrapped to the reveal key."""

    key_id: bytes
    wrapped: bytes


@valueclass
class Appended:
    """What became of a batch: winners take indexes from `first` on, in order; `lost` is 0 for a winner."""

    first: int
    lost: Sequence[int] | None
    """Per row (entries, then spends), as numbered in 0002_append_a_batch.sql; None: nothing was lost."""


_BYTES, _TEXTS, _REST = 9, 12, 14
_BETWEEN, _ABSENT = "\x1f", "\x1e"
_BEFORE_OCTETS = _BETWEEN + r"\x"
"""PostgreSQL's input of octets; with no digits behind it, an absent value."""
_REFUSED = "refused"


async def append_batch(
    session: Session,
    log_id: int,
    slot: int,
    entries: Sequence[EntryRow],
    *,
    spends: Sequence[SpendRow] = (),
    key: SealingKey | None = None,
) -> Appended:
    """Append a batch in one transaction of its own and wait for its commit.

    No nonce may come twice in a batch. Raises `StoreRefused` (nothing was done) or `StoreUnavailable` (the
    outcome is unknown, or the connection is gone).
    """
    columns: list[Sequence[Any]] = list(zip(*entries, strict=True)) if entries else [()] * len(EntryRow._fields)
    deadline, leaf, nonce, created, config, quota, quota_limit, guess, guess_limit, give = columns[_REST:]
    if spends:
        nonce = (*nonce, *(spend.nonce for spend in spends))
        created = (*created, *(spend.created for spend in spends))
    held = [row.created for row in entries if row.created is not None and row.kind != _REFUSED]
    held.extend(spend.created for spend in spends)
    versions = [version for version in config if version is not None]
    rows = await session.fetch(
        "append.batch",
        log_id,
        slot,
        len(entries),
        columns[0] or None,
        *map(_joined, columns[1:_BYTES]),
        *map(_octets, columns[_BYTES:_TEXTS]),
        *map(_joined, columns[_TEXTS:_REST]),
        deadline if any(deadline) else None,
        leaf or None,
        *((_octets(nonce), _numbers(created)) if any(nonce) else (None, None)),
        min(held, default=None),
        *((_numbers(config), min(versions), max(versions)) if versions else (None, None, None)),
        *((_octets(quota), _numbers(quota_limit)) if any(quota) else (None, None)),
        *((_octets(guess), _numbers(guess_limit)) if any(guess) else (None, None)),
        _octets(give),
        key.key_id if key else None,
        key.wrapped if key else None,
    )
    if not rows:
        raise StoreUnavailable("the append function answered nothing")
    first, lost = rows[0]
    return Appended(first if first is not None else 0, lost)


def _joined(column: Sequence[str | None]) -> str | None:
    """Return a column of texts as one text, which the query takes apart again.

    An array would cost the driver Python calls for each element. Raises `StoreRefused` where a value holds one of
    the two control characters that stand between values and for an absent one (nothing that is appended does).
    """
    if not any(column):
        return None
    absent = column.count(None)
    if absent:
        column = [_ABSENT if value is None else value for value in column]
    text = _BETWEEN.join(cast("Sequence[str]", column))
    if text.count(_BETWEEN) != len(column) - 1 or text.count(_ABSENT) != absent:
        raise StoreRefused("a member of an entry holds a control character")
    return text


def _octets(column: Sequence[bytes]) -> str | None:
    """Return a column of octets as one text of hexadecimal digits, as `_joined` does."""
    return r"\x" + _BEFORE_OCTETS.join(map(bytes.hex, column)) if any(column) else None


def _numbers(column: Sequence[int | None]) -> str:
    """Return a column of numbers as one text, as `_joined` does; an absent one is written `None`."""
    return _BETWEEN.join(map(str, column))
