"""The client: it signs every request afresh and believes no answer that does not verify."""

import asyncio

import pytest

from gateway.client import (
    Client,
    ClientError,
    GatewayFailed,
    PolicyRefused,
    Refused,
    RegistryFailed,
    RequestRefused,
    SyncClient,
    Unknown,
)
from signing.keys import Algorithm, SigningKey, jwks

SUBJECT = {"id_type": "personal_id", "id": "099191000001", "full_name": "NGUYỄN THỊ THỬ", "birth_date": "1991-05-02"}
PURPOSE = {"procedure": "9.999901"}


async def test_a_lookup_is_signed_and_its_answer_verified(gateway):
    """The request carries a digest and a signature that the gateway accepts; the answer has a checked receipt."""
    async with Client(gateway.url, gateway.identity) as client:
        answer = await client.lookup("population/person", SUBJECT, PURPOSE, ["full_name"])
    request, body, verified = gateway.requests[0]
    assert request.target == "/v1/lookups/population/person"
    assert b"099191000001" in body
    assert verified.components == ('"@method"', '"@target-uri"', '"content-digest"')
    assert (answer.value, answer.request_id) == ({"outcome": "found"}, "req-1")
    assert (answer.receipt.log, answer.receipt.slot, answer.receipt.index) == ("log.test/0", 0, 7)


async def test_a_verification_sends_claims(gateway):
    """`verify_identity` asks the verifications route with claims in place of fields."""
    async with Client(gateway.url, gateway.identity) as client:
        await client.verify_identity("population/person", SUBJECT, PURPOSE, {"sex": "female"})
    request, body, _ = gateway.requests[0]
    assert request.target == "/v1/verifications/population/person"
    assert b'"claims":{"sex":"female"}' in body


async def test_every_request_has_its_own_nonce_and_keys_are_fetched_once(gateway):
    """Two calls are two nonces, and the trust on first use happens once."""
    async with Client(gateway.url, gateway.identity) as client:
        await client.request("GET", "/v1/registries")
        await client.request("GET", "/v1/reuse?from=2026-01-01&to=2026-02-01")
    assert len({verified.nonce for _, _, verified in gateway.requests}) == 2
    assert gateway.requests[1][0].target == "/v1/reuse?from=2026-01-01&to=2026-02-01"
    assert gateway.jwks_fetched == 1


async def test_given_keys_are_not_fetched(gateway):
    """With `jwks` nothing is taken on trust: an answer by another key is unknown."""
    mine = jwks([gateway.key.public_key()])
    async with Client(gateway.url, gateway.identity, jwks=mine) as client:
        await client.request("GET", "/v1/registries")
    other = jwks([SigningKey.generate(Algorithm.ED25519, "gw-1").public_key()])
    async with Client(gateway.url, gateway.identity, jwks=other) as client:
        with pytest.raises(Unknown) as caught:
            await client.request("GET", "/v1/registries")
    assert caught.value.reason == "bad-signature"
    assert gateway.jwks_fetched == 0


def unsigned(headers, content):
    """Take the signature off."""
    del headers["signature"]
    return content


def altered(_, content):
    """Change the content under the signature."""
    return content.replace(b"found", b"lost!")


def another_status(headers, content):
    """Drop the digest's cover by sending another one."""
    headers["content-digest"] = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
    return content


def moved_receipt(headers, content):
    """Put in a receipt after signing."""
    headers["lienthong-receipt"] = headers["lienthong-receipt"].replace("index=7", "index=8")
    return content


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (unsigned, "unsigned"),
        (altered, "bad-signature"),
        (another_status, "bad-signature"),
        (moved_receipt, "bad-signature"),
    ],
)
async def test_a_tampered_answer_is_unknown(gateway, change, reason):
    """Whatever was changed after signing, the answer is not believed."""

    def after(headers, content):
        return change(headers, content)

    gateway.tamper = after
    async with Client(gateway.url, gateway.identity) as client:
        with pytest.raises(Unknown) as caught:
            await client.request("GET", "/v1/registries")
    assert caught.value.reason == reason


def swap_salt(text):
    """Give the receipt another salt."""
    begin = text.index("salt=:") + 6
    return text[:begin] + ("B" if text[begin] != "B" else "C") + text[begin + 1 :]


