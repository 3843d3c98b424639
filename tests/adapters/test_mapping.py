"""Reply mappings: found, nobody or nonsense, decided by what the TOML says and never by default."""

import pytest

from adapters.contract import RegistryAnswer, RegistryFault, RegistryInvalid
from adapters.errors import MappingError
from adapters.mapping import read_reply
from adapters.toml_table import Table
from schemas.services import ServiceSpec

SPEC = ServiceSpec("vat", "number", ("tax_code", "personal_id"), (), ("name",))
TOLD = {
    "found": [{"path": "state", "equals": ["ok", 1]}, {"path": "name", "present": True}],
    "no_match": [{"path": "state", "equals": "none"}, {"path": "state", "equals": False}],
    "fault": [{"path": "error", "present": True}],
    "subject_echo": "id",
    "known": ["error"],
}


def mapping(fields=None, *, strict: bool = True, **changes):
    """Read a mapping with changes to the usual one; None takes a member away."""
    reply = {name: value for name, value in (TOLD | changes).items() if value is not None}
    return read_reply(SPEC, Table(reply, "/reply"), Table(fields or {"name": "name"}, "/fields"), strict=strict)


@pytest.fixture
def read(grant, call):
    """Read a tree as the answer about 099191000001."""
    return lambda tree, told=None: (told or mapping()).read(tree, grant(SPEC, "personal_id"), call())


def test_found_needs_every_condition(read):
    """All conditions of `found` hold: the record is read."""
    assert read({"state": "ok", "name": "A", "id": "099191000001"}).record == {"name": "A"}
    assert read({"state": 1, "name": "A", "id": "099191000001"}).found


@pytest.mark.parametrize("state", ["none", False])
def test_no_match_needs_one_condition(read, state):
    """Any condition of `no_match` suffices; types count."""
    assert read({"state": state, "name": None, "id": ""}) == RegistryAnswer(found=False)


@pytest.mark.parametrize("state", ["maybe", "", None, 0, True, "false", [], ["ok"]])
def test_neither_is_nonsense(read, state):
    """A state that is neither found nor nobody is `registry-invalid`."""
    with pytest.raises(RegistryInvalid):
        read({"state": state, "name": "A", "id": "099191000001"})


def test_both_is_nonsense(read):
    """An answer that says found and nobody at once is `registry-invalid`."""
    told = mapping(no_match=[{"path": "name", "present": True}])
    with pytest.raises(RegistryInvalid):
        read({"state": "ok", "name": "A", "id": "099191000001"}, told)


def test_fault_comes_first(read):
    """A fault is told before anything else is looked at."""
    with pytest.raises(RegistryFault):
        read({"error": "x", "anything": 1})


def test_xml_writes_truth_as_text(read):
    """In XML a truth value of the TOML matches both spellings, and a number its digits."""
    told = mapping(found=[{"path": "ok", "equals": True}], no_match=[{"path": "ok", "equals": False}], strict=False)
    for word in ("true", "1"):
        assert read({"ok": word, "name": "A", "id": "099191000001"}, told).found
    for word in ("false", "0"):
        assert not read({"ok": word}, told).found


def test_subject_echo_may_differ_by_kind_of_identifier(read):
    """With a table of paths, each kind of identifier has its own echo."""
    told = mapping(subject_echo={"tax_code": "tax", "personal_id": "id"})
    assert read({"state": "ok", "name": "A", "id": "099191000001", "tax": "x"}, told).found
    with pytest.raises(RegistryInvalid):
        read({"state": "ok", "name": "A", "id": "x", "tax": "099191000001"}, told)


MISTAKES = [
    {"found": None},
    {"no_match": None},
    {"subject_echo": None},
    {"subject_echo": {"tax_code": "tax"}},
    {"found": [{"path": "state"}]},
    {"found": [{"path": "state", "equals": []}]},
    {"found": [{"path": "state", "equals": 1.5}]},
    {"found": [{"path": "state", "equals": "x", "present": True}]},
    {"found": [{"path": "state", "present": "yes"}]},
    {"found": {"path": "state"}},
    {"source_as_of": {"path": "t", "format": "yyyy"}},
    {"misspelt": 1},
]


@pytest.mark.parametrize("changes", MISTAKES)
def test_mistakes_are_refused(changes):
    """A mapping that cannot tell found from nobody, or cannot check whom an answer is about, is not built."""
    with pytest.raises(MappingError):
        mapping(**changes)


@pytest.mark.parametrize("fields", [{"other": "x", "name": "n"}, {"title": "x"}])
def test_fields_are_exactly_the_services(fields):
    """A field the service lacks, or one of the service left out, is a mistake."""
    with pytest.raises(MappingError):
        mapping(fields)
