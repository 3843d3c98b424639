"""Envelopes are read strictly and broken on purpose."""

import pytest
from lxml import etree

from mocks.behaviour import Reply
from mocks.envelopes import (
    RequestError,
    fault,
    only_child,
    parse,
    parser,
    reply,
    with_entity_bomb,
    with_external_entity,
    with_two_bodies,
)


@pytest.mark.parametrize(
    "body",
    [b"", b"<a", b"<a/>", b"<!DOCTYPE a><a/>", b'<x:Envelope xmlns:x="http://www.w3.org/2003/05/soap-envelope"/>'],
)
def test_other_documents_are_refused(body):
    """What is no SOAP 1.1 envelope is the caller's error."""
    with pytest.raises(RequestError):
        parse(body, parser())


def test_a_document_type_is_refused():
    """An envelope with a DTD is refused."""
    body = reply("<a/>").body.replace(b"?>\n", b"?>\n<!DOCTYPE soap>\n")
    with pytest.raises(RequestError):
        parse(body, parser())


def test_one_body_with_one_child_is_wanted():
    """The child is returned; none, two, or two Bodies are refused."""
    assert only_child(parse(reply("<a/>").body, parser())).tag == "a"
    for broken in (reply(""), reply("<a/><b/>"), with_two_bodies(reply("<a/>"))):
        with pytest.raises(RequestError):
            only_child(parse(broken.body, parser()))


def test_faults_escape_their_text():
    """A fault's text is text."""
    answered = fault("Client", "<b>&")
    assert answered.status == 500
    assert etree.fromstring(answered.body).findtext(".//faultstring") == "<b>&"


def test_entities_stand_in_for_a_value():
    """The value is replaced, and the document type declares what replaces it."""
    right: Reply = reply("<a>x</a>")
    assert b"<a>&leak;</a>" in with_external_entity(right, "x", "http://127.0.0.1:1/_trap").body
    assert b"<a>&e12;</a>" in with_entity_bomb(right, "x").body
