"""Checking the proof of one look-up offline, as its page in the console hands it out (PROTOCOL section 6).

Pure. The rule: verifying raises; an answer must close the question that stands beside it.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.evidence.leaf import LeafError, parse
from gateway.export.checking import NotEvidence
from signing.checkpoint import VerifierKey, parse_vkey, verify_checkpoint
from signing.errors import KeyFormatError, SignatureError
from signing.merkle import leaf_hash, verify_inclusion


@dataclass(frozen=True, slots=True)
class CheckedProof:
    """A proof that holds: (log, index) of what signed checkpoints cover, and of what is only promised."""

    proved: tuple[tuple[str, int], ...]
    promised: tuple[tuple[str, int], ...]
    trusted: bool
    """Whether the key was given from outside; otherwise it is the one that the file itself holds."""


def check_proof(data: bytes, log_keys: Sequence[VerifierKey] = ()) -> CheckedProof:
    """Check a proof's bytes against the log's keys, by default the one inside it. Raises `NotEvidence`."""
    try:
        document = orjson.loads(data)
        entries = [_entry(one) for one in document["entries"]]
        keys = tuple(log_keys) or (parse_vkey(str(document["vkey"])),)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, KeyFormatError, LeafError):
        raise NotEvidence("this is no proof of a look-up that can be read") from None
    if not entries:
        raise NotEvidence("the proof holds no entry")
    ids = {leaf["id"] for _, leaf, _ in entries}
    if any("question" in leaf and leaf["question"] not in ids for _, leaf, _ in entries):
        raise NotEvidence("an answer stands there without its question")
    proved = [(place, _proved(place, one, keys)) for place, _, one in entries]
    return CheckedProof(
        tuple(place for place, held in proved if held),
        tuple(place for place, held in proved if not held),
        bool(log_keys),
    )


def _entry(one: dict[str, Any]) -> tuple[tuple[str, int], dict[str, Any], dict[str, Any]]:
    return (str(one["log"]), int(one["index"])), parse(b64decode(one["leaf"], validate=True)), one


def _proved(place: tuple[str, int], one: dict[str, Any], keys: Sequence[VerifierKey]) -> bool:
    """Whether a checkpoint covers an entry; False where none is there. Raises `NotEvidence` for a false one."""
    log, index = place
    if one.get("checkpoint") is None and one.get("hashes") is None:
        return False
    why = "its checkpoint is missing or signed by nobody who is trusted"
    for key in keys:
        try:
            hashes = [b64decode(text, validate=True) for text in one["hashes"]]
            checkpoint = verify_checkpoint(one["checkpoint"], key, log)
            verify_inclusion(leaf_hash(b64decode(one["leaf"])), index, checkpoint.size, hashes, checkpoint.root)
        except SignatureError as error:
            why = error.detail
        except (KeyError, TypeError, ValueError):
            why = "its path cannot be read"
        else:
            return True
    raise NotEvidence(f"entry {index} of {ascii(log)[:80]}: {why}")
