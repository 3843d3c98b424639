"""Replies as trees: XML and JSON alike, paths that never pick one of two."""

import pytest
from lxml import etree

from adapters.contract import RegistryInvalid
from adapters.errors import MappingError
from adapters.trees import at, branches, check_known, parse_path, present, tree_of

XML = """<r xmlns="urn:a" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" code="7">
<one>1</one><empty/><many>a</many>
<many>b</many><nothing i:nil="true"/><deep unit="m"><x>y</x></deep><measured unit="kg">5</measured></r>"""


def test_xml_becomes_a_tree():
    """Children by local name, attributes with @, repeated ones as lists, nil as None, texts as leaves."""
    assert tree_of(etree.fromstring(XML)) == {
        "@code": "7",
        "one": "1",
        "empty": "",
        "many": ["a", "b"],
        "nothing": None,
        "deep": {"@unit": "m", "x": "y"},
        "measured": {"@unit": "kg", "#text": "5"},
    }


def test_paths_lead_into_trees():
    """A path finds its place; absent XML elements are None, a null on the way ends it."""
    tree = tree_of(etree.fromstring(XML))
    assert at(tree, ("deep", "x")) == "y"
    assert at(tree, ()) is tree
    assert at(tree, ("absent", "x")) is None
    assert at({"a": None}, ("a", "b")) is None
    assert [present(tree, path) for path in (("one",), ("empty",), ("nothing",), ("absent", "x"))] == [True] + [
        False
    ] * 3


@pytest.mark.parametrize(
    ("tree", "path"), [({}, ("a",)), ({"a": {}}, ("a", "b")), ({"a": "x"}, ("a", "b")), ([], ("a",))]
)
def test_places_that_are_not_there_are_invalid_in_json(tree, path):
    """A missing member, a text where an object should be and a list on the way are the registry's fault."""
    with pytest.raises(RegistryInvalid):
        at(tree, path)


def test_ambiguous_presence_is_invalid():
    """A list where one object is expected is not "present": it is refused."""
    with pytest.raises(RegistryInvalid):
        present({"a": [{"b": 1}]}, ("a", "b"))


def test_unknown_members_are_drift():
    """Members beyond the known paths are refused at any depth; below a known leaf anything goes."""
    known = branches([("a", "b"), ("c",)])
    for fine in ({"a": {"b": 1}, "c": {"x": 1}}, {"a": [{"b": 1}, {}]}, {}, {"a": None}):
        check_known(fine, known)
    for drift in ({"x": 1}, {"a": {"x": 1}}, {"a": [{"x": 1}]}, {"a": "text"}, [7]):
        with pytest.raises(RegistryInvalid):
            check_known(drift, known)


def test_paths_are_names_joined_by_slashes():
    """A path with an empty part is the operator's mistake."""
    assert parse_path("a/@b", "/p") == ("a", "@b")
    assert parse_path(".", "/p") == ()
    for wrong in ("/a", "a/", "a//b"):
        with pytest.raises(MappingError):
            parse_path(wrong, "/p")
