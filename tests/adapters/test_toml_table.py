"""TOML tables: every wrong member is named by a pointer and told what it should be."""

import pytest

from adapters.errors import MappingError
from adapters.toml_table import Table

TABLE = {
    "text": "x",
    "texts": ["a", "b"],
    "flag": True,
    "table": {"a": 1},
    "tables": [{}, {}],
    "number": 7,
    "blank": "",
}


def test_members_are_read_by_kind():
    """Texts, lists, flags and tables are read; what is absent has its default."""
    table = Table(TABLE, "/p")
    assert (table.text("text"), table.texts("texts"), table.texts("text"), table.flag("flag")) == (
        "x",
        ("a", "b"),
        ("x",),
        True,
    )
    assert (table.text("absent", "d"), table.optional_text("absent"), table.texts("absent")) == ("d", None, ())
    assert [inner.pointer for inner in table.tables("tables")] == ["/p/tables/0", "/p/tables/1"]
    assert list(table.table("table").names()) == ["a"]


WRONG = {
    "absent": lambda table: table.text("absent"),
    "number": lambda table: table.text("number"),
    "blank": lambda table: table.text("blank"),
    "text": lambda table: table.flag("text"),
    "flag": lambda table: table.texts("flag"),
    "texts": lambda table: table.table("texts"),
    "table": lambda table: table.tables("table"),
}


@pytest.mark.parametrize("member", WRONG)
def test_wrong_members_are_named(member):
    """A member of another kind raises with its pointer."""
    with pytest.raises(MappingError) as caught:
        WRONG[member](Table(TABLE, "/p"))
    assert caught.value.pointer == f"/p/{member}"


def test_unasked_members_are_refused():
    """A member nobody asked for is a mistake, and its pointer is escaped as RFC 6901 says."""
    table = Table({"a": "x", "b/c~": 1}, "/p")
    table.text("a")
    with pytest.raises(MappingError) as caught:
        table.done()
    assert caught.value.pointer == "/p/b~1c~0"
