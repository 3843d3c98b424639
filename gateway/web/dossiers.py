"""`/v1/dossiers` and the outcome of a look-up (PROTOCOL section 5).

Every call is one entry: `status` for what a caller reports, `read` for what it sees. A dossier of other agencies
is `not-found`, like one that does not exist.
"""

import secrets
from collections.abc import Awaitable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import orjson

from gateway.agreements import reporting_scope
from gateway.dossiers.receiving import Parsed, Receiver
from gateway.dossiers.recording import act_draft, caller_of, record
from gateway.dossiers.views import dossier_json, event_json, results_json
from gateway.evidence.contract import Draft, Evidence, EvidenceUnavailable, Kind
from gateway.evidence.leaf import unix_of
from gateway.flow.exchange import Exchange, Reply, json_reply, timestamp
from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from gateway.snapshot import Snapshot
from gateway.store.database import Database, StoreError
from gateway.store.dossiers import StoredDossier, answered_lookup, put_outcome, read_dossier, read_feed
from gateway.store.scope import Scope
from schemas.dossier_codes import dossier_of_segment
from schemas.dossier_events import BrokenEvent, parse_events
from schemas.outcomes import LookupOutcome, check_outcome, parse_outcome
from schemas.pointers import FieldError, SchemaError
from schemas.strict_json import JsonRefused, loads

FEED_LIMIT, FEED_DEFAULT = 500, 100
_ANSWERED = frozenset({"found", "no_match", "match", "review", "mismatch"})
_UUID7 = 7
_MOST = 2**63 - 1
_T = TypeVar("_T")


