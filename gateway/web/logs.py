"""Reads of the log by its callers (PROTOCOL section 6): sizes, checkpoints, proofs, and one's own entries.

A slot's newest log answers, unless the query names another by its origin (`log=`): earlier years' logs, and
logs that were reopened, stay provable.
"""

from base64 import b64encode
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.reads import EvidenceReads, NotInLog
from gateway.flow.exchange import Exchange, Reply, json_reply
from gateway.refusals import Refusal
from gateway.store.database import StoreError
from schemas.envelopes import FieldError

_MAX_DIGITS = 15
_T = TypeVar("_T")


class LogReads:
    """The handlers of `/v1/logs` and `/logs`."""

    def __init__(self, reads: EvidenceReads) -> None:
        self._reads = reads

    async def sizes(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Answer every log with the number of its entries, the newest last."""
        sizes = await _told(self._reads.sizes())
        return json_reply({"logs": [{"log": row.log, "slot": row.slot, "size": row.size} for row in sizes]})

    async def checkpoint(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer the newest signed checkpoint; `not-found` until the first one is signed."""
        note = await _told(self._reads.checkpoint(_slot(params), exchange.query.get("log")))
        return Reply(200, note.encode(), "text/plain; charset=utf-8")

    async def inclusion(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer the RFC 9162 inclusion path of `index` in the first `size` entries."""
        index, size = _number(exchange, "index"), _number(exchange, "size")
        return _hashes(await _told(self._reads.inclusion(_slot(params), index, size, exchange.query.get("log"))))

    async def consistency(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer the RFC 9162 consistency path between the first `from` and the first `to` entries."""
        first, second = _number(exchange, "from"), _number(exchange, "to")
        return _hashes(await _told(self._reads.consistency(_slot(params), first, second, exchange.query.get("log"))))

    async def entry(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """Answer the caller's own entry: its exact leaf, and, once a checkpoint covers it, the proof."""
        if exchange.caller is None:
            raise AssertionError("the route is signed")
        index = _digits(params["index"])
        if index is None:
            raise Refusal("not-found", "index")
        own = self._reads.own_entry(exchange.caller.client.client, _slot(params), index, exchange.query.get("log"))
        found = await _told(own)
        return json_reply(
            {
                "log": found.log,
                "slot": found.slot,
                "index": found.index,
                "leaf": b64encode(found.leaf).decode(),
                "proof": None if found.proof is None else {"hashes": _encoded(found.proof)},
                "checkpoint": found.checkpoint,
            }
        )


async def _told(work: Awaitable[_T]) -> _T:
    """Await a read; what is not in the log is `not-found`, and without the database there is no log to read."""
    try:
        return await work
    except NotInLog:
        raise Refusal("not-found", "log") from None
    except StoreError as error:
        raise EvidenceUnavailable(str(error)) from None


def _encoded(hashes: Iterable[bytes]) -> list[str]:
    return [b64encode(item).decode() for item in hashes]


def _hashes(hashes: Iterable[bytes]) -> Reply:
    return json_reply({"hashes": _encoded(hashes)})


def _digits(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _MAX_DIGITS else None


def _slot(params: dict[str, str]) -> int:
    slot = _digits(params["slot"])
    if slot is None:
        raise Refusal("not-found", "slot")
    return slot


def _number(exchange: Exchange, name: str) -> int:
    value = _digits(exchange.query.get(name, ""))
    if value is None:
        raise Refusal("request-invalid", "query", errors=(FieldError(f"/{name}", "A whole number is needed here."),))
    return value
