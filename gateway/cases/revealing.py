"""Revealing whom an entry is about: the one place where sealed parts are opened (DESIGN section 3, THREATS F40).

The rule: a reveal is bound to a case and to an entry of that case, is in the log before anything is opened, and past a
daily number needs a second person. What was opened is handed back once and kept nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.cases.desk import NoCase, Record, in_scope, standing_of
from gateway.cases.states import Action, Actor, CaseRefused, advance
from gateway.evidence.keys import EvidenceKeyError
from gateway.evidence.sealing import UnsealError, sealed_key_id, unseal
from gateway.settings import require_private_file
from gateway.store import cases as store
from gateway.store.database import Database, StoreRefused
from gateway.store.logs import StoredEntry, entry_by_id, wrapped_key
from gateway.store.scope import Scope
from schemas.dates import LOCAL

DAILY_CAP = 5
"""Reveals a person may make alone on a day of Asia/Ho_Chi_Minh."""
_SHOWN = ("subject", "officer", "person_id", "consent_ref", "emergency_reason", "address")
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True, repr=False)
class Revealed:
    """What an entry says of people. Never logged, never stored; `repr` shows nothing of it."""

    entry_id: str
    subject: Mapping[str, str | None] = field(default_factory=dict)
    """`id_type`, `id` and, for a look-up, `full_name` and `birth_date` as asked."""
    officer: Mapping[str, str | None] = field(default_factory=dict)
    person_id: str | None = None
    """The personal number that the registry returned."""
    consent_ref: str | None = None
    emergency_reason: str | None = None
    address: str | None = None
    """The network address that the request came from."""


def load_reveal_key(path: Path) -> X25519PrivateKey:
    """Read the reveal key's private half from a PEM file of mode 0600. Raises `EvidenceKeyError`."""
    name = "LIENTHONG_CONSOLE_REVEAL_KEY"
    try:
        require_private_file(path, name)
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise EvidenceKeyError(f"{name}: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        known = str(error) if str(error).startswith(name) else f"{name} is not an unencrypted PEM private key"
        raise EvidenceKeyError(known) from None
    if not isinstance(key, X25519PrivateKey):
        raise EvidenceKeyError(f"{name} must be an X25519 private key")
    return key


def local_midnight(now: datetime) -> datetime:
    """Return when the local day of `now` began: the daily number counts from there."""
    return now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)


class Revealer:
    """Opens sealed parts for a case. The caller has checked a single-use code of everybody who takes part."""

    def __init__(self, database: Database, key: X25519PrivateKey, cap: int = DAILY_CAP) -> None:
        self._database, self._key, self._cap = database, key, cap

    async def needs_second(self, login: str, now: datetime) -> bool:
        """Whether this person's next reveal of the day needs a second one. Raises `StoreError`."""
        return await store.reveals_since(self._database, login, local_midnight(now)) >= self._cap

    async def reveal(
        self,
        record: Record,
        actor: Actor,
        scope: Scope,
        place: tuple[int, str],
        now: datetime,
        second: str | None = None,
    ) -> Revealed:
        """Open the entry of a case (`place`: case number, entry id) and the question that it closes.

        Raises `NoCase`, `CaseRefused` (`state`, `entry`: not of this case, `second`: a second person is needed,
        `destroyed`: its key is gone), `EvidenceUnavailable`, `StoreError`.
        """
        case_id, entry_id = place
        await self._check(actor, scope, place, now, second)
        detail = {"case": case_id, "entry": entry_id, "second": second is not None}
        recorded = await record("reveal", detail, sealed={"second": second} if second else {})
        row = store.RevealRow(entry_id, actor.login, second, recorded.at, recorded.entry_id)
        if not await store.put_reveal(self._database, case_id, row, local_midnight(now), self._cap):
            raise CaseRefused("second", "past today's number a reveal needs a second person")
        await self._enter_step(scope, case_id, row)
        return await self._open(entry_id)

    async def _check(
        self, actor: Actor, scope: Scope, place: tuple[int, str], now: datetime, second: str | None
    ) -> None:
        case_id, entry_id = place
        row = await store.read_case(self._database, scope, case_id)
        if row is None:
            raise NoCase("no such case")
        advance(standing_of(row), Action.REVEAL, actor)
        agencies = await store.agencies_of_entries(self._database, [entry_id])
        mine = all(in_scope(scope, agency) for agency in agencies.values())
        if not agencies or not mine or not await store.case_holds(self._database, case_id, entry_id):
            raise CaseRefused("entry", "a reveal is bound to an entry of the case: attach the entry first")
        if second == actor.login or (second is None and await self.needs_second(actor.login, now)):
            raise CaseRefused("second", "past today's number a reveal needs a second person")

    async def _enter_step(self, scope: Scope, case_id: int, row: store.RevealRow) -> None:
        """Put the reveal among the case's steps, after those that others take meanwhile."""
        for _ in range(_ATTEMPTS):
            case = await store.read_case(self._database, scope, case_id)
            after = len(await store.case_steps(self._database, case_id))
            if case is None or await store.take_step(self._database, scope, case_id, _step(case, after, row)):
                return
        raise StoreRefused("the case's steps do not settle")

    async def _open(self, entry_id: str) -> Revealed:
        entry = await entry_by_id(self._database, entry_id)
        if entry is None:
            raise CaseRefused("entry", "the log does not hold this entry")
        question = await store.question_of(self._database, entry_id)
        opened: dict[str, Any] = {}
        if question is not None:
            opened = await open_sealed(self._database, self._key, question)
        closing = await open_sealed(self._database, self._key, entry)
        return _shown(entry_id, {**closing, **opened, **_only(closing, "person_id")})


async def open_sealed(database: Database, key: X25519PrivateKey, entry: StoredEntry) -> dict[str, Any]:
    """Open what an entry holds sealed; empty where it seals nothing. Whoever calls has recorded it before.

    Raises `CaseRefused` (`destroyed`: its key is gone, or it does not open) and `StoreError`.
    """
    key_id = sealed_key_id(entry.leaf)
    if key_id is None:
        return {}
    wrapped = await wrapped_key(database, key_id)
    if wrapped is None:
        raise CaseRefused("destroyed", "the key of this entry was destroyed: nobody can read it any more")
    try:
        return dict(unseal(entry.leaf, entry.origin, wrapped, key))
    except UnsealError as error:
        raise CaseRefused("destroyed", str(error)) from None


def _step(case: store.CaseRow, after: int, reveal: store.RevealRow) -> store.NewStep:
    return store.NewStep(
        after=after,
        at=reveal.at,
        by=reveal.by,
        state=case.state,
        verdict=case.verdict,
        proposed_by=case.proposed_by,
        closed_by=case.closed_by,
        due_at=None,
        action=Action.REVEAL,
        note=None,
        recorded=reveal.recorded,
    )


def _only(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: members[name]} if name in members else {}


def _shown(entry_id: str, members: Mapping[str, Any]) -> Revealed:
    """Keep what says who: signatures and digests of the sealed part stay where they are."""
    return Revealed(entry_id, **{name: members[name] for name in _SHOWN if members.get(name) is not None})
