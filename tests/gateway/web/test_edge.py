"""The edge: which error wins, one entry for each refusal, and a signature on every answer under /v1."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from adapters.contract import RegistryTimeout
from gateway.addresses import Proxies
from signing.errors import SignatureError
from signing.message import Request

LOOKUP = "/v1/lookups/population/person"


def _code(answer):
    return orjson.loads(answer.body)["code"]


def _plain(method, target, *headers, host="gateway.test"):
    return Request(method, "https", "gateway.test", target, [("host", host), *headers])


def _forwarded(request, value):
    """Return the request with a line that no signature covers."""
    lines = [*request.headers, ("x-forwarded-for", value)]
    return Request(request.method, request.scheme, request.authority, request.target, lines)


JSON = ("content-type", "application/json")


async def test_a_look_up_is_answered_signed_and_with_a_receipt(gateway):
    """A signed question gets a signed answer that covers its receipt."""
    answer, request = await gateway.ask()
    assert (answer.status, answer.get("content-type")) == (200, "application/json")
    verified = gateway.verify(answer, request)
    assert '"lienthong-receipt"' in verified.components
    assert '"signature";req;key="lienthong"' in verified.components
    assert answer.get("x-request-id") == gateway.evidence.entries[0].request_id
    assert answer.get("server") == "lienthong"
    assert gateway.evidence.kinds() == ["asked", "answered"]
    assert gateway.counted("lienthong_requests_total", route="lookup", status="200") == 1


async def test_an_answer_cannot_be_altered_or_moved(gateway):
    """One changed byte, one changed header, another question: the signature does not hold (THREATS A10)."""
    answer, request = await gateway.ask()
    other, _ = await gateway.ask()
    gateway.verify(answer, request)
    for changed in (
        type(answer)(answer.status, answer.headers, answer.body + b" "),
        type(answer)(404, answer.headers, answer.body),
        type(answer)(
            answer.status,
            [(n, v.replace("0", "1") if n == "lienthong-receipt" else v) for n, v in answer.headers],
            answer.body,
        ),
        other,
    ):
        with pytest.raises(SignatureError):
            gateway.verify(changed, request)


def _late(gateway, **options):
    return gateway.kit.signed(now=datetime.now(UTC) - timedelta(seconds=400), **options)


@pytest.mark.parametrize(
    ("request_", "body", "status", "code"),
    [
        # each request has every later fault as well: unsigned, of another type, too long, of another method …
        (_plain("PUT", "/v1/../nope", host="evil.test"), b"x", 400, "request-malformed"),
        (_plain("PUT", "/v1/nope", host="evil.test"), b"x", 400, "request-malformed"),
        (_plain("PUT", "/v1/nope?a=%41"), b"x", 400, "request-malformed"),
        (_plain("PUT", "/v1/nope"), b"x", 404, "not-found"),
        (_plain("PUT", "/v1/lookups/population/nope"), b"x", 404, "not-found"),
        (_plain("PUT", LOOKUP), b"x" * (1 << 20) + b"x", 405, "method-not-allowed"),
        (_plain("POST", LOOKUP), b"x" * (1 << 20) + b"x", 413, "payload-too-large"),
        (_plain("POST", LOOKUP), b"x", 415, "unsupported-media-type"),
        (_plain("POST", LOOKUP, JSON), b"x", 401, "signature-missing"),
    ],
)
async def test_which_error_wins(gateway, request_, body, status, code):
    """Target, path, method, size, type, signature: the first fault in this order is the one told."""
    answer = await gateway.send(request_, body)
    assert (answer.status, _code(answer)) == (status, code)
    (entry,) = gateway.evidence.entries
    assert (entry.kind, entry.outcome, entry.client) == ("refused", code, None)
    assert gateway.adapter.calls == []


async def test_which_error_wins_behind_the_signature(gateway):
    """Expiry, digest, JSON, schema, agreement: again in order, each in one entry."""
    broken, granted = b'{"a":1,"a":2}', orjson.loads(gateway.kit.signed()[1])
    late, body = _late(gateway)
    schema = orjson.dumps({**granted, "fields": []})
    beyond = orjson.dumps({**granted, "fields": ["religion"]})
    cases = [
        (*gateway.kit.signed(keyid="unknown-1", now=datetime.now(UTC) - timedelta(seconds=400)), "signature-invalid"),
        (late, body + b" ", "signature-expired"),
        (gateway.kit.signed()[0], broken, "digest-mismatch"),
        (*gateway.kit.signed(body=broken), "request-malformed"),
        (*gateway.kit.signed(body=schema), "request-invalid"),
        (*gateway.kit.signed(body=beyond), "field-not-granted"),
    ]
    for request, content, code in cases:
        before = len(gateway.evidence.entries)
        answer = await gateway.send(request, content)
        assert _code(answer) == code
        gateway.verify(answer, request)
        assert [entry.outcome for entry in gateway.evidence.entries[before:]] == [code]
    assert gateway.adapter.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("signature", "lienthong=:AAAA:")],
        [("signature-input", 'lienthong=("@method");created=1;nonce="0123456789abcdef";keyid="x"')],
        [("signature", "garbage((("), ("signature-input", "]]]")],
    ],
)
async def test_refusals_of_strangers_are_signed_too(gateway, headers):
    """An answer to an unsigned request is bound to its method and target all the same."""
    request = _plain("POST", LOOKUP, JSON, *headers)
    answer = await gateway.send(request, b"{}")
    assert answer.status in {400, 401}
    gateway.verify(answer, request)


@pytest.mark.parametrize("target", ["/v1/../v1/registries", "/v1/nope?a=%41", "/v1/a;b"])
async def test_refusals_of_odd_targets_are_bound_to_the_whole_request(gateway, target):
    """Digest and signature of the refused request are covered too: the answer cannot be moved to another one."""
    request, body = gateway.kit.signed(target=target)
    verified = gateway.verify(await gateway.send(request, body), request)
    assert '"content-digest";req' in verified.components
    assert '"signature";req;key="lienthong"' in verified.components


async def test_too_many_headers_are_told_in_a_bound_answer(gateway):
    """431 is signed and bound where the parser let the request through."""
    answer, request = await gateway.ask(extra=[(f"x-{number}", "a" * 3000) for number in range(12)])
    assert (answer.status, _code(answer)) == (431, "headers-too-large")
    gateway.verify(answer, request)


async def test_a_replay_is_told_whatever_else_is_wrong(gateway):
    """The same bytes again are `signature-replayed`, for reads, refused requests and look-ups alike."""
    granted = orjson.loads(gateway.kit.signed()[1])
    beyond = orjson.dumps({**granted, "fields": ["religion"]})
    for request, body in (
        gateway.kit.signed(),
        gateway.kit.signed(body=beyond),
        gateway.kit.signed("GET", "/v1/registries"),
    ):
        first = await gateway.send(request, body)
        again = await gateway.send(request, body)
        assert first.status != 401
        assert (again.status, _code(again)) == (401, "signature-replayed")
        gateway.verify(again, request)
        assert gateway.evidence.entries[-1].outcome == "signature-replayed"
    assert len(gateway.adapter.calls) == 1


async def test_what_is_signed_but_expired_or_altered_spends_its_nonce(gateway):
    """One entry of the client's, and the nonce is gone: for the right bytes too, and for a later signature."""
    nonce = "n" * 16
    late, body = _late(gateway, nonce=nonce)
    assert _code(await gateway.send(late, body)) == "signature-expired"
    again, body = gateway.kit.signed(nonce=nonce)
    assert _code(await gateway.send(again, body)) == "signature-replayed"
    request, body = gateway.kit.signed()
    assert _code(await gateway.send(request, body + b" ")) == "digest-mismatch"
    assert _code(await gateway.send(request, body)) == "signature-replayed"
    outcomes = ["signature-expired", "signature-replayed", "digest-mismatch", "signature-replayed"]
    assert [(entry.outcome, entry.client) for entry in gateway.evidence.entries] == [
        (outcome, "H99.test") for outcome in outcomes
    ]
    assert gateway.adapter.calls == []


