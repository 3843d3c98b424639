"""SOAP 1.1 by contract: the WSDL names the operations, shapes the requests and judges every reply.

zeep reads the WSDL (from the texts it is given, never from the network) and makes one envelope per shape of
request when an adapter is built; asking fills that envelope in, which costs 5 µs instead of zeep's 160. Replies
never meet zeep: they are parsed hardened (no DTD, no entities, no network), must hold one Body with one child, and
that child must pass libxml2's validation against every schema of the WSDL. Anything else is `RegistryInvalid`
(THREATS D21 to D26, DESIGN section 5). This is the only module that imports zeep.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Error as ZeepError
from zeep.wsdl import Document

from adapters.contract import RegistryFault, RegistryInvalid
from adapters.errors import MappingError
from adapters.http import MAX_BODY
from adapters.xsd import BASE, compile_schemas, file_name
from signing.xml import XmlRefused, parse_xml

HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_ENVELOPE, _HEADER, _BODY, _FAULT = (_SOAP + name for name in ("Envelope", "Header", "Body", "Fault"))
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_MAX_DEPTH = 12
_STRUCTURE = frozenset({"SCHEMAV_ELEMENT_CONTENT", "SCHEMAV_CVC_ELT_1", "SCHEMAV_CVC_COMPLEX_TYPE_4"})
_XS = "http://www.w3.org/2001/XMLSchema"


class _Texts:
    """zeep's transport over texts already at hand: whatever is not among them does not exist."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def load(self, url: str) -> bytes:
        name = file_name(url)
        if name not in self._files:
            raise MappingError("/wsdl", f"imports {name!r}, which is not among the files given")
        return self._files[name].encode()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place in a message that holds a text.

    `path` is as in `adapters.trees`, `type_name` the built-in XSD type, `under` the nearest element around it that may
    repeat (empty where none does).
    """

    path: str
    type_name: str
    optional: bool
    repeated: bool
    under: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """An envelope of one shape, with a gap per value."""

    pieces: tuple[str, ...]

    def fill(self, values: Sequence[str]) -> bytes:
        """Return the envelope's bytes; `RegistryFault` where a value holds what XML cannot carry."""
        text = "".join(values)
        if _ILLEGAL.search(text):
            raise RegistryFault("unsendable")
        if "&" in text or "<" in text or ">" in text:
            values = list(map(escape, values))
        gaps = zip(values, self.pieces[1:], strict=True)
        return (self.pieces[0] + "".join(chain.from_iterable(gaps))).encode()


class Operation:
    """One operation: how its requests are made and which element answers it."""

    def __init__(self, operation: Any, schema: etree.XMLSchema) -> None:
        self._operation = operation
        self._schema = schema
        self.name: str = operation.name
        self.soap_action: str = operation.soapaction or ""
        self.request_tag: str = _element_of(operation.name, operation.input)
        self.reply_tag: str = _element_of(operation.name, operation.output)

    def template(self, paths: Sequence[str], constants: Mapping[str, str] | None = None) -> Template:
        """Return the envelope with a gap at each of `paths` and the constants filled in.

        Raises `MappingError` where the WSDL has no such element, misses a mandatory one, or has a choice
        between two that are given.
        """
        marks = [f"\ue000{index}\ue001" for index in range(len(paths))]
        arguments: dict[str, Any] = {}
        for path, value in [*zip(paths, marks, strict=True), *(constants or {}).items()]:
            _plant(arguments, path, value)
        try:
            content = self._operation.create(**arguments).content
        except (ZeepError, TypeError, ValueError, AttributeError) as error:
            raise MappingError("/request", f"does not fit the operation {self.name}: {error}") from None
        self._check_shape(only_child(content))
        text: str = etree.tostring(content, encoding="unicode")
        return Template(_split(_DECLARATION + text, list(paths), marks))

    def _check_shape(self, child: etree._Element) -> None:
        """Hold a request with marks for values against the schema's structure: zeep lets a choice stay empty."""
        self._schema.validate(child)
        for entry in self._schema.error_log:
            if entry.type_name in _STRUCTURE:
                raise MappingError("/request", f"does not fit the operation {self.name}: {entry.message}")

    def request_leaves(self) -> tuple[Leaf, ...]:
        """Return every place of the request that can take a value."""
        return tuple(_leaves(self._operation.input.body, _Place(), frozenset()))

    def reply_leaves(self) -> tuple[Leaf, ...]:
        """Return every place of the reply that can hold a value."""
        return tuple(_leaves(self._operation.output.body, _Place(), frozenset()))


