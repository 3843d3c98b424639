"""The line a look-up walks: nothing is asked before its question is durable, nothing told before its answer is."""

import asyncio
from functools import partial
from hashlib import sha256

import orjson
import pytest

from adapters.contract import RegistryAnswer, RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable
from gateway.evidence.contract import EvidenceUnavailable, Loss
from gateway.flow import lookup, verification
from gateway.flow.asking import Asking
from gateway.flow.enumeration import EnumerationGuard
from gateway.flow.recording import record_refusal
from gateway.refusals import Refusal
from gateway.registries.pool import RegistryPool
from gateway.web.problems import ProblemWriter
from schemas.services import CATALOGUE
from signing.fields import parse_dictionary

SPEC = CATALOGUE["population/person"]
PROBLEMS = ProblemWriter("https://gateway.test")


class Line:
    """One asking with its log, its registry and its configuration at hand."""

    def __init__(self, kit, live, evidence, pool, limit):
        self.kit, self.live, self.evidence = kit, live, evidence
        self.pool = pool
        self.alerts = []
        self.asking = Asking(
            live=live,
            registries=pool,
            evidence=evidence,
            guard=EnumerationGuard(limit, on_refusal=self.alerts.append),
            guess_limit=10,
            problem=lambda exchange, refusal: PROBLEMS.write(exchange.request_id, refusal),
        )

    def exchange(self, body=None, **changes):
        """Return an authenticated exchange; `changes` replace members of the example."""
        value = {**orjson.loads(self.kit.signed()[1]), **changes}
        return self.kit.exchange(self.live.snapshot, body=orjson.dumps(value) if body is None else body)

    async def ask(self, exchange=None, **changes):
        """Walk the line with a look-up."""
        return await self.asking.answer(exchange or self.exchange(**changes), SPEC, "lookup", lookup.parse)


@pytest.fixture
async def line(kit, live, memory_evidence, scripted, answer_found, tmp_path):
    """Make the line; its adapter answers about the example's person until told otherwise."""
    adapter = scripted(answer_found())
    pool = RegistryPool(tmp_path, lambda *_: None, lambda *_: adapter)
    await pool.load(live.snapshot)
    made = Line(kit, live, memory_evidence, pool, 150)
    made.adapter = adapter
    return made


async def test_a_found_person_leaves_a_question_and_an_answer(line):
    """Two entries, in order, and a body that says what was asked and no more."""
    reply = await line.ask()
    body = orjson.loads(reply.body)
    assert reply.status == 200
    assert (body["lookup_id"], body["registry"], body["service"]) == ("entry-0000", "population", "person")
    assert body["data"] == {"full_name": "NGUYỄN THỊ THỬ", "birth_date": "1991-05-02"}
    asked, answered = line.evidence.entries
    assert line.evidence.kinds() == ["asked", "answered"]
    assert (asked.service, asked.fields, asked.mode) == ("population/person", ("full_name", "birth_date"), "lookup")
    assert (asked.officer, asked.unit, asked.dossier) == ("099085000009", "H99.01", "H99.01-261121-0001")
    assert (answered.question, answered.outcome, answered.person_id) == ("entry-0000", "found", "099191000001")
    assert answered.nonce is None
    assert answered.give_back == asked.reserve


async def test_the_question_is_durable_before_the_registry_is_asked(line):
    """When the adapter is called, the log already holds the question and nothing else."""
    seen = []

    async def look():
        seen.append(line.evidence.kinds())
        return RegistryAnswer(found=False)

    line.adapter.script = [look]
    await line.ask()
    assert seen == [["asked"]]


async def test_the_receipt_commits_to_the_very_body(line):
    """SHA-256(salt ‖ SHA-256(body)) is what the log keeps and the receipt shows."""
    reply = await line.ask()
    receipt = {name: member.value.value for name, member in parse_dictionary(reply.receipt).items()}
    assert (receipt["log"], receipt["slot"], receipt["index"]) == ("log.test", 0, 1)
    assert len(receipt["salt"]) == 16
    assert receipt["commitment"] == sha256(receipt["salt"] + sha256(reply.body).digest()).digest()
    assert line.evidence.entries[1].commitment == receipt["commitment"]