@pytest.mark.parametrize(
    "change",
    [swap_salt, lambda _: "log=1", lambda _: "((", lambda text: text.replace("index=7", "index=-7")],
    ids=["another salt", "members missing", "unparsable", "negative index"],
)
async def test_a_signed_but_wrong_receipt_is_unknown(gateway, change):
    """A receipt that does not commit to the content is not accepted, even under a good signature."""

    def before(headers, content):
        headers["lienthong-receipt"] = change(headers["lienthong-receipt"])
        return content

    gateway.tamper = before
    async with Client(gateway.url, gateway.identity) as client:
        with pytest.raises(Unknown) as caught:
            await client.request("GET", "/v1/registries")
    assert caught.value.reason == "bad-receipt"


async def test_an_answer_to_another_question_is_unknown(gateway):
    """An answer recorded for one request does not verify for the next."""
    async with Client(gateway.url, gateway.identity) as client:
        old = await client.exchange("GET", "/v1/registries")

        def after(headers, content):
            for name, value in old.response.headers:
                if name.lower() in {"signature", "signature-input", "content-digest", "lienthong-receipt"}:
                    headers[name.lower()] = value
            return content

        gateway.tamper = after
        with pytest.raises(Unknown) as caught:
            await client.request("GET", "/v1/registries")
    assert caught.value.reason == "bad-signature"


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        ("client", RequestRefused),
        ("policy", PolicyRefused),
        ("gateway", GatewayFailed),
        ("adapter", RegistryFailed),
        ("registry", RegistryFailed),
        ("another", Refused),
    ],
)
async def test_problems_become_typed_errors(gateway, layer, kind):
    """A signed problem document is an error of the layer that must act, with all it says."""
    gateway.status, gateway.content_type, gateway.receipt = 403, "application/problem+json", False
    gateway.headers = {"Retry-After": "3"}
    gateway.value = {
        "code": "field-not-granted",
        "layer": layer,
        "retryable": False,
        "title": "A field is not granted",
        "detail": "The agreement does not cover the field.",
        "suggested_action": "Ask for fewer fields.",
        "display_message": "Không được phép",
        "request_id": "r-1",
        "errors": [{"pointer": "/fields/0", "detail": "not granted"}],
    }
    async with Client(gateway.url, gateway.identity) as client:
        with pytest.raises(kind) as caught:
            await client.lookup("population/person", SUBJECT, PURPOSE, ["religion"])
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.problem.status, error.problem.retry_after) == ("field-not-granted", 403, 3)
    assert error.problem.errors == (("/fields/0", "not granted"),)
    assert error.problem.display_message == "Không được phép"
    assert "099191000001" not in str(error)


async def test_no_answer_is_unknown(gateway):
    """A gateway that cannot be reached leaves the outcome unknown."""
    await gateway.runner.cleanup()
    async with Client(gateway.url, gateway.identity, jwks=jwks([gateway.key.public_key()])) as client:
        with pytest.raises(Unknown) as caught:
            await client.request("GET", "/v1/registries")
    assert caught.value.reason == "no-answer"


async def test_a_late_answer_is_unknown(gateway):
    """An answer beyond the time allowed leaves the outcome unknown."""
    opened = []
    server = await asyncio.start_server(lambda _, writer: opened.append(writer), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Client(url, gateway.identity, jwks=jwks([gateway.key.public_key()]), timeout_s=0.2) as client:
        with pytest.raises(Unknown, match="no answer"):
            await client.request("GET", "/v1/registries")
    for writer in opened:
        writer.close()
        await writer.wait_closed()
    server.close()


def test_a_url_with_a_path_is_refused(tmp_path):
    """A gateway's URL is an origin: anything more is an error before anything is read or sent."""
    with pytest.raises(ClientError, match="scheme and a host"):
        Client("https://gateway.example/v1", tmp_path / "client.toml")


def test_the_synchronous_twin_does_the_same(threaded_gateway):
    """`SyncClient` asks, verifies and raises as the asynchronous client does."""
    with SyncClient(threaded_gateway.url, threaded_gateway.identity) as client:
        assert client.lookup("population/person", SUBJECT, PURPOSE, ["full_name"]).value == {"outcome": "found"}
        assert client.verify_identity("population/person", SUBJECT, PURPOSE, {"sex": "female"}).receipt is not None
        threaded_gateway.status = 403
        with pytest.raises(Refused):
            client.request("GET", "/v1/registries")
