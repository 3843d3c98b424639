"""The declarative adapters: a SOAP or REST registry of ordinary shape from one TOML file, no Python (DESIGN section 1).

What each service asks and how it is answered is its `mapping` (`adapters.mapping`, `adapters.sources`); this module
only carries it over the wire.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import orjson

from adapters import rest, soap
from adapters.auth import Authentication
from adapters.contract import Call, RegistryAnswer, RegistryFault, RegistryInvalid
from adapters.errors import MappingError
from adapters.http import HttpTransport
from adapters.mapping import ReplyMapping, read_reply
from adapters.sources import Slot, Source, parse_source, read_slots
from adapters.toml_table import Table
from adapters.trees import tree_of
from schemas.grants import Grant
from schemas.services import ServiceSpec

_OK = 200
_NOT_FOUND = 404
_HOLE = re.compile(r"\{([^{}]+)\}")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~:@!$&'()*+,;=-]|%[0-9A-Fa-f]{2}|\{[^{}]+\})*)*")


class Exchange(Protocol):
    """One service's whole dialogue."""

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Ask once; `RegistryError` on anything but a sound answer."""
        ...


class GenericAdapter:
    """A configured registry: each service with its own exchange over one pool of connections."""

    def __init__(
        self, services: tuple[ServiceSpec, ...], exchanges: Mapping[str, Exchange], transport: HttpTransport
    ) -> None:
        self.services = services
        self._exchanges = exchanges
        self._transport = transport

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Ask the service that was granted; `RegistryError` on anything but a sound answer."""
        return await self._exchanges[grant.service.name].ask(grant, call)

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()


@dataclass(frozen=True, slots=True)
class SoapQuestion:
    """How a SOAP service is asked: the operation of a WSDL, the path it is posted to, its request's values."""

    contract: soap.Contract
    operation: soap.Operation
    path: str
    slots: tuple[Slot, ...]


class SoapExchange:
    """A service answered by one SOAP operation."""

    def __init__(
        self, transport: HttpTransport, authentication: Authentication, question: SoapQuestion, reply: ReplyMapping
    ) -> None:
        operation = question.operation
        self._transport = transport
        self._contract = question.contract
        self._operation = operation
        self._reply = reply
        self._url = transport.url(_with_query(question.path, authentication.query))
        self._headers = {**soap.HEADERS, "SOAPAction": f'"{operation.soap_action}"', **authentication.headers}
        self._requests = {id_type: _soap_request(operation, question.slots, id_type) for id_type in reply.spec.id_types}

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Post the operation's request and read its reply."""
        template, sources = self._requests[grant.subject.id_type]
        body = template.fill([source(grant, call) for source in sources])
        reply = await self._transport.post(self._url, body, _traced(self._headers, call), call.timeout_s)
        return self._reply.read(tree_of(self._contract.reply(reply.body, self._operation)), grant, call)


def _soap_request(
    operation: soap.Operation, slots: tuple[Slot, ...], id_type: str
) -> tuple[soap.Template, tuple[Source, ...]]:
    fitting = [slot for slot in slots if id_type in slot.id_types]
    gaps = [(slot.path, slot.source) for slot in fitting if slot.source is not None]
    constants = {slot.path: slot.constant for slot in fitting if slot.source is None}
    return operation.template([path for path, _ in gaps], constants), tuple(source for _, source in gaps)


@dataclass(frozen=True, slots=True)
class RestQuestion:
    """How a REST service is asked: method, path with holes, query and JSON body."""

    method: str
    path: str
    holes: tuple[Source, ...]
    query: tuple[Slot, ...]
    body: tuple[Slot, ...]
    accept_404: bool
    """Whether a 404 is an answer, whose body says that nobody was found."""


