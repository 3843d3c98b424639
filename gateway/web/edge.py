"""The edge: one request in, one signed answer out.

Which error wins is the order of the lines here: target → path → method → size → type → signature →
(the handler: JSON, schema, agreement, limits, registry). Every refusal under `/v1` is one entry.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import structlog
from aiohttp import hdrs
from aiohttp.web import BaseRequest, Response, StreamResponse

from gateway.addresses import Proxies
from gateway.authentication import Unfit, authenticate
from gateway.evidence.contract import Evidence, EvidenceUnavailable, Loss
from gateway.evidence.floods import RefusalQueue
from gateway.flow.exchange import Exchange, Reply
from gateway.flow.recording import record_refusal, record_unfit, refusal_draft
from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from gateway.telemetry import Telemetry, where
from gateway.web.answer import Answer
from gateway.web.problems import ProblemWriter
from gateway.web.receive import ClientGone, check_headers, header_fields, read_body
from gateway.web.routes import RouteTable
from gateway.web.signer import AnswerSigner
from gateway.web.target import Target, Targets
from signing.message import Fields, Request

_NOWHERE = Request("GET", "http", "", "/", ())
"""The request of an exchange until its target is known: outside `/v1`, so it is neither recorded nor signed."""
_LOG_DOWN = Refusal("evidence-unavailable", "log", retry_after=1)
_log = structlog.get_logger("gateway.edge")


class Edge:
    """Turns raw requests into replies. `draining` asks clients to reconnect elsewhere."""

    def __init__(
        self,
        *,
        routes: RouteTable,
        targets: Targets,
        live: LiveConfiguration,
        evidence: Evidence,
        strangers: RefusalQueue,
        problems: ProblemWriter,
        signer: AnswerSigner,
        telemetry: Telemetry,
        new_id: Callable[[], str],
        max_waiting: int,
        proxies: Proxies,
    ) -> None:
        self._routes = routes
        self._targets = targets
        self._live = live
        self._evidence = evidence
        self._strangers = strangers
        self._problems = problems
        self._signer = signer
        self._telemetry = telemetry
        self._new_id = new_id
        self._max_waiting = max_waiting
        self._proxies = proxies
        self._waiting = 0
        self.draining = False

    async def __call__(self, raw: BaseRequest) -> StreamResponse:
        """Answer one request."""
        begun = time.perf_counter()
        self._waiting += 1
        try:
            exchange = self._new_exchange(raw)
            reply = await self._reply(raw, exchange)
        except ClientGone as gone:
            self._telemetry.refused_by_parser(str(gone).replace(" ", "-"))
            raw.protocol.force_close()
            return Response(status=400)
        finally:
            self._waiting -= 1
        response = self._respond(raw, exchange, reply)
        self._telemetry.answered(exchange.route, reply.status, time.perf_counter() - begun)
        return response

    def _new_exchange(self, raw: BaseRequest) -> Exchange:
        peer = raw.transport.get_extra_info("peername") if raw.transport else None
        at = str(peer[0]) if peer else ""
        return Exchange(self._new_id(), datetime.now(UTC), at, "unknown", _NOWHERE, b"", address=at)

    async def _reply(self, raw: BaseRequest, exchange: Exchange) -> Reply:
        try:
            return await self._answered(raw, exchange)
        except Refusal as refusal:
            return await self._refused(exchange, refusal)
        except EvidenceUnavailable:
            return self._told(exchange, _LOG_DOWN)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 — whatever it is, the caller gets a 500 and the log an entry
            _log.error(  # without a traceback: it would hold values
                "internal", request_id=exchange.request_id, error=type(error).__name__, where=where(error)
            )
            return await self._refused(exchange, Refusal("internal", type(error).__name__))

    async def _answered(self, raw: BaseRequest, exchange: Exchange) -> Reply:
        fields = header_fields(raw)
        exchange.address = self._proxies.origin(exchange.peer, fields.lines("x-forwarded-for"))
        target = self._target(raw, exchange, fields)
        match = self._routes.match(target.path)
        route = match.route(raw.method)
        upgrades = fields.lines("upgrade")
        if upgrades and any("websocket" in value.lower() for value in upgrades):
            raise Refusal("method-not-allowed", "upgrade", allow=route.method)
        exchange.route = route.name
        if self._waiting > self._max_waiting:
            raise Refusal("rate-limited", "overload", retry_after=1)
        exchange.body = await read_body(raw, route, fields)
        if route.signed:
            exchange.caller = authenticate(exchange.request, exchange.body, self._live.snapshot, exchange.at)
        reply = await route.handler(exchange, match.params)
        if route.free and exchange.caller is not None:
            lost = await self._evidence.spend(exchange.caller.nonce)
            if isinstance(lost, Loss):
                raise Refusal(lost.value, "nonce")
        return reply

    def _target(self, raw: BaseRequest, exchange: Exchange, fields: Fields) -> Target:
        """Accept the target. A refusal of it is bound to the request as far as that can be written."""
        hosts = fields.lines("host")
        try:
            check_headers(fields)
            target = self._targets.accept(raw.raw_path, hosts)
            exchange.query = parse_query(target.query)
        except Refusal:
            presumed = self._targets.presumed(raw.raw_path, hosts)
            if presumed is not None:
                exchange.request = Request(raw.method, presumed.scheme, presumed.authority, presumed.raw, fields)
            raise
        exchange.request = Request(raw.method, target.scheme, target.authority, target.raw, fields)
        return target

    async def _refused(self, exchange: Exchange, refusal: Refusal) -> Reply:
        """Record a refusal, then tell it."""
        try:
            if isinstance(refusal, Unfit):
                if not await record_unfit(self._evidence, exchange, refusal):
                    await self._strangers.record(refusal_draft(exchange, refusal, None), exchange.address)
            elif exchange.caller is not None:
                refusal = await record_refusal(self._evidence, exchange, refusal)
            elif exchange.request.target.startswith("/v1/"):
                await self._strangers.record(refusal_draft(exchange, refusal, None), exchange.address)
        except EvidenceUnavailable:
            refusal = _LOG_DOWN
        return self._told(exchange, refusal)

    def _told(self, exchange: Exchange, refusal: Refusal) -> Reply:
        self._telemetry.refused(exchange.route, refusal.code)
        return self._problems.write(exchange.request_id, refusal)

    def _respond(self, raw: BaseRequest, exchange: Exchange, reply: Reply) -> StreamResponse:
        headers = [
            ("Server", "lienthong"),
            (hdrs.CONTENT_TYPE, reply.content_type),
            ("X-Request-Id", exchange.request_id),
            *reply.headers,
        ]
        if exchange.request.target.startswith("/v1/"):
            headers.extend(self._signer.sign(exchange, reply))
        going_on = not self.draining and raw.content.is_eof()
        if Answer.suits(raw, reply.status, going_on=going_on):
            return cast("StreamResponse", Answer(reply.status, headers, reply.body))  # all that is asked of one
        response = Response(status=reply.status, body=reply.body, headers=headers)
        if not going_on:
            response.force_close()
        return response


def parse_query(query: str | None) -> dict[str, str]:
    """Return the query's members. Raises `Refusal` on an odd one: none of ours needs escapes or repeats."""
    members: dict[str, str] = {}
    if not query:
        return members
    for part in query.split("&"):
        name, mark, value = part.partition("=")
        if not mark or not name or name in members or "%" in part or "+" in part:
            raise Refusal("request-malformed", "query", detail="The query is not a list of plain name=value members.")
        members[name] = value
    return members