class Dossiers:
    """The handlers of one worker."""

    def __init__(
        self,
        database: Database,
        evidence: Evidence,
        live: LiveConfiguration,
        receiver: Receiver,
        public_url: str,
    ) -> None:
        self._database, self._evidence, self._live = database, evidence, live
        self._receiver, self._public_url = receiver, public_url

    async def push(self, exchange: Exchange, _: dict[str, str]) -> Reply:
        """Take 1 to 500 events; each is durable before it is called accepted or late."""
        client = caller_of(exchange).client.client
        events = _parsed(exchange)
        salt, scope = secrets.token_bytes(16), _own_scope(self._live.snapshot, client)

        def draft(snapshot: Snapshot) -> Draft:
            nonlocal scope
            scope = _own_scope(snapshot, client)
            return _push_draft(exchange, snapshot, events, salt)

        await record(self._evidence, self._live, exchange, draft)
        results = await self._receiver.receive(client, scope, events, request_id=exchange.request_id, now=exchange.at)
        told = results_json(results, public_url=self._public_url, request_id=exchange.request_id)
        return json_reply({"results": told})

    async def show(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer a dossier's state and history."""
        dossier = await self._visible(exchange, params["dossier"])
        client = caller_of(exchange).client.client

        def draft(snapshot: Snapshot) -> Draft:
            if not _own_scope(snapshot, client).holds(dossier.agency):
                raise Refusal("not-found", "dossier")
            return act_draft(
                exchange, Kind.READ, snapshot, dossier=dossier.code, procedure=dossier.procedure, outcome="found"
            )

        await record(self._evidence, self._live, exchange, draft)
        return json_reply(dossier_json(dossier))

    async def feed(self, exchange: Exchange, _: dict[str, str]) -> Reply:
        """Answer the events of the caller's agencies after a cursor, oldest first."""
        client = caller_of(exchange).client.client
        after, limit = _number(exchange, "after", 0, _MOST), _number(exchange, "limit", FEED_DEFAULT, FEED_LIMIT)
        if limit == 0:
            raise Refusal("request-invalid", "query", errors=(FieldError("/limit", "At least 1 is needed here."),))
        scope = _own_scope(self._live.snapshot, client)
        events = await _available(read_feed(self._database, scope, after, limit))

        def draft(snapshot: Snapshot) -> Draft:
            now_in_scope = _own_scope(snapshot, client)
            if not all(now_in_scope.holds(event.agency) for event in events):
                raise Refusal("agreement-missing", "push-agencies")
            detail = {"after": after, "events": len(events)}
            return act_draft(exchange, Kind.READ, snapshot, outcome="found", detail=detail)

        await record(self._evidence, self._live, exchange, draft)
        following = events[-1].sequence if events else after
        return json_reply({"events": [event_json(event) for event in events], "next": str(following)})

    async def outcome(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Keep what became of the caller's own answered look-up; said again, the newest word counts."""
        client, lookup_id = caller_of(exchange).client.client, params["lookup_id"].lower()
        outcome = _outcome(exchange)
        asked = await self._question(client, lookup_id)
        try:
            check_outcome(outcome, asked.get("fields", ()))
        except SchemaError as error:
            raise Refusal("request-invalid", "schema", errors=error.errors) from error

        def draft(snapshot: Snapshot) -> Draft:
            return _outcome_draft(exchange, snapshot, lookup_id, asked, outcome)

        await record(self._evidence, self._live, exchange, draft)
        at = datetime.now(UTC)
        await _available(put_outcome(self._database, lookup_id, client, outcome.used, outcome.mismatch, at))
        return json_reply(
            {
                "lookup_id": lookup_id,
                "used": list(outcome.used),
                "mismatch": list(outcome.mismatch),
                "recorded_at": timestamp(at),
            }
        )

    async def _visible(self, exchange: Exchange, segment: str) -> StoredDossier:
        scope = reporting_scope(self._live.snapshot, caller_of(exchange).client.client)
        try:
            code = dossier_of_segment(segment)
        except ValueError:
            raise Refusal("not-found", "dossier") from None
        exchange.context["dossier"] = code
        found = await _available(read_dossier(self._database, scope, code)) if scope else None
        if found is None:
            raise Refusal("not-found", "dossier")
        return found

    async def _question(self, client: str, lookup_id: str) -> dict[str, Any]:
        """Return the leaf of the client's own question that was answered. Raises `Refusal` `not-found`."""
        found = None
        if _is_uuid7(lookup_id):
            asked_at = datetime.fromtimestamp(unix_of(lookup_id), UTC)
            found = await _available(answered_lookup(self._database, client, lookup_id, asked_at))
        if found is None or found[0] not in _ANSWERED:
            raise Refusal("not-found", "lookup")
        leaf: dict[str, Any] = orjson.loads(found[1])
        return leaf


async def _available(work: Awaitable[_T]) -> _T:
    """Await a query; where the database is away, so is the log."""
    try:
        return await work
    except StoreError as error:
        raise EvidenceUnavailable(str(error)) from None


def _own_scope(snapshot: Snapshot, client: str) -> Scope:
    scope = reporting_scope(snapshot, client)
    if not scope:
        raise Refusal("agreement-missing", "push-agencies", detail="The agreement names no agency to report for.")
    return scope


def _parsed(exchange: Exchange) -> list[Parsed]:
    try:
        return parse_events(loads(exchange.body), exchange.at)
    except JsonRefused as error:
        raise Refusal("request-malformed", error.reason, detail=error.detail) from error
    except SchemaError as error:
        raise Refusal("request-invalid", "schema", errors=error.errors) from error


def _outcome(exchange: Exchange) -> LookupOutcome:
    try:
        return parse_outcome(loads(exchange.body))
    except JsonRefused as error:
        raise Refusal("request-malformed", error.reason, detail=error.detail) from error
    except SchemaError as error:
        raise Refusal("request-invalid", "schema", errors=error.errors) from error


def _push_draft(exchange: Exchange, snapshot: Snapshot, events: list[Parsed], salt: bytes) -> Draft:
    """Return the entry of a push: counts in clear, a salted commitment to the body, and sealed what opens it.

    A plain digest of a body this small could be guessed, so none stands in clear.
    """
    sound = [event for event in events if not isinstance(event, BrokenEvent)]
    codes = {event.dossier for event in sound}
    procedures = {event.procedure for event in sound}
    digest = sha256(exchange.body).digest()
    return act_draft(
        exchange,
        Kind.STATUS,
        snapshot,
        dossier=codes.pop() if len(codes) == 1 else None,
        procedure=procedures.pop() if len(procedures) == 1 else None,
        detail={"events": len(events), "broken": len(events) - len(sound), "dossiers": len({e.dossier for e in sound})},
        commitment=sha256(salt + digest).digest(),
        sealed={"body_digest": digest.hex(), "salt": salt.hex()},
    )


def _outcome_draft(
    exchange: Exchange, snapshot: Snapshot, lookup_id: str, asked: dict[str, Any], outcome: LookupOutcome
) -> Draft:
    return act_draft(
        exchange,
        Kind.STATUS,
        snapshot,
        service=asked.get("service"),
        procedure=asked.get("procedure"),
        dossier=asked.get("dossier"),
        component=asked.get("component"),
        fields=outcome.used,
        outcome="mismatch" if outcome.mismatch else "used" if outcome.used else "unused",
        detail={"lookup": lookup_id, "mismatch": list(outcome.mismatch)},
    )


def _is_uuid7(text: str) -> bool:
    try:
        return str(UUID(text)) == text and UUID(text).version == _UUID7
    except ValueError:
        return False


def _number(exchange: Exchange, name: str, default: int, most: int) -> int:
    text = exchange.query.get(name)
    if text is None:
        return default
    if not (text.isdecimal() and text.isascii() and len(text) <= 19 and int(text) <= most):  # noqa: PLR2004 — digits of 2**63
        raise Refusal(
            "request-invalid", "query", errors=(FieldError(f"/{name}", f"A whole number up to {most} is needed here."),)
        )
    return int(text)