async def test_the_log_cannot_be_denied(line):
    """The question keeps, sealed, the signature base and the signature; the answer its digest."""
    exchange = line.exchange()
    await line.ask(exchange)
    asked, answered = line.evidence.entries
    assert asked.sealed["signature_base"] == exchange.caller.proof.base.decode()
    assert asked.sealed["subject"]["full_name"] == "NGUYỄN THỊ THỬ"
    assert asked.sealed["officer"] == {"id": "099085000009", "name": "Trần Văn Cán"}
    assert set(answered.sealed) == {"body_digest", "salt"}


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (RegistryTimeout("deadline"), 504, None),
        (RegistryFault("soap-fault"), 502, None),
        (RegistryInvalid("schema-drift"), 502, None),
        (RegistryUnavailable("reset"), 503, "2"),
    ],
)
async def test_a_failing_registry_is_a_problem_and_never_a_no_match(line, error, status, retry):
    """The answer's entry says which failure it was; the caller gets a problem with a receipt and no data."""
    line.adapter.script = [error]
    reply = await line.ask()
    assert (reply.status, reply.content_type) == (status, "application/problem+json")
    assert orjson.loads(reply.body)["code"] == error.code
    assert error.reason not in reply.body.decode()
    assert dict(reply.headers).get("Retry-After") == retry
    assert reply.receipt is not None
    answered = line.evidence.entries[1]
    assert (answered.outcome, answered.reason, answered.fields) == (error.code, error.reason, ())
    assert answered.give_back is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fields": ["religion"]}, "field-not-granted"),
        ({"fields": []}, "request-invalid"),
        ({"surprise": 1}, "request-invalid"),
    ],
)
async def test_a_refused_request_asks_nobody(line, changes, code):
    """No question is recorded and the registry is left alone."""
    with pytest.raises(Refusal) as refused:
        await line.ask(**changes)
    assert refused.value.code == code
    assert line.adapter.calls == []
    assert line.evidence.entries == []


async def test_broken_json_is_malformed(line):
    """A duplicated member is told as malformed, before any schema."""
    with pytest.raises(Refusal) as refused:
        await line.ask(line.exchange(body=b'{"fields":[],"fields":[]}'))
    assert (refused.value.code, refused.value.reason) == ("request-malformed", "duplicate-member")


async def test_a_refusal_keeps_what_was_known(line):
    """The refusal's entry names service, officer, subject and known fields, and nothing unknown."""
    exchange = line.exchange(fields=["religion", "no_such_field"])
    with pytest.raises(Refusal) as refused:
        await line.ask(exchange)
    await record_refusal(line.evidence, exchange, refused.value)
    (entry,) = line.evidence.entries
    assert (entry.service, entry.fields, entry.outcome) == ("population/person", ("religion",), "field-not-granted")
    assert (entry.subject, entry.officer) == (("personal_id", "099191000001"), "099085000009")


@pytest.mark.parametrize(
    ("loss", "code"),
    [
        (Loss.REPLAYED, "signature-replayed"),
        (Loss.EXPIRED, "signature-expired"),
        (Loss.QUOTA, "quota-exceeded"),
        (Loss.GUESSED, "verification-limit"),
    ],
)
async def test_a_lost_reservation_asks_nobody(line, loss, code):
    """Replays, quotas and guesses are refused by the log itself, before the registry is asked."""
    line.evidence.losses = [loss]
    with pytest.raises(Refusal) as refused:
        await line.ask()
    assert refused.value.code == code
    assert line.adapter.calls == []
    if loss in {Loss.QUOTA, Loss.GUESSED}:
        assert 0 < refused.value.retry_after <= 86_400


async def test_a_log_that_is_down_asks_nobody(line):
    """Fail closed: without a question there is no call."""
    line.evidence.down = True
    with pytest.raises(EvidenceUnavailable):
        await line.ask()
    assert line.adapter.calls == []


async def test_a_log_that_goes_down_before_the_answer_tells_nothing(line):
    """What the registry said is not told when its entry cannot be written."""

    async def fall():
        line.evidence.down = True
        return RegistryAnswer(found=False)

    line.adapter.script = [fall]
    with pytest.raises(EvidenceUnavailable):
        await line.ask()
    assert line.evidence.kinds() == ["asked"]


async def test_a_stale_grant_is_granted_again(line, configured, kit):
    """Where the configuration moved, the request is judged by the new one."""
    exchange = line.exchange()
    line.evidence.losses = [Loss.STALE]
    configured.apply(kit.documents({"daily_quota": 5}))
    assert (await line.ask(exchange)).status == 200
    assert line.evidence.entries[0].config_version == 2
    assert line.evidence.entries[0].reserve.quota_limit == 5


async def test_a_stale_grant_that_is_no_longer_given_is_refused(line, configured, kit):
    """A field that was withdrawn meanwhile is refused, and nobody is asked."""
    exchange = line.exchange()
    line.evidence.losses = [Loss.STALE]
    configured.apply(kit.documents({"fields": ["sex"]}))
    with pytest.raises(Refusal) as refused:
        await line.ask(exchange)
    assert refused.value.code == "field-not-granted"
    assert line.adapter.calls == []


async def test_a_stale_grant_of_a_revoked_key_is_refused(line, configured, kit):
    """A key withdrawn meanwhile ends the request as an invalid signature."""
    exchange = line.exchange()
    line.evidence.losses = [Loss.STALE]
    configured.apply(kit.documents(**{"clients/H99.test.toml": kit.client_file(suspended=True)}))
    with pytest.raises(Refusal) as refused:
        await line.ask(exchange)
    assert refused.value.code == "signature-invalid"


