"""Replies as trees of objects, lists and leaves, the same for XML and JSON, and paths into them.

A path is names joined by slashes (`person/name`, attributes `@code`), `.` for the place itself. A path that meets a
list where one value is expected is ambiguous and refused: nothing picks the first of two.
"""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from adapters.contract import RegistryInvalid
from adapters.errors import MappingError

Path = tuple[str, ...]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TEXT = "#text"


def parse_path(text: str, pointer: str) -> Path:
    """Read a path; `MappingError` where a part is empty."""
    if text == ".":
        return ()
    parts = tuple(text.split("/"))
    if not all(parts):
        raise MappingError(pointer, f"is {text!r}: a path is names joined by single slashes")
    return parts


def at(tree: Any, path: Path) -> Any:
    """Return what stands at `path`: None where an object on the way is null, absent only where allowed.

    A member that is missing from a JSON object is drift; from an XML element it is None (its schema allowed it).
    """
    for name in path:
        if tree is None or tree == "":
            return None
        if type(tree) is list:
            raise RegistryInvalid("two-results")
        if isinstance(tree, XmlObject):
            tree = tree.get(name)
        elif type(tree) is dict and name in tree:
            tree = tree[name]
        else:
            raise RegistryInvalid("schema-drift")
    return tree


def present(tree: Any, path: Path) -> bool:
    """Say whether anything stands at `path`; null and empty text do not."""
    for name in path:
        if type(tree) is list:
            raise RegistryInvalid("two-results")
        if not isinstance(tree, dict) or name not in tree:
            return False
        tree = tree[name]
    return tree is not None and tree not in ("", [])


class XmlObject(dict[str, Any]):
    """An XML element with children or attributes: local names, attributes with `@`, repeated ones as lists."""


def tree_of(element: etree._Element) -> Any:
    """Return an element's tree. It must have passed its schema, which is what makes local names enough."""
    if element.get(_NIL) in {"true", "1"}:
        return None
    if not len(element) and not element.attrib:
        return element.text or ""
    found = XmlObject((f"@{etree.QName(name).localname}", value) for name, value in element.attrib.items())
    if not len(element):
        found[TEXT] = element.text or ""
    for child in element:
        name, value = etree.QName(child).localname, tree_of(child)
        if name not in found:
            found[name] = value
        elif type(found[name]) is list:
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def check_known(tree: Any, known: dict[str, Any]) -> None:
    """Refuse a JSON tree that has members beyond the known ones (drift); an empty branch allows everything."""
    if not known or tree is None:
        return
    if type(tree) is list:
        for item in tree:
            check_known(item, known)
        return
    if type(tree) is not dict or not tree.keys() <= known.keys():
        raise RegistryInvalid("schema-drift")
    for name, member in tree.items():
        check_known(member, known[name])


def branches(paths: Iterable[Path]) -> dict[str, Any]:
    """Join paths into one tree of names for `check_known`."""
    root: dict[str, Any] = {}
    for path in paths:
        branch = root
        for name in path:
            branch = branch.setdefault(name, {})
    return root
