"""RFC 9530 digests: the RFC's own examples, and everything a swapped body might try."""

import json
from pathlib import Path

import pytest

from signing.digest import content_digest, verify_content_digest
from signing.errors import SignatureError

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "vectors" / "rfc9530" / "vectors.json"
BODY = b'{"hello": "world"}'
GOOD = content_digest(BODY)
GOOD_512 = content_digest(BODY, "sha-512")
WRONG = content_digest(BODY + b"\n")


def _vectors():
    if not VECTORS.exists():
        pytest.skip("the published vectors are not beside the project")
    return json.loads(VECTORS.read_text("utf-8"))


def test_rfc_9530_appendix_d_samples():
    """The digests of appendix D are those we make, and verify alone and together."""
    samples = _vectors()["appendix_d_samples"]
    for algorithm in ("sha-256", "sha-512"):
        assert content_digest(BODY, algorithm) == f"{algorithm}={samples[algorithm]}"
    everything = ", ".join(f"{name}={value}" for name, value in samples.items())
    verify_content_digest([everything], BODY)


def test_rfc_9530_recomputed_contents():
    """Digests of further contents agree in both algorithms."""
    for case in _vectors()["recomputed"]:
        for algorithm, digest in case["digests"].items():
            assert content_digest(case["content"].encode(), algorithm) == f"{algorithm}={digest}"


def _content_of(raw: str) -> bytes:
    """Return the content behind an example of appendix B, each of which the text shows with one line end too few."""
    return raw.partition("\n\n")[2].encode()


def test_rfc_9530_content_digest_examples():
    """Every Content-Digest in the text's whole messages verifies over the message's content."""
    seen = 0
    for example in _vectors()["examples"]:
        for line in example["raw"].partition("\n\n")[0].splitlines():
            name, _, value = line.partition(": ")
            if name == "Content-Digest" and "HTTP/1.1" in example["raw"]:
                content = _content_of(example["raw"])
                verify_content_digest([value], content + b"\n" if content else b"")
                seen += 1
    assert seen == 3


def test_rfc_9530_overlong_padding_is_refused():
    """The text's mistyped Repr-Digest values with excess padding are no byte sequences."""
    values = {line for e in _vectors()["examples"] for line in e["raw"].splitlines() if line.endswith("==:")}
    wrong = [value.partition(": ")[2] for value in values if "sha-256=" in value and "sha-512" not in value]
    assert wrong
    for value in wrong:
        with pytest.raises(SignatureError, match="structured field"):
            verify_content_digest([value], BODY)


ACCEPTED = {
    "sha-256": [GOOD],
    "sha-512": [GOOD_512],
    "both": [f"{GOOD}, {GOOD_512}"],
    "an unknown one beside a good one": [f"md5=:Sd/dVLAcvNLSq16eXua5uQ==:, {GOOD}"],
    "an unknown one of another type": [f"x=1, {GOOD}"],
    "spaces around": [f" {GOOD}\t"],
    "a parameter": [f"{GOOD};a=1"],
}


@pytest.mark.parametrize("values", ACCEPTED.values(), ids=ACCEPTED)
def test_right_digests_are_accepted(values):
    """Recognised members that match are enough, whatever stands beside them."""
    verify_content_digest(values, BODY)


REFUSED = {
    "another body": ([WRONG], "digest"),
    "one right and one wrong": ([f"{GOOD_512}, {WRONG}"], "digest"),
    "md5 alone": (["md5=:Sd/dVLAcvNLSq16eXua5uQ==:"], "digest"),
    "nothing": ([""], "digest"),
    "cut digest": ([GOOD[:-5] + ":"], "digest"),
    "empty digest": (["sha-256=::"], "digest"),
    "header twice": ([GOOD, GOOD], "malformed"),
    "header absent": ([], "malformed"),
    "wrong and right under one key": ([f"{WRONG}, {GOOD}"], "malformed"),
    "a string": (['sha-256="x"'], "malformed"),
    "a list": (["sha-256=(:YQ==:)"], "malformed"),
    "no value": (["sha-256"], "malformed"),
    "garbage": (["\0" * 65536], "malformed"),
}


@pytest.mark.parametrize(("values", "code"), REFUSED.values(), ids=REFUSED)
def test_wrong_digests_are_refused(values, code):
    """A swapped body, a missing or duplicated digest and unparsable fields each have their word."""
    with pytest.raises(SignatureError) as caught:
        verify_content_digest(values, BODY)
    assert caught.value.code == code


def test_only_recognised_algorithms_are_made():
    """Nobody can ask us for an md5 digest."""
    with pytest.raises(SignatureError):
        content_digest(BODY, "md5")