async def test_a_service_that_was_withdrawn_meanwhile_is_not_found(line, configured, kit):
    """A registry that left the configuration is asked no more."""
    exchange = line.exchange()
    line.evidence.losses = [Loss.STALE]
    documents = kit.documents()
    documents["registries/tax.toml"] = documents.pop("registries/population.toml").replace("population", "tax")
    configured.apply(documents)
    with pytest.raises(Refusal) as refused:
        await line.ask(exchange)
    assert refused.value.code == "not-found"
    assert line.adapter.calls == []


async def test_a_configuration_that_never_settles_ends_as_unavailable(line):
    """After a few rounds the request is given up, not turned in circles."""
    line.evidence.losses = [Loss.STALE] * 5
    with pytest.raises(Refusal) as refused:
        await line.ask()
    assert (refused.value.code, refused.value.retry_after) == ("evidence-unavailable", 1)
    assert line.adapter.calls == []


async def test_an_open_breaker_asks_nobody_and_reserves_nothing(line):
    """Fail fast: no question, no quota, no guess is spent on a registry that is not asked."""
    line.adapter.script = [RegistryFault("fault")]
    for _ in range(20):
        await line.ask()
    entries = len(line.evidence.entries)
    with pytest.raises(Refusal) as refused:
        await line.ask()
    assert (refused.value.code, refused.value.retry_after) == ("registry-unavailable", 2)
    assert len(line.evidence.entries) == entries
    assert len(line.adapter.calls) == 20


async def test_walking_through_numbers_is_refused(line):
    """An officer who asks for number after number gets 429, and the registry is left alone."""
    subject = orjson.loads(line.kit.signed()[1])["subject"]

    async def walk():
        for number in range(200):
            await line.ask(subject={**subject, "id": f"099191{number:06d}"})

    with pytest.raises(Refusal) as refused:
        await walk()
    assert (refused.value.code, refused.value.reason) == ("rate-limited", "enumeration")
    assert len(line.adapter.calls) < 200
    assert line.alerts == ["H99.test"]


async def test_a_regrant_counts_once_for_the_guard(line, configured, kit):
    """A configuration that moves does not make one look-up look like several."""
    line.asking._guard = EnumerationGuard(1, on_refusal=line.alerts.append)
    subject = orjson.loads(kit.signed()[1])["subject"]
    await line.ask(subject={**subject, "id": "099191000010"})
    line.evidence.losses = [Loss.STALE]
    configured.apply(kit.documents())
    assert (await line.ask(subject={**subject, "id": "099191000011"})).status == 200
    assert line.alerts == []


async def test_an_error_after_the_question_is_told_as_internal_and_not_as_a_replay(line):
    """The question spent the nonce itself: the refusal that follows must not mistake that for a replay."""
    exchange = line.exchange()
    line.adapter.script = [KeyError("bug")]
    with pytest.raises(KeyError):
        await line.ask(exchange)
    told = await record_refusal(line.evidence, exchange, Refusal("internal", "KeyError"))
    assert told.code == "internal"
    assert line.evidence.kinds() == ["asked", "refused"]


async def test_a_refusal_of_a_replay_is_told_as_a_replay(line):
    """A spent nonce turns any refusal into `signature-replayed`, in one entry."""
    exchange = line.exchange()
    await line.ask(exchange)
    exchange.nonce_spent = False  # the same bytes, arriving a second time
    told = await record_refusal(line.evidence, exchange, Refusal("request-invalid", "schema"))
    assert told.code == "signature-replayed"
    assert line.evidence.kinds() == ["asked", "answered", "refused"]
    assert line.evidence.entries[-1].outcome == "signature-replayed"


async def test_fifty_copies_at_once_are_answered_once(line):
    """The same bytes fifty times together: one answer, forty-nine replays, one call."""
    exchange = line.exchange()
    copies = [line.kit.exchange(None, now=exchange.at) for _ in range(50)]
    for copy in copies:
        copy.caller, copy.body = exchange.caller, exchange.body
    ends = await asyncio.gather(*(line.ask(copy) for copy in copies), return_exceptions=True)
    assert sum(not isinstance(end, Refusal) for end in ends) == 1
    assert {end.code for end in ends if isinstance(end, Refusal)} == {"signature-replayed"}
    assert len(line.adapter.calls) == 1


async def test_a_verification_walks_the_same_line(line):
    """A verdict in place of values, and an outcome that gives the guess back only for a match."""
    ask = partial(line.asking.answer, spec=SPEC, mode="verification", parse=verification.parse)
    for claimed, verdict in (("NGUYỄN THỊ THỬ", "match"), ("NGUYỄN THỊ KHÁC", "mismatch")):
        value = orjson.loads(line.kit.signed()[1])
        del value["fields"]
        value["claims"] = {"full_name": claimed}
        reply = await ask(line.kit.exchange(line.live.snapshot, body=orjson.dumps(value)))
        assert orjson.loads(reply.body)["verdict"] == verdict
        assert (line.evidence.entries[-1].give_back is not None) == (verdict == "match")
