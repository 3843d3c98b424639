"""An evidence file: what goes in comes out, signed, and is the same for the same arguments."""

import io
import zipfile
from datetime import UTC, datetime

import orjson
import pytest

from gateway.export.bundle import FORMAT, MANIFEST, SIGNATURE, Exported, pack, signed_text
from gateway.export.checking import Checked, check
from signing.algorithms import Algorithm
from signing.checkpoint import (
    Checkpoint,
    Note,
    NoteSignature,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    sign_checkpoint,
    verifier_key,
)
from signing.errors import SignatureError
from signing.keys import SigningKey
from signing.merkle import in_memory, inclusion_path, leaf_hash, range_root

ORIGIN, LOG = "log.test.example", "log.test.example/2026/0"
AT = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def key():
    """Make a log key."""
    return SigningKey.generate(Algorithm.ED25519, ORIGIN)


def vkey(key):
    """Return the key's public half as a vkey."""
    return verifier_key(key, ORIGIN).encode()


def entries(key, number=5, unproved=1):
    """Make a small log, and take some of it out; the last ones are not covered by its checkpoint."""
    leaves = [f'{{"id":"{place}","v":1}}'.encode() for place in range(number)]
    sealed = number - unproved
    hashes = [leaf_hash(leaf) for leaf in leaves[:sealed]]
    node = in_memory(hashes)
    note = sign_checkpoint(Checkpoint(LOG, sealed, range_root(0, sealed, node)), key, ORIGIN)
    proved = [
        Exported(LOG, place, leaves[place], note, tuple(inclusion_path(place, sealed, node))) for place in range(sealed)
    ]
    return proved + [Exported(LOG, place, leaves[place], None, None) for place in range(sealed, number)]


def packed(key, taken=None):
    """Pack a case."""
    case = {"case": 7, "state": "closed", "verdict": "violation"}
    return pack(case, entries(key) if taken is None else taken, key=key, vkey=vkey(key), made_at=AT)


def test_what_goes_in_can_be_checked(key):
    """A file made for a case is found true, with the place of every entry, and says which no checkpoint covers."""
    found = check(packed(key), [parse_vkey(vkey(key))])
    places = tuple((LOG, index) for index in range(5))
    assert found == Checked(7, ORIGIN, "2026-11-21T01:30:00Z", places, ((LOG, 4),), trusted=True)


def test_without_a_key_from_outside_it_is_not_trusted(key):
    """The key inside the file proves that it is whole, not whose it is."""
    assert check(packed(key)).trusted is False


def test_the_same_case_makes_the_same_file(key):
    """Nothing in the file depends on the machine or the clock."""
    assert packed(key) == packed(key)


def test_a_case_without_entries_is_a_file_too(key):
    """An empty case can be exported and checked."""
    assert check(packed(key, [])).entries == ()


def test_the_exact_bytes_of_leaves_are_in_it(key):
    """Leaves are the log's bytes, unchanged."""
    with zipfile.ZipFile(io.BytesIO(packed(key))) as archive:
        manifest = orjson.loads(archive.read(MANIFEST))
        assert [archive.read(line["leaf"]) for line in manifest["entries"]] == [item.leaf for item in entries(key)]


def test_the_signature_is_no_checkpoint(key):
    """The signed text can never be read as a checkpoint of some log: its second line is no number."""
    with zipfile.ZipFile(io.BytesIO(packed(key))) as archive:
        note = parse_note(archive.read(SIGNATURE))
    assert isinstance(note, Note)
    assert isinstance(note.signatures[0], NoteSignature)
    assert note.text == signed_text(ORIGIN, zipfile.ZipFile(io.BytesIO(packed(key))).read(MANIFEST))
    assert note.text.split("\n")[1] == FORMAT
    with pytest.raises(SignatureError):
        parse_checkpoint(note.text)
