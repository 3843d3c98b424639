"""RFC 9421 section 2: component identifiers, and the value each has in a message.

Two moments of refusal: a component list that is no well-formed list of identifiers is `malformed`; an identifier that
is well-formed but has no value here (an absent field, an unknown derived component, `;tr`, `;req` in a request) makes
the signature base impossible, so the signature is `invalid`.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from signing.errors import SignatureError
from signing.field_writer import serialise_item, serialise_member_value, serialise_params
from signing.fields import (
    Dictionary,
    InnerList,
    Item,
    Parameters,
    parse_dictionary,
    parse_list,
    serialise_dictionary,
    serialise_list,
)
from signing.request import Message, Request

_NAME = re.compile(r"@?[!#$%&'*+\-.^_`|~0-9a-z]+")
_FOLD = re.compile(r"[ \t]*\r\n[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CACHED_LENGTH = 1024
"""Longer lists are worked out each time, so that the caches stay small."""
_FLAGS = frozenset({"sf", "bs", "req"})
_PARSED_ONCE = frozenset({"signature", "signature-input"})
"""Dictionaries that verifying has parsed already."""
_BY_KEY = frozenset({"key"})

_DICTIONARIES = frozenset(
    {
        "accept-signature",
        "cache-control",
        "content-digest",
        "lienthong-receipt",
        "priority",
        "repr-digest",
        "signature",
        "signature-input",
        "want-content-digest",
        "want-repr-digest",
    }
)
_LISTS = frozenset({"accept-ch", "cache-status", "client-cert-chain", "proxy-status"})
"""Fields whose structured type is known, for `;sf` (section 2.1.1 asks to fail where it is not)."""


@dataclass(frozen=True, slots=True)
class Component:
    """A component identifier: name, parameters, and the identifier as serialised (section 2.5).

    `asked` are the names of the parameters other than `req`, which `of_request` tells; `derived` says that the name is
    that of a derived component, not of a field.
    """

    name: str
    params: Parameters
    identifier: str
    asked: frozenset[str]
    of_request: bool
    derived: bool


@dataclass(frozen=True, slots=True)
class Covered:
    """A component list: its components, their identifiers, its canonical text, and the names without parameters.

    `template` is the signature base with a place for each component's value and one for the parameters (section 2.5).
    """

    components: tuple[Component, ...]
    identifiers: tuple[str, ...]
    text: str
    plain: frozenset[str]
    template: str


def _unavailable(component: Component, why: str) -> SignatureError:
    return SignatureError("invalid", f"a covered component {why}", component.identifier)


def _component(item: Item) -> Component:
    name = item.value
    if type(name) is not str or not _NAME.fullmatch(name) or name == "@signature-params":
        raise SignatureError("malformed", "a covered component is no component name in lower case")
    for key, value in item.params.items():
        wrong = (key in _FLAGS and value is not True) or (key in ("key", "name") and type(value) is not str)
        if wrong:
            raise SignatureError("malformed", "a component parameter has the wrong type")
    asked = frozenset(item.params) - {"req"}
    return Component(name, item.params, serialise_item(item), asked, "req" in item.params, name.startswith("@"))


def _cover(items: Sequence[Item]) -> Covered:
    components = tuple(map(_component, items))
    identifiers = tuple(component.identifier for component in components)
    names = {(component.name, frozenset(component.params.items())) for component in components}
    if len(names) != len(components):
        raise SignatureError("malformed", "a component is covered twice")
    plain = frozenset(component.name for component in components if not component.params)
    lines = [f"{identifier.replace('%', '%%')}: %s\n" for identifier in identifiers]
    return Covered(
        components, identifiers, f"({' '.join(identifiers)})", plain, f'{"".join(lines)}"@signature-params": %s'
    )


@lru_cache(maxsize=256)
def _cover_cached(text: str) -> Covered:
    members = parse_list(text)
    return _cover(members[0].items if isinstance(members[0], InnerList) else ())


def covered(value: InnerList) -> Covered:
    """Return the component list of a `Signature-Input` member. Raises `SignatureError` (`malformed`)."""
    if value.text and len(value.text) <= _CACHED_LENGTH:
        return _cover_cached(value.text)
    return _cover(value.items)


def cover(identifiers: Sequence[str]) -> Covered:
    """Return the component list of names (`@method`) or serialised identifiers (`"x";sf`). Raises `SignatureError`."""
    texts = (text if text.startswith('"') else f'"{text}"' for text in identifiers)
    return _cover_cached(f"({' '.join(texts)})")


def _form_encode(text: str) -> str:
    """Percent-encode with the application/x-www-form-urlencoded set and %20 for a space (section 2.2.8)."""
    return quote(text, safe="*-._", errors="replace").replace("~", "%7E")


def _query_param(component: Component, request: Request) -> str:
    name = component.params.get("name")
    try:
        pairs = parse_qsl(request.derived["@query"][1:], keep_blank_values=True, errors="replace")
    except ValueError as error:
        raise _unavailable(component, "asks for a query that cannot be parsed") from error
    values = [_form_encode(value) for key, value in pairs if _form_encode(key) == name]
    if len(values) != 1:
        raise _unavailable(component, "names a query parameter that is not there exactly once")
    return values[0]


def _by_parameter(component: Component, message: Message) -> str:
    if component.name == "@query-param" and component.asked == {"name"} and isinstance(message, Request):
        return _query_param(component, message)
    raise _unavailable(component, "cannot be derived from this message")


def _strip(component: Component, line: str) -> str:
    """One field line, folded and stripped (section 2.1)."""
    if not line.isprintable() and _CONTROL.search(line):
        line = _FOLD.sub(" ", line)
        if _CONTROL.search(line):
            raise _unavailable(component, "holds a control character")
    return line.strip(" \t")


def _structured(component: Component, text: str) -> str:
    if component.name in _DICTIONARIES:
        return serialise_dictionary(parse_dictionary(text))
    if component.name in _LISTS:
        return serialise_list(parse_list(text))
    raise _unavailable(component, "is a field whose structured type is not known")


@lru_cache(maxsize=256)
def _canonical(text: str) -> str:
    """Return an inner list in canonical form: a bounded cache, since clients repeat theirs."""
    return serialise_list(parse_list(text))


def _member(component: Component, known: Dictionary) -> str:
    member = known.get(str(component.params["key"]))
    if member is None:
        raise _unavailable(component, "names a dictionary member that is not there")
    value = member.value
    if isinstance(value, InnerList) and len(value.text) <= _CACHED_LENGTH:
        return _canonical(value.text) + (value.written or serialise_params(value.params))
    return serialise_member_value(value)


def _octets(component: Component, line: str) -> bytes:
    """Return a line's octets, those that were no UTF-8 included (they came as surrogate escapes)."""
    try:
        return line.encode(errors="surrogateescape")
    except UnicodeEncodeError as error:
        raise _unavailable(component, "is no text") from error


