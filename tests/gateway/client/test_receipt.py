"""Receipts, proved offline: each step is needed, and each lie is found."""

from base64 import b64encode
from dataclasses import replace

import orjson
import pytest

from gateway.client import Client, Exchange, Unknown
from gateway.client.protocol import read_receipt
from gateway.client.receipt import NotProved, verify_receipt
from signing.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from signing.keys import Algorithm, SigningKey
from signing.merkle import in_memory, inclusion_path, leaf_hash, root_of

ORIGIN, SIZE = "log.test/0", 11


def b64(data):
    """Encode as the wire does."""
    return b64encode(data).decode()


class Log:
    """A log of eleven entries, the eighth of which is the answer's."""

    def __init__(self, receipt, **members):
        self.key = SigningKey.generate(Algorithm.ED25519, ORIGIN)
        entry = {"kind": "answered", "request_id": "req-1", "commitment": b64(receipt.commitment)} | members
        self.leaves = [b"entry %d" % number for number in range(SIZE)]
        self.leaves[7] = orjson.dumps(entry)
        self.hashes = [leaf_hash(leaf) for leaf in self.leaves]

    @property
    def vkeys(self):
        """What a verifier trusts."""
        return [verifier_key(self.key, ORIGIN)]

    def evidence(self, origin=ORIGIN, root=None):
        """Answer as the gateway's entry route does."""
        checkpoint = Checkpoint(origin, SIZE, root or root_of(self.hashes))
        path = inclusion_path(7, SIZE, in_memory(self.hashes))
        return {
            "leaf": b64(self.leaves[7]),
            "proof": {"hashes": [b64(value) for value in path]},
            "checkpoint": sign_checkpoint(checkpoint, self.key, ORIGIN),
        }


@pytest.fixture
async def kept(gateway):
    """One exchange as kept in a file, and the keys to trust."""
    async with Client(gateway.url, gateway.identity) as client:
        exchange = await client.exchange("GET", "/v1/registries")
        keys = await client.gateway_keys()
    exchange = Exchange.from_json(exchange.to_json())
    return exchange, keys, read_receipt(exchange.response, exchange.response_body)


async def test_without_an_entry_it_is_promised(kept):
    """A signed receipt alone is a promise."""
    exchange, keys, receipt = kept
    verdict = verify_receipt(exchange, keys, [])
    assert (verdict.state, verdict.receipt, verdict.checkpoint) == ("promised", receipt, None)


async def test_with_entry_proof_and_checkpoint_it_is_proved(kept):
    """Everything together proves that the answer is in the log."""
    exchange, keys, receipt = kept
    log = Log(receipt)
    verdict = verify_receipt(exchange.with_proof(log.evidence(), None), keys, log.vkeys)
    assert verdict.state == "proved"
    assert verdict.checkpoint.size == SIZE
    assert len(verdict.steps) == 5


@pytest.mark.parametrize(
    "members",
    [
        {"commitment": b64(bytes(32))},
        {"kind": "asked"},
        {"request_id": "req-2"},
        {"commitment": 5},
        {"commitment": "?"},
    ],
    ids=["another answer", "another kind", "another request", "no text", "no base64"],
)
async def test_an_entry_of_something_else_is_found(kept, members):
    """An entry that is in the log but not about this answer proves nothing."""
    exchange, keys, receipt = kept
    log = Log(receipt, **members)
    with pytest.raises(NotProved, match="entry"):
        verify_receipt(exchange.with_proof(log.evidence(), None), keys, log.vkeys)


async def test_an_entry_outside_the_tree_is_found(kept):
    """A checkpoint over another tree does not include the entry."""
    exchange, keys, receipt = kept
    log = Log(receipt)
    with pytest.raises(NotProved, match="not in the tree"):
        verify_receipt(exchange.with_proof(log.evidence(root=bytes(32)), None), keys, log.vkeys)


async def test_a_checkpoint_by_an_untrusted_key_is_found(kept):
    """Only trusted log keys count, and only for the receipt's own log."""
    exchange, keys, receipt = kept
    log = Log(receipt)
    for trusted, evidence in (
        (Log(receipt).vkeys, log.evidence()),
        ([], log.evidence()),
        (log.vkeys, log.evidence(origin="log.test/1")),
    ):
        with pytest.raises(NotProved, match="trusted"):
            verify_receipt(exchange.with_proof(evidence, None), keys, trusted)


@pytest.mark.parametrize("broken", [{}, {"leaf": "?", "proof": {"hashes": []}, "checkpoint": ""}, {"proof": None}])
async def test_unreadable_evidence_is_an_error(kept, broken):
    """A damaged file is an error of this family, never another exception."""
    exchange, keys, _ = kept
    with pytest.raises(NotProved, match="cannot be read"):
        verify_receipt(exchange.with_proof(broken, None), keys, [])


async def test_an_altered_answer_is_found_first(kept):
    """Where the answer's own signature fails, nothing else is looked at."""
    exchange, keys, _ = kept
    with pytest.raises(Unknown):
        verify_receipt(replace(exchange, response_body=b"{}"), keys, [])


async def test_an_answer_without_receipt_proves_nothing(gateway):
    """Answers that carry no receipt are told apart."""
    gateway.receipt = False
    async with Client(gateway.url, gateway.identity) as client:
        exchange = await client.exchange("GET", "/v1/registries")
        with pytest.raises(NotProved, match="no receipt"):
            verify_receipt(exchange, await client.gateway_keys(), [])
