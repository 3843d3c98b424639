"""Reads of the log by its callers (PROTOCOL section 6): sizes, checkpoints, proofs, and one's own entries.

A slot's newest log answers, unless the query names another by its origin (`log=`): earlier years' logs, and
logs that were reopened, stay provable.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.trees import consistency_proof, inclusion_proof
from gateway.flow.exchange import Exchange, Reply, json_reply
from gateway.installation import Installation
from gateway.refusals import Refusal
from gateway.store.database import Database, StoreError
from gateway.store.logs import LogState, entry_at, log_states, newest_checkpoint
from schemas.envelopes import FieldError
from signing.checkpoint import verify_checkpoint
from signing.errors import SignatureError

_MAX_DIGITS = 15
_T = TypeVar("_T")
Prove = Callable[[Database, int, int, int], Awaitable[list[bytes]]]


class LogReads:
    """The handlers of `/v1/logs` and `/logs`."""

    def __init__(self, database: Database, installation: Installation) -> None:
        self._database = database
        self._verifier = installation.evidence.verifier

    async def sizes(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Every log with the number of its entries; those of today last."""
        rows = [{"log": state.origin, "slot": state.slot, "size": state.size} for state in await self._states()]
        return json_reply({"logs": rows})

    async def checkpoint(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer the newest signed checkpoint. `not-found` until the first one is signed."""
        state = await self._state(exchange, params)
        note = await self._note(state)
        if note is None:
            raise Refusal("not-found", "checkpoint")
        return Reply(200, note.encode(), "text/plain; charset=utf-8")

    async def inclusion(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer the RFC 9162 inclusion path of `index` in the first `size` entries."""
        index, size = _number(exchange, "index"), _number(exchange, "size")
        state = await self._state(exchange, params)
        if not index < size <= state.sealed:
            raise _outside(state)
        return json_reply({"hashes": _encoded(await self._proof(inclusion_proof, state, index, size))})

    async def consistency(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer the RFC 9162 consistency path between the first `from` and the first `to` entries."""
        first, second = _number(exchange, "from"), _number(exchange, "to")
        state = await self._state(exchange, params)
        if not 0 < first <= second <= state.sealed:
            raise _outside(state)
        return json_reply({"hashes": _encoded(await self._proof(consistency_proof, state, first, second))})

    async def entry(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer the caller's own entry: its exact leaf, and, once a checkpoint covers it, the proof."""
        if exchange.caller is None:
            raise AssertionError("the route is signed")
        index = _digits(params["index"])
        state = await self._state(exchange, params)
        entry = await _available(entry_at(self._database, state.log_id, index)) if index is not None else None
        if entry is None or entry.client != exchange.caller.client.client:
            raise Refusal("not-found", "entry")
        proof, note = await self._proved(state, entry.index)
        return json_reply(
            {
                "log": state.origin,
                "slot": state.slot,
                "index": entry.index,
                "leaf": b64encode(entry.leaf).decode(),
                "proof": proof,
                "checkpoint": note,
            }
        )

    async def _proved(self, state: LogState, index: int) -> tuple[dict[str, object] | None, str | None]:
        """Return an entry's proof and the checkpoint it leads to; two times `None` while no checkpoint covers it."""
        note = await self._note(state)
        if note is None:
            return None, None
        size = verify_checkpoint(note, self._verifier, state.origin).size
        if index >= size:
            return None, None
        hashes = await self._proof(inclusion_proof, state, index, size)
        return {"size": size, "hashes": _encoded(hashes)}, note

    async def _states(self) -> list[LogState]:
        return await _available(log_states(self._database))

    async def _state(self, exchange: Exchange, params: dict[str, str]) -> LogState:
        slot, origin = _digits(params["slot"]), exchange.query.get("log")
        states = [
            state for state in await self._states() if state.slot == slot and (origin is None or state.origin == origin)
        ]
        if not states:
            raise Refusal("not-found", "log")
        return states[-1]

    async def _note(self, state: LogState) -> str | None:
        return await _available(newest_checkpoint(self._database, state.log_id))

    async def _proof(self, prove: Prove, state: LogState, first: int, second: int) -> list[bytes]:
        try:
            return await _available(prove(self._database, state.log_id, first, second))
        except SignatureError:
            raise _outside(state) from None


async def _available(work: Awaitable[_T]) -> _T:
    """Await a read of the log; where the database is away, the log is unavailable."""
    try:
        return await work
    except StoreError as error:
        raise EvidenceUnavailable(str(error)) from None


def _encoded(hashes: list[bytes]) -> list[str]:
    return [b64encode(item).decode() for item in hashes]


def _digits(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _MAX_DIGITS else None


def _number(exchange: Exchange, name: str) -> int:
    value = _digits(exchange.query.get(name, ""))
    if value is None:
        raise Refusal("request-invalid", "query", errors=(FieldError(f"/{name}", "A whole number is needed here."),))
    return value


def _outside(state: LogState) -> Refusal:
    detail = f"The places must lie within the {state.sealed} entries that the newest checkpoint covers."
    return Refusal("request-invalid", "unsealed", detail=detail)