class RestExchange:
    """A service answered by one HTTP call with JSON."""

    def __init__(
        self, transport: HttpTransport, authentication: Authentication, question: RestQuestion, reply: ReplyMapping
    ) -> None:
        self._transport = transport
        self._authentication = authentication
        self._question = question
        self._reply = reply
        content = rest.HEADERS if question.method == "POST" else {}
        self._headers = {**content, "Accept": "application/json", **authentication.headers}
        self._accepted = frozenset({_OK, _NOT_FOUND} if question.accept_404 else {_OK})

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Make the call and read its answer."""
        question = self._question
        body = orjson.dumps(_nested(question.body, grant, call)) if question.method == "POST" else None
        reply = await self._transport.exchange(
            question.method,
            self._url(grant, call),
            body,
            _traced(self._headers, call),
            call.timeout_s,
            accepted=self._accepted,
        )
        answer = self.read(reply.body, grant, call)
        if answer.found and reply.status == _NOT_FOUND:
            raise RegistryInvalid("undecided")
        return answer

    def read(self, data: bytes, grant: Grant, call: Call) -> RegistryAnswer:
        """Read an answer's bytes; `RegistryError` on anything but a sound answer to this question."""
        return self._reply.read(rest.read_object(data), grant, call)

    def _url(self, grant: Grant, call: Call) -> str:
        question = self._question
        path = question.path.format(*(_segment(source(grant, call)) for source in question.holes))
        pairs = urlencode({slot.path: _value(slot, grant, call) for slot in _fitting(question.query, grant)})
        query = "&".join(part for part in (pairs, self._authentication.query) if part)
        return self._transport.url(_with_query(path, query))


def soap_exchange(
    spec: ServiceSpec,
    mapping: Table,
    files: Mapping[str, str],
    transport: HttpTransport,
    authentication: Authentication,
) -> SoapExchange:
    """Build the exchange of one service of `adapter = "soap"`; `MappingError` says what is wrong where."""
    try:
        contract = soap.Contract(mapping.text("wsdl"), files)
        operation = contract.operation(mapping.text("operation"))
        question = SoapQuestion(contract, operation, _literal_path(mapping), read_slots(mapping.table("request")))
        reply = read_reply(spec, mapping.table("reply"), mapping.table("fields"), strict=False)
        mapping.done()
        return SoapExchange(transport, authentication, question, reply)
    except MappingError as error:
        raise _placed(error, mapping) from None


def rest_exchange(
    spec: ServiceSpec, mapping: Table, transport: HttpTransport, authentication: Authentication
) -> RestExchange:
    """Build the exchange of one service of `adapter = "rest"`; `MappingError` says what is wrong where."""
    method = mapping.text("method", "POST")
    if method not in {"GET", "POST"}:
        raise MappingError(mapping.at("method"), "must be GET or POST")
    path = _checked_path(mapping)
    body = read_slots(mapping.table("request"))
    if method == "GET" and body:
        raise MappingError(mapping.at("request"), "is a body, which a GET does not have: use query or the path")
    question = RestQuestion(
        method,
        _HOLE.sub("{}", path),
        tuple(parse_source(name, mapping.at("path")) for name in _HOLE.findall(path)),
        read_slots(mapping.table("query")),
        body,
        mapping.flag("accept_404"),
    )
    reply = read_reply(spec, mapping.table("reply"), mapping.table("fields"), strict=True)
    mapping.done()
    return RestExchange(transport, authentication, question, reply)


def _placed(error: MappingError, mapping: Table) -> MappingError:
    """Complete the pointer of an error that the WSDL's reader raised, which knows only its own member."""
    if error.pointer.startswith(mapping.pointer):
        return error
    return MappingError(mapping.pointer + error.pointer, error.sentence)


def _checked_path(mapping: Table) -> str:
    path = mapping.text("path", "/") if "path" in mapping else ""
    if not _PATH.fullmatch(path):
        raise MappingError(mapping.at("path"), "must start with / and hold only path characters and {sources}")
    return path


def _literal_path(mapping: Table) -> str:
    path = _checked_path(mapping)
    if "{" in path:
        raise MappingError(mapping.at("path"), "cannot hold sources for SOAP: put them in request")
    return path


def _segment(text: str) -> str:
    """Encode a value for a path; dots alone would climb out of it."""
    if text in {".", ".."}:
        raise RegistryFault("unsendable")
    return quote(text, safe="")


def _with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _traced(headers: Mapping[str, str], call: Call) -> Mapping[str, str]:
    return {**headers, "traceparent": call.traceparent} if call.traceparent else headers


def _fitting(slots: tuple[Slot, ...], grant: Grant) -> list[Slot]:
    return [slot for slot in slots if grant.subject.id_type in slot.id_types]


def _value(slot: Slot, grant: Grant, call: Call) -> str:
    return slot.constant if slot.source is None else slot.source(grant, call)


def _nested(slots: tuple[Slot, ...], grant: Grant, call: Call) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for slot in _fitting(slots, grant):
        *parents, name = slot.path.split("/")
        place = root
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = _value(slot, grant, call)
    return root
