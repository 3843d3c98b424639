"""SOAP 1.1 as the two SOAP registries speak it: the request's one Body child, replies, faults, broken replies.

Requests are parsed without DTDs, entities and network. Replies are text: the person's values are our own
and hold no markup, and what a caller sent is escaped.
"""

from xml.sax.saxutils import escape

from lxml import etree

from mocks.behaviour import Reply
from mocks.words import words

XML = "text/xml; charset=utf-8"
SOAP_NS = "http://schemas.xmlsoap.org/soap/envelope/"

SOAP_MODES = frozenset(
    words(
        "fault drift another_person two_results wrong_request two_bodies xxe entity_bomb bad_boolean bad_date "
        "wrong_namespace"
    )
)
"""Misbehaviours of content that both SOAP registries have."""

_BODY = f"{{{SOAP_NS}}}Body"
_ENVELOPE = f"{{{SOAP_NS}}}Envelope"
_START = f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP_NS}"><soap:Body>'
_END = "</soap:Body></soap:Envelope>"
_BOMB_DEPTH = 12


class RequestError(Exception):
    """A request that is not the SOAP message described: answered with a fault."""


def parser() -> etree.XMLParser:
    """Make a parser that loads nothing and expands nothing."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def parse(body: bytes, reader: etree.XMLParser) -> etree._Element:
    """Read an envelope; `RequestError` on anything else, a document type included."""
    try:
        root = etree.fromstring(body, reader)
    except etree.XMLSyntaxError:
        raise RequestError("not XML") from None
    if root.tag != _ENVELOPE or root.getroottree().docinfo.doctype:
        raise RequestError("not a SOAP 1.1 envelope")
    return root


def only_child(envelope: etree._Element) -> etree._Element:
    """Return the one child of the one Body; `RequestError` where there are more or fewer."""
    bodies = [part for part in envelope if part.tag == _BODY]
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise RequestError("one Body with one child is wanted")
    return bodies[0][0]


def reply(content: str) -> Reply:
    """Wrap a Body's content."""
    return Reply(200, XML, f"{_START}{content}{_END}".encode())


def fault(code: str, text: str, status: int = 500) -> Reply:
    """Make a SOAP fault; `code` is `Client` or `Server`."""
    content = f"<soap:Fault><faultcode>soap:{code}</faultcode><faultstring>{escape(text)}</faultstring></soap:Fault>"
    return Reply(status, XML, f"{_START}{content}{_END}".encode())


def with_two_bodies(answer: Reply) -> Reply:
    """Say it twice, in two Bodies."""
    start = answer.body.index(b"<soap:Body>")
    end = answer.body.index(b"</soap:Body>") + len(b"</soap:Body>")
    return Reply(200, XML, answer.body[:end] + answer.body[start:end] + answer.body[end:])


def with_external_entity(answer: Reply, old: str, trap: str) -> Reply:
    """Replace a value by an external entity: whoever resolves it calls the trap."""
    text = answer.body.decode().replace(f">{old}<", ">&leak;<")
    return _with_doctype(text, f'<!DOCTYPE soap [<!ENTITY leak SYSTEM "{trap}">]>')


def with_entity_bomb(answer: Reply, old: str) -> Reply:
    """Replace a value by entities that expand to 16^12 characters."""
    levels = [f'<!ENTITY e{level} "{f"&e{level - 1};" * 16}">' for level in range(1, _BOMB_DEPTH + 1)]
    text = answer.body.decode().replace(f">{old}<", f">&e{_BOMB_DEPTH};<")
    return _with_doctype(text, f'<!DOCTYPE soap [<!ENTITY e0 "A">{"".join(levels)}]>')


def _with_doctype(text: str, doctype: str) -> Reply:
    return Reply(200, XML, text.replace("?>\n", f"?>\n{doctype}\n", 1).encode())