async def test_a_far_time_is_remembered_from_now_on(gateway):
    """Whatever `created` says, an expired signature's nonce never moves the floor under which nonces are forgotten."""
    ahead, body = gateway.kit.signed(now=datetime.now(UTC) + timedelta(days=9999))
    assert _code(await gateway.send(ahead, body)) == "signature-expired"
    (entry,) = gateway.evidence.entries
    assert abs(entry.nonce.created - datetime.now(UTC).timestamp()) < 60


async def test_entries_tell_where_a_request_came_from(gateway):
    """The connection's own address: a header that a stranger wrote decides nothing."""
    request, body = gateway.kit.signed()
    request = _forwarded(request, "192.0.2.7")
    assert (await gateway.send(request, body)).status == 200
    assert _code(await gateway.send(request, body)) == "signature-replayed"
    await gateway.send(_plain("GET", "/v1/registries", ("x-forwarded-for", "192.0.2.7")))
    assert [entry.address for entry in gateway.evidence.entries] == ["127.0.0.1"] * 4


async def test_entries_tell_what_a_proxy_of_ours_says(gateway):
    """A proxy that the settings name appends whom it heard."""
    gateway.edge._proxies = Proxies(("127.0.0.1",))
    request, body = gateway.kit.signed()
    request = _forwarded(request, "198.51.100.1, 192.0.2.7")
    assert (await gateway.send(request, body)).status == 200
    assert [entry.address for entry in gateway.evidence.entries] == ["192.0.2.7"] * 2


