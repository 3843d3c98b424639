"""The schemas of a WSDL as one validator: inline ones see each other, files only among those given."""

import pytest
from lxml import etree

from adapters.errors import MappingError
from adapters.xsd import compile_schemas

XS = 'xmlns:x="http://www.w3.org/2001/XMLSchema"'


def wsdl(*schemas: str, head: str = "") -> str:
    """Write a WSDL with these schemas."""
    return f'<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/">{head}<w:types>{"".join(schemas)}</w:types></w:definitions>'


FIRST = (
    f'<x:schema {XS} xmlns:b="urn:b" targetNamespace="urn:a"><x:import namespace="urn:b"/>'
    '<x:element name="a" type="b:short"/></x:schema>'
)
SHORT = (
    '<x:simpleType name="short"><x:restriction base="x:string"><x:maxLength value="3"/></x:restriction></x:simpleType>'
)
SECOND = f'<x:schema {XS} targetNamespace="urn:b">{SHORT}</x:schema>'


def valid(schema: etree.XMLSchema, text: str) -> bool:
    """Say whether a document is valid."""
    return schema.validate(etree.fromstring(text))


def test_inline_schemas_see_each_other():
    """An element of one inline schema may have a type of another, and is held to it."""
    schema = compile_schemas("a.wsdl", {"a.wsdl": wsdl(FIRST, SECOND)})
    assert valid(schema, '<a xmlns="urn:a">abc</a>')
    assert not valid(schema, '<a xmlns="urn:a">abcd</a>')
    assert not valid(schema, '<a xmlns="urn:b">abc</a>')


def test_two_schemas_of_one_namespace_are_joined():
    """Several inline schemas of the same namespace count together."""
    one = f'<x:schema {XS} xmlns:b="urn:b" targetNamespace="urn:b"><x:element name="a" type="b:short"/></x:schema>'
    schema = compile_schemas("a.wsdl", {"a.wsdl": wsdl(one, SECOND)})
    assert valid(schema, '<a xmlns="urn:b">abc</a>')
    assert not valid(schema, '<a xmlns="urn:b">abcd</a>')


def test_imports_come_from_the_files_given():
    """A schema and a WSDL imported by name are found among the texts; a missing one is an error that names it."""
    first = FIRST.replace('namespace="urn:b"/>', 'namespace="urn:b" schemaLocation="b.xsd"/>')
    files = {"a.wsdl": wsdl(first), "b.xsd": SECOND}
    assert not valid(compile_schemas("a.wsdl", files), '<a xmlns="urn:a">abcd</a>')
    outer = wsdl(head='<w:import namespace="urn:w" location="a.wsdl"/>')
    assert valid(compile_schemas("o.wsdl", {**files, "o.wsdl": outer}), '<a xmlns="urn:a">abc</a>')
    with pytest.raises(MappingError, match=r"b\.xsd"):
        compile_schemas("a.wsdl", {"a.wsdl": wsdl(first)})


@pytest.mark.parametrize(
    "text",
    [wsdl(), wsdl(FIRST), wsdl(f"<x:schema {XS}><x:element name='a' type='x:nonsense'/></x:schema>")],
)
def test_schemas_that_do_not_compile_are_refused(text):
    """No schema at all, an unresolved type and an unknown one are errors of the configuration."""
    with pytest.raises(MappingError):
        compile_schemas("a.wsdl", {"a.wsdl": text})


def test_schema_without_a_namespace_is_included():
    """A schema without a target namespace judges elements without one."""
    schema = compile_schemas(
        "a.wsdl", {"a.wsdl": wsdl(f'<x:schema {XS}><x:element name="a" type="x:date"/></x:schema>')}
    )
    assert valid(schema, "<a>2026-01-31</a>")
    assert not valid(schema, "<a>2026-02-30</a>")
