"""The schemas of a WSDL as one libxml2 validator (W3C XML Schema 1.0).

An inline schema does not see its neighbours, so a wrapper schema imports each of them through a resolver that
knows the given texts and nothing else: no file is opened and no network is used (THREATS D26).
"""

from collections.abc import Iterator, Mapping

from lxml import etree

from adapters.errors import MappingError

BASE = "file:///contract/"
"""Where the given texts pretend to live; relative locations resolve under it and nothing is ever opened there."""

_XS = "{http://www.w3.org/2001/XMLSchema}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


def file_name(url: str) -> str:
    """Return the name under which a location is looked up among the given texts."""
    return url.removeprefix(BASE)


def compile_schemas(wsdl: str, files: Mapping[str, str]) -> etree.XMLSchema:
    """Return the validator of every schema in the WSDL named `wsdl`; `MappingError` where one cannot be used."""
    texts = {name: text.encode() for name, text in files.items()}
    namespaces: dict[str, list[str]] = {}
    for number, schema in enumerate(_inline(wsdl, texts, frozenset())):
        name = f"inline-{number}.xsd"
        texts[name] = etree.tostring(schema)
        namespaces.setdefault(schema.get("targetNamespace", ""), []).append(name)
    if not namespaces:
        raise MappingError("/wsdl", f"{wsdl} holds no schema in its types")
    parser = _parser(texts)
    try:
        return etree.XMLSchema(etree.fromstring(_wrapper(namespaces, texts), parser, base_url=BASE + "wrapper.xsd"))
    except etree.LxmlError as error:
        raise MappingError("/wsdl", f"the schemas of {wsdl} do not compile: {error}") from None


class _Known(etree.Resolver):
    """Hands out the given texts; raises for anything else, so that nothing is fetched."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        super().__init__()
        self._texts = texts

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]  # the stub hides the opaque context
        del public_id
        name = file_name(system_url)
        if name not in self._texts:
            raise MappingError("/wsdl", f"imports {name!r}, which is not among the files given")
        return self.resolve_string(self._texts[name], context, base_url=BASE + name)


def _parser(texts: Mapping[str, bytes]) -> etree.XMLParser[etree._Element]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(_Known(texts))
    return parser


def _inline(wsdl: str, texts: Mapping[str, bytes], seen: frozenset[str]) -> Iterator[etree._Element]:
    """Yield the schemas of a WSDL and of the WSDLs it imports."""
    root = etree.fromstring(texts[wsdl], _parser(texts))
    for node in root.iter(_XS + "import", _XS + "include", _XS + "redefine", _WSDL + "import"):
        location = node.get("schemaLocation") or node.get("location")
        if location is not None and file_name(location) not in texts:
            raise MappingError("/wsdl", f"imports {location!r}, which is not among the files given")
    for node in root.iter(_WSDL + "import"):
        name = file_name(node.get("location", ""))
        if name not in seen and name != wsdl:
            yield from _inline(name, texts, seen | {wsdl})
    yield from root.iterfind(f"{_WSDL}types/{_XS}schema")


def _wrapper(namespaces: Mapping[str, list[str]], texts: dict[str, bytes]) -> bytes:
    """Import each namespace once: several schemas of one namespace are first included into one."""
    root = etree.Element(_XS + "schema", nsmap={"xs": _XS[1:-1]})
    for number, (namespace, names) in enumerate(namespaces.items()):
        if not namespace:
            for name in names:
                etree.SubElement(root, _XS + "include", schemaLocation=BASE + name)
            continue
        location = names[0]
        if len(names) > 1:
            location = f"joined-{number}.xsd"
            joined = etree.Element(_XS + "schema", targetNamespace=namespace)
            for name in names:
                etree.SubElement(joined, _XS + "include", schemaLocation=BASE + name)
            texts[location] = etree.tostring(joined)
        etree.SubElement(root, _XS + "import", namespace=namespace, schemaLocation=BASE + location)
    return etree.tostring(root)
