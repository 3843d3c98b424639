"""C2SP notes and checkpoints: the specification's own example, round trips, and forgeries."""

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.checkpoint import (
    Checkpoint,
    Note,
    NoteSignature,
    format_note,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    sign_checkpoint,
    sign_note,
    verifier_key,
    verify_checkpoint,
    verify_note,
)
from signing.errors import KeyFormatError, SignatureError
from signing.keys import SigningKey

ORIGIN = "log.example/2026-0"
ROOT = bytes(range(32))
POINT = Checkpoint(ORIGIN, 41_231, ROOT)
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_example_of_the_note_package_verifies():
    """The published note of golang.org/x/mod/sumdb/note verifies with its published key."""
    verifier = parse_vkey(GO_VKEY)
    assert verifier.encode() == GO_VKEY
    assert verify_note(parse_note(GO_NOTE), verifier).startswith("If you think")
    assert format_note(parse_note(GO_NOTE)) == GO_NOTE


def test_a_checkpoint_comes_back_as_it_was_signed(key):
    """Origin, size, root and extension lines; the key's name is the origin by default."""
    point = Checkpoint(ORIGIN, 0, ROOT, ("extension one", "two"))
    text = sign_checkpoint(point, key)
    assert text.startswith(f"{ORIGIN}\n0\n{b64encode(ROOT).decode()}\nextension one\ntwo\n\n— {ORIGIN} ")
    assert verify_checkpoint(text.encode(), parse_vkey(verifier_key(key, ORIGIN).encode())) == point


def test_lines_of_witnesses_are_kept(key):
    """Signatures of unknown keys are passed over when verifying and kept when written again."""
    witness = SigningKey.generate("ed25519", "w")
    theirs = sign_note(POINT.text(), witness, "witness.example")
    unknown = NoteSignature("other", b"abcd", b"of another kind")
    text = sign_checkpoint(POINT, key, others=(theirs, unknown))
    assert parse_note(text).signatures[1:] == (theirs, unknown)
    assert verify_checkpoint(text, verifier_key(key, ORIGIN)) == POINT
    assert verify_checkpoint(text, verifier_key(witness, "witness.example"), ORIGIN) == POINT


FORGED = {
    "another size": (lambda t: t.replace("41231", "41232"), "invalid"),
    "another root": (lambda t: t.replace("AAEC", "AAEB"), "invalid"),
    "another origin": (lambda t: t.replace(f"{ORIGIN}\n", "log.example/2025-0\n", 1), "invalid"),
    "an extension added": (lambda t: t.replace("\n\n", "\nmore\n\n"), "invalid"),
    "another name": (lambda t: t.replace("— log.example", "— lag.example"), "missing"),
    "no signature": (lambda t: t.partition("— ")[0], "malformed"),
    "no blank line": (lambda t: t.replace("\n\n", "\n"), "malformed"),
    "no newline at the end": (lambda t: t[:-1], "malformed"),
    "a hyphen for the dash": (lambda t: t.replace("—", "-"), "malformed"),
    "a control character": (lambda t: t.replace("41231", "4\r1231"), "malformed"),
    "a second good signature spoiled": (lambda t: t + _spoiled(t), "invalid"),
    "text behind": (lambda t: t + "x\n", "malformed"),
}


def _spoiled(text):
    (line,) = (line for line in text.splitlines() if line.startswith("—"))
    return line[:-6] + ("AAAA" if line[-6:-2] != "AAAA" else "BBBB") + line[-2:] + "\n"


@pytest.mark.parametrize(("forge", "code"), FORGED.values(), ids=FORGED)
def test_forged_checkpoints_are_refused(forge, code, key):
    """Any change to a signed checkpoint is refused."""
    with pytest.raises(SignatureError) as caught:
        verify_checkpoint(forge(sign_checkpoint(POINT, key)), verifier_key(key, ORIGIN))
    assert caught.value.code == code


def test_a_key_signs_for_its_own_log(key):
    """A true signature under one log's name does not speak for another log."""
    text = sign_checkpoint(POINT, key, name="log.example/other")
    verifier = verifier_key(key, "log.example/other")
    with pytest.raises(SignatureError):
        verify_checkpoint(text, verifier)
    assert verify_checkpoint(text, verifier, ORIGIN) == POINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n",
        "a\n1\n",
        f"a\n01\n{'A' * 43}=\n",
        f"a\n-1\n{'A' * 43}=\n",
        "a\n1\nAAAA\n",
        f"a\n1\n{'A' * 43}\n",
        f"\n1\n{'A' * 43}=\n",
        f"a\n{10**19}\n{'A' * 43}=\n",
        f"a\n{2**63}\n{'A' * 43}=\n",
        f"a\n1\n{'A' * 42}B=\n",
        f"a\n1\n{'A' * 43}=\n\nb\n",
        "a\n\u0661\nAA==\n",
    ],
    ids=repr,
)
def test_texts_that_are_no_checkpoints_are_refused(text):
    """Sizes in another form, roots of another length or form, empty lines: malformed."""
    with pytest.raises(SignatureError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        "a+00000000+AAAA",
        GO_VKEY.replace("c74f20a3", "c74f20a4"),
        GO_VKEY.upper(),
        GO_VKEY[:-4],
        "a b+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        GO_VKEY.replace("+ARpc", "+AhpC"),
        "a+00000000+AQ" + "A" * 42,
    ],
)
def test_broken_vkeys_are_refused(text):
    """A wrong id, another key type, a small-order key and garbage: KeyFormatError."""
    with pytest.raises(KeyFormatError):
        parse_vkey(text)


def test_only_ed25519_signs_notes(signing_keys):
    """Another kind of key, or a name with a plus, is refused."""
    with pytest.raises(KeyFormatError):
        sign_checkpoint(POINT, signing_keys["ecdsa-p256-sha256"])
    with pytest.raises(KeyFormatError):
        verifier_key(signing_keys["ed25519"], "a+b")


def test_too_much_is_refused():
    """A hundred signatures are enough, and so is a megabyte."""
    line = NoteSignature("a", b"abcd", b"x")
    assert parse_note(format_note(Note("a\n", (line,) * 100)))
    for note in (Note("a\n", (line,) * 101), Note("a" * 1_000_000 + "\n", (line,))):
        with pytest.raises(SignatureError):
            parse_note(format_note(note))


@given(
    st.text(max_size=80) | st.binary(max_size=80) | st.from_regex(r"\A[a-c]\n[0-9]\n\n— [a-z+ ]{1,3} [A-D=]{1,12}\n\Z")
)
@settings(max_examples=150, deadline=None)
def test_notes_raise_nothing_but_signature_error(data):
    """Whatever comes in, a note that is written the same again, or a SignatureError."""
    try:
        note = parse_note(data)
    except SignatureError:
        return
    assert format_note(note) == (data if isinstance(data, str) else data.decode())
    with pytest.raises(SignatureError):
        verify_checkpoint(data, parse_vkey(GO_VKEY))
