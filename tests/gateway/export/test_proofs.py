"""The proof of one look-up, checked with the log's public key alone."""

from base64 import b64encode

import orjson
import pytest

from gateway.export.checking import NotEvidence
from gateway.export.proofs import CheckedProof, check_proof
from signing.algorithms import Algorithm
from signing.checkpoint import Checkpoint, sign_checkpoint, verifier_key
from signing.keys import SigningKey
from signing.merkle import in_memory, inclusion_path, leaf_hash, range_root

ORIGIN, LOG = "log.test.example", "log.test.example/2026/0"
KEY = SigningKey.generate(Algorithm.ED25519, ORIGIN)
VERIFIER = verifier_key(KEY, ORIGIN)
OPTIONS = orjson.OPT_SORT_KEYS
LEAVES = [
    orjson.dumps({"v": 1, "id": "q", "kind": "asked"}, option=OPTIONS),
    orjson.dumps({"v": 1, "id": "a", "kind": "answered", "question": "q"}, option=OPTIONS),
]


def document(sealed=2, **changes):
    """Make the proof of a question and its answer, of which `sealed` are covered by a checkpoint."""
    node = in_memory([leaf_hash(leaf) for leaf in LEAVES[:sealed]])
    note = sign_checkpoint(Checkpoint(LOG, sealed, range_root(0, sealed, node)), KEY, ORIGIN) if sealed else None
    entries = [
        {
            "log": LOG,
            "slot": 0,
            "index": place,
            "leaf": b64encode(leaf).decode(),
            "checkpoint": note if place < sealed else None,
            "hashes": [b64encode(one).decode() for one in inclusion_path(place, sealed, node)]
            if place < sealed
            else None,
        }
        for place, leaf in enumerate(LEAVES)
    ]
    return {"vkey": VERIFIER.encode(), "entries": entries, **changes}


def altered(place, **changes):
    """Return a proof with one entry changed."""
    made = document()
    made["entries"][place] |= changes
    return made


def test_a_proof_holds_by_the_key_alone():
    """Both entries are proved against the signed checkpoint; without a key from outside that is said."""
    data = orjson.dumps(document())
    assert check_proof(data, [VERIFIER]) == CheckedProof(((LOG, 0), (LOG, 1)), (), trusted=True)
    assert check_proof(data).trusted is False


def test_what_no_checkpoint_covers_is_promised():
    """An answer that came after the newest checkpoint is told apart."""
    found = check_proof(orjson.dumps(document(sealed=1)), [VERIFIER])
    assert (found.proved, found.promised) == (((LOG, 0),), ((LOG, 1),))


@pytest.mark.parametrize(
    "made",
    [
        altered(1, leaf=b64encode(LEAVES[1].replace(b'"a"', b'"b"')).decode()),
        altered(1, index=0),
        altered(1, log="log.test.example/2026/1"),
        altered(1, hashes=[]),
        altered(1, hashes=None),
        altered(1, checkpoint=None),
        altered(1, checkpoint="nonsense"),
        altered(1, leaf="{}"),
        document(entries=[]),
        document(entries=document()["entries"][1:]),
        document(entries="x"),
        document(vkey=5),
        [],
    ],
    ids=range(13),
)
def test_what_is_false_is_named(made):
    """An altered leaf, place, path or checkpoint, an answer without its question, and what is no proof at all."""
    with pytest.raises(NotEvidence):
        check_proof(orjson.dumps(made))


def test_another_key_is_not_trusted():
    """A proof made under another key fails against the log's own."""
    other = verifier_key(SigningKey.generate(Algorithm.ED25519, ORIGIN), ORIGIN)
    with pytest.raises(NotEvidence):
        check_proof(orjson.dumps(document()), [other])