def _parameterised_field(component: Component, lines: list[str]) -> str:
    asked, text = component.asked, ", ".join(lines)
    try:
        if asked <= {"key", "sf"}:
            return _member(component, parse_dictionary(text)) if "key" in asked else _structured(component, text)
    except SignatureError as error:
        raise _unavailable(component, "is a structured field that cannot be read") from error
    if asked == {"bs"}:
        return ", ".join(f":{b64encode(_octets(component, line)).decode()}:" for line in lines)
    raise _unavailable(component, "has parameters that do not go together or are not supported")


def _field(component: Component, message: Message) -> str:
    raw = message.lines(component.name)
    if not raw:
        raise _unavailable(component, "is a field that is not there")
    if component.name in _PARSED_ONCE and component.asked == _BY_KEY:
        try:
            return _member(component, message.dictionary(component.name))
        except SignatureError as error:
            raise _unavailable(component, "is a structured field that cannot be read") from error
    lines = [_strip(component, line) for line in raw]
    if component.asked:
        return _parameterised_field(component, lines)
    return lines[0] if len(lines) == 1 else ", ".join(lines)


def value_of(component: Component, message: Message, request: Request | None = None) -> str:
    """Return the component's value in `message`, or with `;req` in the `request` it answers.

    Raises `SignatureError` (`invalid`) where it has none, or none that RFC 9421 allows to be signed.
    """
    if component.of_request:
        if request is None:
            raise _unavailable(component, "belongs to a request that is not there")
        message = request
    if component.derived:
        value = None if component.asked else message.derived.get(component.name)
        return _by_parameter(component, message) if value is None else value
    if not component.asked:
        line = message.fields.line(component.name)
        if line is not None and line.isprintable():  # as nearly always: nothing to fold, refuse or join
            return line.strip(" \t")
    return _field(component, message)
