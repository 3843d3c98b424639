"""What the flow hands to the evidence log and what it gets back (DESIGN section 3).

A `Draft` says what happened, in plain values; the log makes it into a canonical leaf (sealed,
pseudonymised), appends it durably and answers with its place, or says which reservation it lost.
"""

from collections.abc import Awaitable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from schemas.frozen import valueclass

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Kind(StrEnum):
    """Kinds of entries."""

    ASKED = "asked"
    ANSWERED = "answered"
    REFUSED = "refused"
    READ = "read"
    STATUS = "status"
    ADMIN = "admin"
    ABANDONED = "abandoned"


class Loss(StrEnum):
    """Why a draft was not appended. Nothing was spent or reserved for it."""

    REPLAYED = "signature-replayed"
    EXPIRED = "signature-expired"  # `created` is at or under the durable nonce floor
    QUOTA = "quota-exceeded"
    GUESSED = "verification-limit"
    STALE = "stale-configuration"  # granted under a version that is no longer in force


class EvidenceUnavailable(Exception):  # noqa: N818 — named as its problem code
    """The log cannot be written (or its commit's outcome is unknown): nothing may be asked or told."""


class Nonce(NamedTuple):
    """A signature's nonce, spent in the transaction that records the request. Scope: the client."""

    client: str
    value: str
    created: int
    """The signature's `created`, Unix seconds."""


class Reservation(NamedTuple):
    """Counters raised by a question, both per day of Asia/Ho_Chi_Minh.

    The quota counts a grant row's questions. The guess counter counts calls of one client about one
    person; it is given back when the answer is `found` or `match`.
    """

    client: str
    quota_key: str
    quota_limit: int
    subject: tuple[str, str]
    """(id_type, canonical id) of the person: stored only as a pseudonym."""
    guess_limit: int = 10


class Draft(NamedTuple):
    """One thing that happened. Identifiers of people are given plain and stored as pseudonyms and sealed; everything
    in `sealed` is stored only encrypted. From `client` to `config_version` a leaf holds it as it is.
    """

    kind: Kind
    request_id: str
    at: datetime
    client: str | None = None
    keyid: str | None = None
    service: str | None = None
    procedure: str | None = None
    dossier: str | None = None
    component: str | None = None
    legal_basis: str | None = None
    unit: str | None = None
    mode: str | None = None
    """`lookup`, `verification`, or for reads and refusals the route's name."""
    outcome: str | None = None
    """`found`, `no_match`, `match`, `review`, `mismatch`, or a problem code."""
    reason: str | None = None
    """A short machine word beside a problem code; never personal data."""
    agreement: str | None = None
    question: str | None = None
    """Entry id of the question that this `answered` or `abandoned` entry closes."""
    config_version: int | None = None
    officer: str | None = None
    """The officer's number; pseudonymised."""
    subject: tuple[str, str] | None = None
    """(id_type, canonical id); pseudonymised."""
    person_id: str | None = None
    """Personal number the registry returned (`answered`); pseudonymised."""
    address: str | None = None
    """The network address a request came from; pseudonymised."""
    fields: tuple[str, ...] = ()
    """Names of fields asked (`asked`), disclosed (`answered`) or claimed."""
    commitment: bytes | None = None
    """SHA-256(salt ‖ SHA-256(body)) of the answer (PROTOCOL section 3)."""
    detail: Mapping[str, Any] = _NOTHING
    """Further plain, non-personal members (counts, timings, versions)."""
    sealed: Mapping[str, Any] = _NOTHING
    nonce: Nonce | None = None
    reserve: Reservation | None = None
    give_back: Reservation | None = None
    deadline: datetime | None = None
    """For `asked`: when the sweeper may close it as abandoned."""


@valueclass
class Recorded:
    """A durable entry: where it stands."""

    entry_id: str
    origin: str
    slot: int
    index: int
    at: datetime


class Evidence(Protocol):
    """The append side of the log, as the flow sees it."""

    def append(self, draft: Draft) -> Awaitable[Recorded | Loss]:
        """Durably append one entry; what is awaited is the commit. Raises `EvidenceUnavailable`."""
        ...

    async def spend(self, nonce: Nonce) -> Loss | None:
        """Durably spend a nonce without an entry (successful GETs of the catalogue, health and proofs).

        `Loss.REPLAYED` or `Loss.EXPIRED` where it cannot be spent. Raises `EvidenceUnavailable`.
        """
        ...
