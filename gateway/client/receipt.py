"""Proving a kept receipt offline: signature, commitment, entry, inclusion, checkpoint (PROTOCOL section 6).

The rule: `proved` is said only when every step held against keys the caller trusts; without an entry
the signed receipt is `promised` (inclusion within 60 s); anything false raises.
"""

import hmac
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from gateway.client.errors import ClientError
from gateway.client.exchange import Exchange
from gateway.client.protocol import Receipt, check_signature, header, read_receipt
from signing.checkpoint import Checkpoint, VerifierKey, verify_checkpoint
from signing.errors import SignatureError
from signing.keys import VerificationKey
from signing.merkle import leaf_hash, verify_inclusion


class NotProved(ClientError):  # noqa: N818 — the verdict's own name
    """The receipt or what should prove it is false or absent; the text names the step that failed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds: `promised` where only the signed receipt is there, `proved` where the log's checkpoint covers it."""

    state: Literal["promised", "proved"]
    receipt: Receipt
    checkpoint: Checkpoint | None
    steps: tuple[str, ...]
    """What was checked, in order, as sentences."""


def verify_receipt(exchange: Exchange, keys: Mapping[str, VerificationKey], log_keys: Sequence[VerifierKey]) -> Verdict:
    """Check all that a kept exchange holds. Raises `NotProved` or `Unknown`."""
    check_signature(exchange, keys)
    receipt = read_receipt(exchange.response, exchange.response_body)
    if receipt is None:
        raise NotProved("the answer carries no receipt: only answers to look-ups and verifications do")
    steps: tuple[str, ...] = (
        "the answer is signed and bound to the request",
        "the receipt commits to the answer's content",
    )
    if exchange.evidence is None:
        return Verdict("promised", receipt, None, steps)
    leaf, hashes, note = _parts(exchange.evidence)
    _check_leaf(leaf, receipt, header(exchange.response, "x-request-id"))
    checkpoint = _checkpoint(note, receipt, log_keys)
    try:
        verify_inclusion(leaf_hash(leaf), receipt.index, checkpoint.size, hashes, checkpoint.root)
    except SignatureError as error:
        raise NotProved(f"the entry is not in the tree that the checkpoint signs: {error.detail}") from error
    steps += (
        "the log's entry holds the receipt's commitment",
        f"the checkpoint of {checkpoint.size} entries is signed by the log",
        f"entry {receipt.index} is included in that checkpoint",
    )
    return Verdict("proved", receipt, checkpoint, steps)


def _parts(evidence: Mapping[str, Any]) -> tuple[bytes, list[bytes], str]:
    try:
        hashes = [b64decode(text, validate=True) for text in evidence["proof"]["hashes"]]
        return b64decode(evidence["leaf"], validate=True), hashes, str(evidence["checkpoint"])
    except (KeyError, TypeError, ValueError) as error:
        raise NotProved("the file's log entry cannot be read") from error


def _check_leaf(leaf: bytes, receipt: Receipt, request_id: str | None) -> None:
    try:
        entry = orjson.loads(leaf)
        committed = b64decode(entry["commitment"], validate=True)
        kind, about = entry["kind"], entry.get("request_id")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotProved("the log's entry is not that of an answer") from error
    if kind != "answered" or not hmac.compare_digest(committed, receipt.commitment):
        raise NotProved("the log's entry does not hold the receipt's commitment")
    if request_id is not None and about != request_id:
        raise NotProved("the log's entry is about another request")


def _checkpoint(note: str, receipt: Receipt, log_keys: Sequence[VerifierKey]) -> Checkpoint:
    for key in log_keys:
        try:
            return verify_checkpoint(note, key, receipt.log)
        except SignatureError:
            continue
    raise NotProved("no key of the log that is trusted has signed the checkpoint for the receipt's log")
