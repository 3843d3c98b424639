"""RFC 9162 proofs: against an independent tree, exhaustively for small trees, and against every forgery tried."""

import hashlib

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing import merkle
from signing.errors import SignatureError

ENTRIES = [bytes([number]) for number in range(40)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
ROOTS = [merkle.root_of(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
NODE = merkle.in_memory(LEAVES)


def _oracle():
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES:
        tree.append_entry(entry)
    return tree


def test_roots_are_those_of_an_independent_tree():
    """Every size up to forty has pymerkle's root; the empty tree that of section 2.1.1."""
    tree = _oracle()
    assert ROOTS[0] == hashlib.sha256(b"").digest()
    for size in range(1, len(ENTRIES) + 1):
        assert tree.get_root(size) == ROOTS[size]


def test_inclusion_paths_go_both_ways():
    """Proofs of pymerkle verify here and ours verify there, for every leaf of every tree."""
    tree = _oracle()
    for size in range(1, len(ENTRIES) + 1):
        for index in range(size):
            proof = tree.prove_inclusion(index + 1, size)
            merkle.verify_inclusion(LEAVES[index], index, size, proof.path[1:], ROOTS[size])
            proof.path = [LEAVES[index], *merkle.inclusion_path(index, size, NODE)]
            pymerkle.verify_inclusion(LEAVES[index], ROOTS[size], proof)


def _rfc_proof(first, start, end, *, whole):
    """Follow SUBPROOF(m, D_n, b) of section 2.1.4.1 to the letter, over leaves `start` to `end`."""
    size = end - start
    if first == size:
        return [] if whole else [merkle.root_of(LEAVES[start:end])]
    k = 1
    while k * 2 < size:
        k *= 2
    if first <= k:
        return [*_rfc_proof(first, start, start + k, whole=whole), merkle.root_of(LEAVES[start + k : end])]
    return [*_rfc_proof(first - k, start + k, end, whole=False), merkle.root_of(LEAVES[start : start + k])]


def test_consistency_paths_go_both_ways():
    """For every pair of trees the path is that of the RFC's own recursion, and pymerkle agrees on both roots."""
    tree = _oracle()
    for second in range(1, len(ENTRIES) + 1):
        for first in range(1, second):
            path = merkle.consistency_path(first, second, NODE)
            merkle.verify_consistency(first, second, ROOTS[first], ROOTS[second], path)
            proof = tree.prove_consistency(first, second)
            pymerkle.verify_consistency(ROOTS[first], ROOTS[second], proof)
            assert path == _rfc_proof(first, 0, second, whole=True)


def test_the_empty_and_the_equal_tree_are_consistent():
    """Their paths are empty, and a wrong root still shows."""
    assert merkle.consistency_path(0, 9, NODE) == merkle.consistency_path(9, 9, NODE) == []
    merkle.verify_consistency(0, 9, ROOTS[0], ROOTS[9], [])
    merkle.verify_consistency(9, 9, ROOTS[9], ROOTS[9], [])
    for first, root, path in (
        (0, ROOTS[1], []),
        (9, ROOTS[8], []),
        (9, ROOTS[9], [ROOTS[9]]),
        (0, ROOTS[0], [ROOTS[0]]),
    ):
        with pytest.raises(SignatureError):
            merkle.verify_consistency(first, 9, root, ROOTS[9], path)


def test_a_leaf_is_no_node():
    """The prefixes keep an entry that looks like two hashes from being a node (second preimage)."""
    assert merkle.leaf_hash(LEAVES[0] + LEAVES[1]) != merkle.node_hash(LEAVES[0], LEAVES[1])


def _flip(path):
    return [bytes([path[0][0] ^ 1]) + path[0][1:], *path[1:]]


FORGED_INCLUSIONS = {
    "another leaf": lambda p: (LEAVES[6], 5, 13, p, ROOTS[13]),
    "another index": lambda p: (LEAVES[5], 4, 13, p, ROOTS[13]),
    "another size": lambda p: (LEAVES[5], 5, 5 + 1, p, ROOTS[13]),
    "a larger size": lambda p: (LEAVES[5], 5, 500, p, ROOTS[13]),
    "another root": lambda p: (LEAVES[5], 5, 13, p, ROOTS[12]),
    "a bit of the path": lambda p: (LEAVES[5], 5, 13, _flip(p), ROOTS[13]),
    "a path cut short": lambda p: (LEAVES[5], 5, 13, p[:-1], ROOTS[13]),
    "a path too long": lambda p: (LEAVES[5], 5, 13, [*p, p[0]], ROOTS[13]),
    "an empty path": lambda _: (LEAVES[5], 5, 13, [], ROOTS[13]),
    "a path turned round": lambda p: (LEAVES[5], 5, 13, p[::-1], ROOTS[13]),
    "a short hash": lambda p: (LEAVES[5], 5, 13, [p[0][:-1], *p[1:]], ROOTS[13]),
    "an index outside": lambda p: (LEAVES[5], 13, 13, p, ROOTS[13]),
    "a negative index": lambda p: (LEAVES[5], -1, 13, p, ROOTS[13]),
    "the empty tree": lambda _: (LEAVES[5], 0, 0, [], ROOTS[0]),
}


@pytest.mark.parametrize("forge", FORGED_INCLUSIONS.values(), ids=FORGED_INCLUSIONS)
def test_forged_inclusions_are_refused(forge):
    """A change to any part of a proof of inclusion is refused."""
    with pytest.raises(SignatureError):
        merkle.verify_inclusion(*forge(merkle.inclusion_path(5, 13, NODE)))


FORGED_CONSISTENCIES = {
    "another old root": lambda p: (6, 13, ROOTS[5], ROOTS[13], p),
    "another new root": lambda p: (6, 13, ROOTS[6], ROOTS[12], p),
    "another old size": lambda p: (5, 13, ROOTS[6], ROOTS[13], p),
    "a power of two as old size": lambda p: (8, 13, ROOTS[6], ROOTS[13], p),
    "another new size": lambda p: (6, 300, ROOTS[6], ROOTS[13], p),
    "sizes turned round": lambda p: (13, 6, ROOTS[13], ROOTS[6], p),
    "a negative size": lambda p: (-1, 13, ROOTS[6], ROOTS[13], p),
    "a bit of the path": lambda p: (6, 13, ROOTS[6], ROOTS[13], _flip(p)),
    "a path cut short": lambda p: (6, 13, ROOTS[6], ROOTS[13], p[:-1]),
    "a path too long": lambda p: (6, 13, ROOTS[6], ROOTS[13], [*p, p[0]]),
    "an empty path": lambda _: (6, 13, ROOTS[6], ROOTS[13], []),
    "a short hash": lambda p: (6, 13, ROOTS[6], ROOTS[13], [b"", *p[1:]]),
}


@pytest.mark.parametrize("forge", FORGED_CONSISTENCIES.values(), ids=FORGED_CONSISTENCIES)
def test_forged_consistencies_are_refused(forge):
    """A change to any part of a proof of consistency is refused: a rewritten log cannot pass for a grown one."""
    with pytest.raises(SignatureError):
        merkle.verify_consistency(*forge(merkle.consistency_path(6, 13, NODE)))


def test_paths_outside_the_tree_are_refused():
    """There is no path for an index or size that is not there."""
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(SignatureError):
            merkle.inclusion_path(index, size, NODE)
    for first, second in ((6, 5), (-1, 5)):
        with pytest.raises(SignatureError):
            merkle.consistency_path(first, second, NODE)


_HASH = st.binary(min_size=32, max_size=32) | st.binary(max_size=40) | st.sampled_from(LEAVES + ROOTS)


@given(st.integers(-2, 50), st.integers(-2, 50), st.lists(_HASH, max_size=8))
@settings(max_examples=150, deadline=None)
def test_proofs_raise_nothing_but_signature_error(first, second, path):
    """Whatever is claimed with random hashes is refused with a SignatureError, or is one of the trivial truths."""
    root = ROOTS[second] if 0 <= second < len(ROOTS) else ROOTS[0]
    with pytest.raises(SignatureError):
        merkle.verify_inclusion(b"\1" * 32, first, second, path, root)
    with pytest.raises(SignatureError):
        merkle.verify_consistency(first, second, b"\1" * 32, root, path)
