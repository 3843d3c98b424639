"""How a reply's places become a record's fields, as a registry's TOML says it: a path, a type and its particulars.

A reply is a tree of objects, lists and leaves (`adapters.trees`). A reader takes the record's tree and returns a
JSON-ready value, None where the registry has none, or raises `RegistryInvalid`: what cannot be read is never None.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.contract import RegistryInvalid
from adapters.errors import MappingError
from adapters.toml_table import Table
from adapters.trees import Path, at, parse_path, present
from adapters.values import date_text
from schemas.dates import DATE_FORMATS

Reader = Callable[[Any], Any]
Convert = Callable[[Any], Any]

_ADDRESS = ("province", "district", "ward", "detail", "country")
_RELATIVE = ("full_name", "personal_id")
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def read_field(value: Any, pointer: str) -> tuple[Reader, tuple[Path, ...]]:
    """Read one field's description: its reader, and the places of the reply it knows about."""
    table = Table({"path": value} if isinstance(value, str) else value, pointer)
    path = parse_path(table.text("path", "."), table.at("path"))
    optional, required = table.flag("optional"), table.flag("required")
    listed = table.text("type", "text") == "list"
    convert, below = _converter(table)
    table.done()

    def read(tree: Any) -> Any:
        if optional and not present(tree, path):
            return None
        leaf = at(tree, path)
        if listed and leaf is None:
            return []
        found = None if leaf is None or leaf == "" else convert(leaf)
        if found is None and required:
            raise RegistryInvalid("half-empty")
        return found

    return read, tuple(path + place for place in below)


def _converter(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    kind = table.text("type", "text")
    make = _TYPES.get(kind)
    if make is None:
        raise MappingError(table.at("type"), f"is {kind!r}; known are: {', '.join(_TYPES)}")
    return make(table)


def _text(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    del table
    return _as_text, ((),)


def _as_text(leaf: Any) -> str:
    if type(leaf) is not str:
        raise RegistryInvalid("schema-drift")
    return leaf


def _date(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    formats = table.texts("format")
    if not formats or not DATE_FORMATS.issuperset(formats):
        raise MappingError(table.at("format"), f"must be one or more of: {', '.join(sorted(DATE_FORMATS))}")
    return (lambda leaf: date_text(_as_text(leaf), *formats)), ((),)


def _enum(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    values = table.table("values")
    words = {code: values.text(code) for code in values.names()}
    if not words:
        raise MappingError(table.at("values"), "is missing: give a table of the registry's codes and our words")

    def convert(leaf: Any) -> str:
        word = words.get(_code(leaf))
        if word is None:
            raise RegistryInvalid("unknown-code")
        return word

    return convert, ((),)


def _code(leaf: Any) -> str:
    """Return a code as text: JSON registries write codes as texts, integers or truth values."""
    if type(leaf) is bool:
        return "true" if leaf else "false"
    if type(leaf) is int or type(leaf) is str:
        return str(leaf)
    raise RegistryInvalid("schema-drift")


def _integer(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    del table

    def convert(leaf: Any) -> int:
        if type(leaf) is int:
            return leaf
        if type(leaf) is not str or not _INTEGER.fullmatch(leaf):
            raise RegistryInvalid("bad-number")
        return int(leaf)

    return convert, ((),)


def _decimal(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    del table

    def convert(leaf: Any) -> str:
        text = repr(leaf) if type(leaf) in {int, float} else leaf
        if type(text) is not str or not _DECIMAL.fullmatch(text):
            raise RegistryInvalid("bad-number")
        return text

    return convert, ((),)


def _boolean(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    del table

    def convert(leaf: Any) -> bool:
        value = leaf if type(leaf) is bool else _TRUTH.get(leaf) if type(leaf) is str else None
        if value is None:
            raise RegistryInvalid("bad-boolean")
        return value

    return convert, ((),)


def _object(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    members = table.table("members")
    readers = {name: read_field(members.raw(name), members.at(name)) for name in members.names()}
    if not readers:
        raise MappingError(table.at("members"), "is missing: give a table of members")
    return _assemble({name: reader for name, (reader, _) in readers.items()}), _places(readers)


def _fixed(names: tuple[str, ...]) -> Callable[[Table], tuple[Convert, tuple[Path, ...]]]:
    """Make the reader of a shape of PROTOCOL section 3: members not described are None."""

    def make(table: Table) -> tuple[Convert, tuple[Path, ...]]:
        members = table.table("members")
        for name in members.names():
            if name not in names:
                raise MappingError(members.at(name), f"is not known here; known are: {', '.join(names)}")
        readers = {name: read_field(members.raw(name), members.at(name)) for name in names if name in members}
        if not readers:
            raise MappingError(table.at("members"), f"is missing: say where {', '.join(names)} are")
        absent: dict[str, Reader] = dict.fromkeys(names, _nothing)
        return _assemble({**absent, **{name: reader for name, (reader, _) in readers.items()}}), _places(readers)

    return make


def _nothing(_: Any) -> None:
    return None


def _assemble(readers: Mapping[str, Reader]) -> Convert:
    def convert(leaf: Any) -> dict[str, Any] | None:
        if type(leaf) is list:
            raise RegistryInvalid("two-results")
        value = {name: read(leaf) for name, read in readers.items()}
        return value if any(member is not None for member in value.values()) else None

    return convert


def _places(readers: Mapping[str, tuple[Reader, tuple[Path, ...]]]) -> tuple[Path, ...]:
    return tuple(place for _, places in readers.values() for place in places)


def _list(table: Table) -> tuple[Convert, tuple[Path, ...]]:
    read, places = read_field(table.raw("of"), table.at("of"))

    def convert(leaf: Any) -> list[Any]:
        return [read(item) for item in (leaf if type(leaf) is list else [leaf])]

    return convert, places


_TYPES: dict[str, Callable[[Table], tuple[Convert, tuple[Path, ...]]]] = {
    "text": _text,
    "date": _date,
    "enum": _enum,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "object": _object,
    "address": _fixed(_ADDRESS),
    "relative": _fixed(_RELATIVE),
    "list": _list,
}
