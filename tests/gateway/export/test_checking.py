"""Checking an evidence file: everything false about it is found, and named."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.export import checking
from gateway.export.bundle import MANIFEST, SIGNATURE, VKEY, Exported, pack
from gateway.export.checking import NotEvidence, check
from signing.algorithms import Algorithm
from signing.checkpoint import Checkpoint, parse_vkey, sign_checkpoint, verifier_key
from signing.keys import SigningKey
from signing.merkle import in_memory, inclusion_path, leaf_hash, range_root

ORIGIN, LOG = "log.test.example", "log.test.example/2026/0"
KEY = SigningKey.generate(Algorithm.ED25519, ORIGIN)
VERIFIER = verifier_key(KEY, ORIGIN)


def taken(number=4):
    """Make a small log and take all of it out."""
    leaves = [f'{{"id":"{place}"}}'.encode() for place in range(number)]
    node = in_memory([leaf_hash(leaf) for leaf in leaves])
    note = sign_checkpoint(Checkpoint(LOG, number, range_root(0, number, node)), KEY, ORIGIN)
    return [
        Exported(LOG, place, leaf, note, tuple(inclusion_path(place, number, node)))
        for place, leaf in enumerate(leaves)
    ]


def packed(entries=None, key=KEY):
    """Pack a case of them."""
    at = datetime(2026, 11, 21, tzinfo=UTC)
    vkey = verifier_key(key, ORIGIN).encode()
    return pack({"case": 7}, taken() if entries is None else entries, key=key, vkey=vkey, made_at=at)


GOOD = packed()


def contents(data=GOOD):
    """Unpack a file into a dictionary."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files):
    """Pack files, whatever they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("name", sorted(contents()))
def test_every_altered_file_shows(name):
    """One flipped bit in any file makes the whole false."""
    files = contents()
    files[name] = files[name][:-2] + bytes([files[name][-2] ^ 1]) + files[name][-1:]
    with pytest.raises(NotEvidence):
        check(zipped(files.items()), [VERIFIER])


@pytest.mark.parametrize("name", sorted(contents()))
def test_every_missing_file_shows(name):
    """A file taken out makes the whole false."""
    files = contents()
    del files[name]
    with pytest.raises(NotEvidence):
        check(zipped(files.items()), [VERIFIER])


def test_a_file_put_in_shows():
    """What the manifest does not name has no place."""
    with pytest.raises(NotEvidence, match="not in the manifest"):
        check(zipped([*contents().items(), ("entries/9999.leaf", b"{}")]))


def test_a_doubled_file_shows():
    """Two files of one name are refused: readers would disagree about which counts."""
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped([*contents().items(), (MANIFEST, b"{}")])
    with pytest.raises(NotEvidence, match="twice"):
        check(data)


def test_another_key_inside_is_not_trusted():
    """A file re-made and re-signed by somebody else fails against the log's real key, though it is whole."""
    forged = packed(key=SigningKey.generate(Algorithm.ED25519, ORIGIN), entries=[])
    assert check(forged).trusted is False
    with pytest.raises(NotEvidence, match="key of the log that is trusted"):
        check(forged, [VERIFIER])


def test_a_false_leaf_under_a_true_signature_shows():
    """Whoever signs the manifest still cannot put an entry into the log's tree."""
    entries = taken()
    entries[2] = replace(entries[2], leaf=b'{"id":"another"}')
    with pytest.raises(NotEvidence, match="entry 2"):
        check(packed(entries), [VERIFIER])


def test_an_entry_listed_twice_shows():
    """One entry cannot count twice."""
    with pytest.raises(NotEvidence, match="twice"):
        check(packed([*taken(), taken()[0]]), [VERIFIER])


def test_a_moved_entry_shows():
    """An entry cannot claim another's place."""
    entries = taken()
    entries[1] = replace(entries[1], index=2)
    with pytest.raises(NotEvidence, match="entry 2"):
        check(packed(entries), [VERIFIER])


def test_more_than_any_case_is_refused(monkeypatch):
    """Bombs are refused by what the directory promises, before anything is unpacked."""
    monkeypatch.setattr(checking, "MOST_BYTES", 100)
    with pytest.raises(NotEvidence, match="larger"):
        check(GOOD)


def test_a_manifest_of_another_version_is_refused():
    """An unknown format is not guessed at."""
    files = contents()
    files[MANIFEST] = orjson.dumps(orjson.loads(files[MANIFEST]) | {"format": "lienthong-evidence/2"})
    with pytest.raises(NotEvidence, match="version"):
        check(zipped(files.items()))


def test_the_key_is_read_from_the_file():
    """The file's own key and digests are what anybody can recompute."""
    files = contents()
    assert parse_vkey(files[VKEY].decode()).encode() == VERIFIER.encode()
    listed = {line["name"]: line["sha256"] for line in orjson.loads(files[MANIFEST])["files"]}
    assert listed == {n: sha256(d).hexdigest() for n, d in files.items() if n not in {MANIFEST, SIGNATURE}}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(GOOD)))
def test_garbage_is_refused_and_nothing_else(junk, place):
    """Any bytes, and any damage to a good file, end in a verdict and never in another error."""
    for data in (junk, GOOD[:place], GOOD[:place] + junk + GOOD[place + len(junk) :]):
        try:
            check(data, [VERIFIER])
        except NotEvidence:
            continue
        assert contents(data) == contents()
