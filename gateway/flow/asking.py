"""Steps 3 to 8 of a look-up or a verification: one path, two ways to disclose.

parse → grant → record the question → ask → disclose → record the answer. What differs between the two
is what is parsed (fields or claims) and what is told (values or a verdict).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import orjson

from adapters.contract import RegistryAnswer, RegistryError
from gateway.agreements import DossierFacts
from gateway.agreements import grant as find_grant
from gateway.evidence.contract import Evidence
from gateway.flow.enumeration import EnumerationGuard
from gateway.flow.exchange import Exchange, Reply, timestamp
from gateway.flow.recording import Question, Stale, record_answer, record_question
from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from gateway.registries.pool import RegistryPool
from gateway.registries.registry import Registry
from gateway.snapshot import Snapshot
from schemas.dates import local_day
from schemas.envelopes import SchemaError
from schemas.frozen import valueclass
from schemas.grants import Grant, Purpose, Subject
from schemas.identifiers import person_key
from schemas.services import ServiceSpec
from schemas.strict_json import JsonRefused, loads

_GRANT_ATTEMPTS = 5


@valueclass
class Disclosure:
    """What an answer tells: its JSON body, the word the log keeps, and the names of disclosed fields."""

    body: dict[str, Any]
    outcome: str
    disclosed: tuple[str, ...]


@valueclass
class Wish:
    """A parsed request: the subject, the purpose, the fields it needs, how to tell the answer."""

    subject: Subject
    purpose: Purpose
    fields: tuple[str, ...]
    disclose: Callable[[Grant, RegistryAnswer], Disclosure]
    pointers: tuple[str, ...] = ()
    """Where in the request each field stands (RFC 6901)."""


class Timing:
    """How long a question took to be recorded, and a registry to answer it, in milliseconds."""

    __slots__ = ("_asked", "_begun")

    def __init__(self, received: datetime) -> None:
        self._asked, self._begun = (datetime.now(UTC) - received).total_seconds(), monotonic()

    def detail(self) -> dict[str, Any]:
        """Return what the answer's entry says of it: from receipt to asking, from asking to the registry's answer."""
        return {"asked_ms": round(self._asked * 1000, 1), "registry_ms": round((monotonic() - self._begun) * 1000, 1)}


Parse = Callable[[Any, ServiceSpec], Wish]
FactsOf = Callable[[Snapshot, str, ServiceSpec, Subject, str | None], Awaitable[DossierFacts | None]]
"""What is known of the dossier of a client's look-up, as far as a row of that snapshot asks for it."""


async def no_facts(_: Snapshot, __: str, ___: ServiceSpec, ____: Subject, _____: str | None) -> DossierFacts | None:
    """Know nothing of any dossier, so that rows that ask for one cover nothing."""
    return None


