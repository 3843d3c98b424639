"""The public keys that answers and checkpoints are verified with."""

import orjson

from gateway.web.wellknown import WellKnown
from signing.keys import Algorithm, SigningKey, parse_jwks


async def test_the_key_set_holds_present_and_former_keys():
    """`kid` is the keyid; a client that kept an old answer still finds its key."""
    keys = [SigningKey.generate(Algorithm.ED25519, name).public_key() for name in ("gw-2", "gw-1")]
    reply = await WellKnown(tuple(keys), "").keys(None, {})
    assert reply.content_type == "application/jwk-set+json"
    assert {name: key.to_pem() for name, key in parse_jwks(orjson.loads(reply.body)).items()} == {
        key.keyid: key.to_pem() for key in keys
    }
    assert b'"d"' not in reply.body


async def test_the_logs_verifier_key_is_one_line_of_text():
    """As C2SP signed notes write it."""
    reply = await WellKnown((), "log.test+abcd1234+AQID").verifier_key(None, {})
    assert (reply.body, reply.content_type) == (b"log.test+abcd1234+AQID\n", "text/plain; charset=utf-8")