async def test_copies_of_an_expired_request_are_a_strangers(gateway):
    """Anybody may send a copy, so copies keep their answer and are recorded as floods are: bounded by address."""
    late, body = _late(gateway)
    for _ in range(3):
        assert _code(await gateway.send(late, body)) == "signature-expired"
    first, *copies = gateway.evidence.entries
    assert (first.nonce is not None, [copy.nonce for copy in copies]) == (True, [None, None])
    assert {entry.outcome for entry in gateway.evidence.entries} == {"signature-expired"}


async def test_free_reads_spend_a_nonce_and_write_no_entry(gateway):
    """The catalogue leaves no entry when it succeeds, one when it is refused."""
    answer, request = await gateway.ask(method="GET", target="/v1/registries")
    assert answer.status == 200
    gateway.verify(answer, request)
    (row,) = orjson.loads(answer.body)["registries"]
    assert (row["registry"], row["service"], row["requires"]) == ("population", "person", [])
    assert gateway.evidence.entries == []
    assert len(gateway.evidence.spent) == 1


async def test_a_log_that_cannot_be_written_is_503_everywhere(gateway):
    """Strangers, callers, reads and look-ups: nothing is told while nothing can be recorded."""
    gateway.evidence.down = True
    beyond = orjson.dumps({**orjson.loads(gateway.kit.signed()[1]), "fields": ["religion"]})
    for request, body in (
        (_plain("POST", LOOKUP, JSON), b"{}"),
        (_plain("PUT", "/v1/nope"), b""),
        gateway.kit.signed(),
        gateway.kit.signed(body=beyond),
        gateway.kit.signed("GET", "/v1/registries"),
        gateway.kit.signed(keyid="unknown-1"),
    ):
        answer = await gateway.send(request, body)
        assert (answer.status, _code(answer), answer.get("retry-after")) == (503, "evidence-unavailable", "1")
        gateway.verify(answer, request)
    assert gateway.adapter.calls == []
    assert gateway.counted("lienthong_refusals_total", route="lookup", code="evidence-unavailable") == 4