class Asking:
    """The flow's middle, with what it stands on."""

    def __init__(
        self,
        *,
        live: LiveConfiguration,
        registries: RegistryPool,
        evidence: Evidence,
        guard: EnumerationGuard,
        guess_limit: int,
        problem: Callable[[Exchange, Refusal], Reply],
        facts: FactsOf = no_facts,
    ) -> None:
        self._live = live
        self._facts = facts
        self._registries = registries
        self._evidence = evidence
        self._guard = guard
        self._guess_limit = guess_limit
        self._problem = problem

    async def answer(self, exchange: Exchange, spec: ServiceSpec, mode: str, parse: Parse) -> Reply:
        """Walk the line for an authenticated exchange. Raises `Refusal` or `EvidenceUnavailable`."""
        exchange.context["service"] = spec.name
        wish = _parsed(exchange, spec, parse)
        question, registry = await self._recorded(exchange, spec, mode, wish)
        timing = Timing(exchange.at)
        try:
            answer = await registry.ask(question.grant, exchange.request_id)
        except RegistryError as error:
            return await self._failed(exchange, question, error, registry, timing.detail())
        detail = timing.detail()
        disclosure = wish.disclose(question.grant, answer)
        body = _answer_body(question, disclosure)
        receipt = await record_answer(
            self._evidence,
            question,
            body,
            outcome=disclosure.outcome,
            disclosed=disclosure.disclosed,
            person_id=answer.person_id,
            detail=detail,
        )
        return Reply(200, body, receipt=receipt)

    async def _recorded(
        self, exchange: Exchange, spec: ServiceSpec, mode: str, wish: Wish
    ) -> tuple[Question, Registry]:
        caller = exchange.caller
        if caller is None:
            raise AssertionError("asking needs an authenticated exchange")
        admitted = False
        for _ in range(_GRANT_ATTEMPTS):
            snapshot = self._live.snapshot
            if spec.name not in snapshot.services:  # withdrawn while the question waited
                raise Refusal("not-found", "service")
            registry = self._registries.get(spec.registry)
            dossier = wish.purpose.dossier
            facts = await self._facts(snapshot, caller.client.client, spec, wish.subject, dossier)
            grant = find_grant(
                caller,
                spec,
                wish.subject,
                wish.purpose,
                wish.fields,
                snapshot=snapshot,
                today=local_day(exchange.at),
                dossier=facts,
                pointers=wish.pointers,
            )
            person = person_key(wish.subject.id_type, wish.subject.id)
            admitted = admitted or self._guard.admits(caller.client.client, wish.purpose.officer.id, person)
            if not admitted:
                raise Refusal("rate-limited", "enumeration", retry_after=self._guard.window_s)
            if not registry.admits():
                raise Refusal("registry-unavailable", "breaker-open", retry_after=registry.retry_after_s)
            try:
                question = await record_question(
                    self._evidence,
                    exchange,
                    caller,
                    grant,
                    mode=mode,
                    deadline_s=registry.deadline_s,
                    guess_limit=self._guess_limit,
                )
            except Stale:
                await self._live.refresh()
                self._live.still_known(caller, exchange.at)
            else:
                return question, registry
        raise Refusal("evidence-unavailable", "configuration-moves", retry_after=1)

    async def _failed(
        self, exchange: Exchange, question: Question, error: RegistryError, registry: Registry, detail: dict[str, Any]
    ) -> Reply:
        """Record that a registry gave no usable answer, and tell it as a problem, never as "no match"."""
        retry_after = registry.retry_after_s if error.code == "registry-unavailable" else None
        reply = self._problem(exchange, Refusal(error.code, error.reason, retry_after=retry_after))
        receipt = await record_answer(
            self._evidence, question, reply.body, outcome=error.code, reason=error.reason, detail=detail
        )
        return Reply(reply.status, reply.body, reply.content_type, receipt, reply.headers)


def _parsed(exchange: Exchange, spec: ServiceSpec, parse: Parse) -> Wish:
    """Step 3. What is known of the request goes into the exchange's context for a later refusal."""
    try:
        wish = parse(loads(exchange.body), spec)
    except JsonRefused as error:
        raise Refusal("request-malformed", error.reason, detail=error.detail) from error
    except SchemaError as error:
        raise Refusal("request-invalid", "schema", errors=error.errors) from error
    purpose = wish.purpose
    exchange.context.update(
        procedure=purpose.procedure,
        dossier=purpose.dossier,
        component=purpose.component,
        legal_basis=purpose.legal_basis,
        unit=purpose.officer.unit,
        officer=purpose.officer.id,
        subject=(wish.subject.id_type, wish.subject.id),
        fields=tuple([name for name in wish.fields if name in spec.fields]),
    )
    return wish


def _answer_body(question: Question, disclosure: Disclosure) -> bytes:
    spec = question.grant.service
    head: Mapping[str, Any] = {
        "lookup_id": question.recorded.entry_id,
        "registry": spec.registry,
        "service": spec.service,
    }
    return orjson.dumps({**head, **disclosure.body, "answered_at": _now()})


def _now() -> str:
    return timestamp(datetime.now(UTC))
