"""Field readers: every type reads what it should, refuses the rest and never turns nonsense into None."""

import pytest

from adapters.contract import RegistryInvalid
from adapters.errors import MappingError
from adapters.fields import read_field

READS = [
    ({"type": "text"}, "x", "x"),
    ({"type": "text"}, "", None),
    ({"type": "text"}, None, None),
    ({"type": "integer"}, "-12", -12),
    ({"type": "integer"}, 12, 12),
    ({"type": "decimal"}, "1.50", "1.50"),
    ({"type": "decimal"}, 2.5, "2.5"),
    ({"type": "boolean"}, "1", True),
    ({"type": "boolean"}, "false", False),
    ({"type": "boolean"}, False, False),
    ({"type": "date", "format": ["dd/MM/yyyy", "yyyy"]}, "1991", "1991"),
    ({"type": "enum", "values": {"1": "male", "true": "yes"}}, 1, "male"),
    ({"type": "enum", "values": {"1": "male", "true": "yes"}}, True, "yes"),
    ({"type": "list", "of": {"type": "integer"}}, ["1", "2"], [1, 2]),
    ({"type": "list", "of": {"type": "integer"}}, "1", [1]),
    ({"type": "list", "of": {"type": "integer"}}, None, []),
    ({"type": "relative", "members": {"full_name": "n"}}, {"n": "A"}, {"full_name": "A", "personal_id": None}),
    ({"type": "relative", "members": {"full_name": "n"}}, {"n": ""}, None),
    ({"type": "object", "members": {"k": {"path": "v", "type": "integer"}}}, {"v": 3}, {"k": 3}),
]


@pytest.mark.parametrize(("described", "leaf", "value"), READS)
def test_types_read_their_values(described, leaf, value):
    """Each type gives a JSON-ready value, None where the registry has none."""
    read, _ = read_field({"path": "f", **described}, "/f")
    assert read({"f": leaf}) == value


REFUSES = [
    ({"type": "text"}, 1),
    ({"type": "text"}, ["x"]),
    ({"type": "text"}, {"x": 1}),
    ({"type": "integer"}, "1.5"),
    ({"type": "integer"}, "١٢"),
    ({"type": "integer"}, True),
    ({"type": "integer"}, "9" * 16),
    ({"type": "decimal"}, "1,5"),
    ({"type": "decimal"}, 1e300),
    ({"type": "boolean"}, "maybe"),
    ({"type": "boolean"}, 1),
    ({"type": "date", "format": ["yyyy"]}, "91"),
    ({"type": "date", "format": ["yyyy"]}, 1991),
    ({"type": "enum", "values": {"1": "male"}}, "2"),
    ({"type": "enum", "values": {"1": "male"}}, ["1"]),
    ({"type": "list", "of": {"type": "integer"}}, ["x"]),
    ({"type": "object", "members": {"k": "v"}}, [{"v": "1"}]),
    ({"type": "text", "required": True}, ""),
]


@pytest.mark.parametrize(("described", "leaf"), REFUSES)
def test_types_refuse_nonsense(described, leaf):
    """A value that is not of the type is the registry's fault."""
    read, _ = read_field({"path": "f", **described}, "/f")
    with pytest.raises(RegistryInvalid):
        read({"f": leaf})


def test_missing_members_are_drift_unless_optional():
    """A JSON member that is not there is drift; an optional one is None."""
    with pytest.raises(RegistryInvalid):
        read_field("f", "/f")[0]({})
    assert read_field({"path": "f", "optional": True}, "/f")[0]({}) is None


def test_places_are_told_for_drift():
    """A reader says which places of the reply it knows, lists and objects included."""
    of = {"type": "object", "members": {"a": "x/y", "b": "z"}}
    assert read_field({"path": "f", "type": "list", "of": of}, "/f")[1] == (("f", "x", "y"), ("f", "z"))


@pytest.mark.parametrize(
    "described",
    [
        {"type": "date"},
        {"type": "enum"},
        {"type": "object"},
        {"type": "address"},
        {"type": "list"},
        {"type": "blob"},
        7,
        {"path": "a//b"},
    ],
)
def test_incomplete_descriptions_are_refused(described):
    """A type without its particulars is the operator's mistake."""
    with pytest.raises(MappingError):
        read_field(described, "/f")