class Contract:
    """A WSDL that was read: its operations and its verdict on replies."""

    def __init__(self, wsdl: str, files: Mapping[str, str]) -> None:
        """Read the file named `wsdl` among `files` (name → text); `MappingError` where it cannot be used."""
        if wsdl not in files:
            raise MappingError("/wsdl", f"names {wsdl!r}, which is not among the files given")
        texts: Any = _Texts(files)
        settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True)
        try:
            document = Document(BASE + wsdl, texts, settings=settings)
            service = Client(document, transport=texts, settings=settings).service  # type: ignore[no-untyped-call]  # zeep
        except MappingError:
            raise
        except (ZeepError, ValueError, LookupError, NotImplementedError, etree.LxmlError) as error:
            # NotImplementedError is zeep's word for parts of WSDL that it does not read
            raise MappingError("/wsdl", f"{wsdl} cannot be read as a WSDL: {error}") from None
        binding = service._binding  # noqa: SLF001 — zeep offers no public way from a service to its operations
        self._schema = compile_schemas(wsdl, files)
        self.operations = {name: Operation(found, self._schema) for name, found in binding.all().items()}

    def operation(self, name: str) -> Operation:
        """Return the operation called `name`, or raise `MappingError` that lists the ones there are."""
        if name not in self.operations:
            raise MappingError("/operation", f"names {name!r}; the WSDL has: {', '.join(sorted(self.operations))}")
        return self.operations[name]

    def reply(self, data: bytes, operation: Operation) -> etree._Element:
        """Return the one child of the one Body of `data`, of the operation's reply type and valid."""
        return self.checked(only_child(parse(data)), operation)

    def checked(self, child: etree._Element, operation: Operation) -> etree._Element:
        """Return `child` when it is a valid reply of `operation`; a fault and drift raise."""
        if child.tag == _FAULT:
            raise RegistryFault("soap-fault")
        if child.tag != operation.reply_tag or not self._schema.validate(child):
            raise RegistryInvalid("schema-drift")
        return child


def parse(data: bytes) -> etree._Element:
    """Parse as `signing.xml.parse_xml` does; comments, instructions and entities, which cut texts, are refused."""
    try:
        root = parse_xml(data, MAX_BODY)
    except XmlRefused:
        raise RegistryInvalid("garbage") from None
    if next(root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity), None) is not None:
        raise RegistryInvalid("garbage")
    return root


def only_child(envelope: etree._Element) -> etree._Element:
    """Return the one element of the one Body of a SOAP 1.1 envelope; `RegistryInvalid` for any other shape."""
    parts = list(envelope)
    if envelope.tag != _ENVELOPE or [part.tag for part in parts] not in ([_BODY], [_HEADER, _BODY]):
        raise RegistryInvalid("envelope")
    children = list(parts[-1])
    if len(children) != 1 or not isinstance(children[0].tag, str) or (parts[-1].text or "").strip():
        raise RegistryInvalid("body")
    return children[0]


def _element_of(operation: str, message: Any) -> str:
    element = getattr(message, "body", None)
    if element is None or getattr(element, "qname", None) is None or element.qname.namespace is None:
        raise MappingError("/operation", f"{operation} is not document/literal with one element a message")
    return str(element.qname.text)


def _plant(arguments: dict[str, Any], path: str, value: str) -> None:
    *parents, name = path.split("/")
    for parent in parents:
        arguments = arguments.setdefault(parent, {})
    arguments[name.removeprefix("@")] = value


def _split(rest: str, paths: list[str], marks: list[str]) -> tuple[str, ...]:
    """Cut the envelope at the marks, which must stand in it once each and in the order given."""
    pieces = []
    for path, mark in zip(paths, marks, strict=True):
        piece, found, rest = rest.partition(mark)
        if not found:
            raise MappingError("/request", f"{path} takes no text, or does not stand in the order of the WSDL")
        pieces.append(piece)
    return (*pieces, rest)


def _leaves(element: Any, at: "_Place", seen: frozenset[int]) -> Iterator[Leaf]:
    """Walk an element's type; a type inside itself is not entered twice."""
    kind = element.type
    if not hasattr(kind, "elements"):
        yield Leaf(at.path, _base_name(kind), element.is_optional, _many(element), at.under)
        return
    if id(kind) in seen or len(seen) > _MAX_DEPTH:
        return
    below = f"{at.path}/" if at.path else ""
    under = at.path if _many(element) else at.under
    for name, attribute in kind.attributes:
        optional = not getattr(attribute, "required", False)
        yield Leaf(f"{below}@{name}", _base_name(attribute.type), optional, repeated=False, under=under)
    for _, child in kind.elements:
        if hasattr(child, "type"):
            yield from _leaves(child, _Place(f"{below}{child.name}", under), seen | {id(kind)})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands: the path, and the nearest element around it that may repeat."""

    path: str = ""
    under: str = ""


def _base_name(kind: Any) -> str:
    """Return the name of the built-in type that a simple type is, or restricts."""
    for ancestor in type(kind).__mro__:
        name = ancestor.__dict__.get("_default_qname")
        if name is not None and name.namespace == _XS:
            return str(name.localname)
    return "string"


def _many(element: Any) -> bool:
    return bool(element.max_occurs == "unbounded" or element.max_occurs > 1)