async def test_an_internal_error_is_told_without_a_word(gateway, caplog, capfd):
    """500, signed, one entry; neither the answer nor the technical log holds what the error held."""
    with caplog.at_level(logging.DEBUG):
        answer, request = await gateway.ask(method="GET", target="/v1/broken")
    assert (answer.status, _code(answer)) == (500, "internal")
    gateway.verify(answer, request)
    (entry,) = gateway.evidence.entries
    assert (entry.outcome, entry.reason) == ("internal", "LookupError")
    written = capfd.readouterr()
    assert "099191000001" not in answer.body.decode() + caplog.text + written.out + written.err


async def test_a_registry_that_fails_is_a_signed_problem_with_a_receipt(gateway):
    """The caller can prove that it was told of the failure."""
    gateway.adapter.script = [RegistryTimeout("deadline")]
    answer, request = await gateway.ask()
    assert (answer.status, _code(answer)) == (504, "registry-timeout")
    assert '"lienthong-receipt"' in gateway.verify(answer, request).components


async def test_beyond_its_capacity_the_gateway_says_so_at_once(gateway):
    """The ninth request at a time is refused within a moment, the eight are answered."""
    release, full = asyncio.Event(), asyncio.Event()
    answer = gateway.adapter.script[0]

    async def wait():
        if len(gateway.adapter.calls) == 8:
            full.set()
        await release.wait()
        return answer

    gateway.adapter.script = [wait]
    eight = [asyncio.create_task(gateway.ask()) for _ in range(8)]
    await asyncio.wait_for(full.wait(), 3.0)
    begun = asyncio.get_running_loop().time()
    refused, request = await gateway.ask()
    assert asyncio.get_running_loop().time() - begun < 0.1
    assert (refused.status, _code(refused), refused.get("retry-after")) == (429, "rate-limited", "1")
    gateway.verify(refused, request)
    release.set()
    assert [answer.status for answer, _ in await asyncio.gather(*eight)] == [200] * 8
    assert (await gateway.ask())[0].status == 200


async def test_a_draining_gateway_sends_its_clients_elsewhere(gateway):
    """What is asked is answered, and the connection ends."""
    gateway.edge.draining = True
    answer, _ = await gateway.ask()
    assert (answer.status, answer.get("connection")) == (200, "close")


async def test_public_pages_are_neither_signed_nor_recorded(gateway):
    """What anybody may read leaves no entry; what is not there neither."""
    page = await gateway.send(_plain("GET", "/docs"))
    assert (page.status, page.get("signature")) == (200, None)
    missing = await gateway.send(_plain("GET", "/problems/nope"))
    assert (missing.status, _code(missing)) == (404, "not-found")
    assert gateway.evidence.entries == []


async def test_answers_hold_nothing_that_was_sent(gateway):
    """Paths, hosts, header values and bodies never come back, not even escaped (THREATS B14)."""
    marker = "zq7marker"
    requests = [
        (_plain("GET", f"/v1/{marker}"), b""),
        (_plain("GET", f"/{marker}"), b""),
        (_plain("GET", f"/v1/registries?{marker}"), b""),
        (_plain("GET", "/v1/registries", host=f"{marker}.test"), b""),
        (_plain("POST", LOOKUP, JSON, ("signature", marker), ("signature-input", marker)), marker.encode()),
        gateway.kit.signed(keyid=marker),
        gateway.kit.signed(body=b'{"%s": 1}' % marker.encode()),
        gateway.kit.signed(body=b"[%s" % marker.encode()),
    ]
    for request, body in requests:
        answer = await gateway.send(request, body)
        assert answer.status >= 400
        headers = [header for header in answer.headers if header[0] != "signature-input"]  # names the caller's label
        assert marker not in answer.body.decode() + str(headers)


async def test_a_flood_of_strangers_is_counted_and_not_written_out(gateway):
    """Beyond its share an address gets no entry of its own, but every request its answer."""
    gateway.strangers._monotonic = lambda: 1.0
    answers = [await gateway.send(_plain("POST", LOOKUP, JSON), b"{}") for _ in range(30)]
    assert {_code(answer) for answer in answers} == {"signature-missing"}
    assert len(gateway.evidence.entries) == 20
    await gateway.strangers.aggregate()
    assert gateway.evidence.entries[-1].detail["count"] == 10
