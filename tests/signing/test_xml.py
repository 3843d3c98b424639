"""XML signatures: our own, those of signxml in both directions, and everything that is not allowed."""

from datetime import UTC, datetime

import pytest
import signxml
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signing.errors import KeyFormatError, SignatureError
from signing.xml import (
    DS,
    EXC_C14N,
    RSA_SHA256,
    SHA256,
    WSU,
    XmlRefused,
    load_certificate,
    load_signing_key,
    parse_xml,
    sign_by_id,
    verify_signed,
)

WHEN = datetime.fromtimestamp(1_790_000_000, UTC)
PLAIN = f'<r xmlns:u="{WSU}"><a u:Id="one">á</a><b u:Id="two"><c/></b><s/></r>'.encode()


def _signed(identity, data=PLAIN, ids=("one", "two")) -> bytes:
    root = parse_xml(data, 10_000)
    nodes = [root.find(f'.//*[@{{{WSU}}}Id="{name}"]') for name in ids]
    sign_by_id(root.find("s"), load_signing_key(identity.key), nodes)
    return etree.tostring(root, encoding="utf-8")


def _verify(data, identity, wanted=()):
    return verify_signed(parse_xml(data, 100_000), load_certificate(identity.certificate), wanted)


@pytest.mark.parametrize("kind", ["identity", "ec_identity"])
def test_signed_elements_are_handed_back(kind, request):
    """RSA and P-256: the very elements that were signed come back, by Id, and no others."""
    identity = request.getfixturevalue(kind)
    nodes = _verify(_signed(identity, ids=("one",)), identity, ["one"])
    assert {name: node.text for name, node in nodes.items()} == {"one": "á"}


def test_signxml_verifies_what_we_sign(identity):
    """An independent implementation accepts our signature and sees the same elements."""
    config = signxml.SignatureConfiguration(
        expect_references=2, location=".//", require_x509=False, verification_time=WHEN
    )
    certificate = x509.load_pem_x509_certificate(identity.certificate)
    results = signxml.XMLVerifier().verify(
        _signed(identity), x509_cert=certificate, id_attribute="Id", expect_config=config
    )
    assert [etree.QName(result.signed_xml).localname for result in results] == ["a", "b"]


def test_we_verify_what_signxml_signs(identity):
    """A detached-by-Id signature of signxml with exclusive C14N is accepted."""
    root = etree.fromstring(PLAIN)
    signer = signxml.XMLSigner(
        method=signxml.methods.detached, signature_algorithm="rsa-sha256", c14n_algorithm=EXC_C14N
    )
    references = [signxml.SignatureReference(URI="#one", c14n_method=signxml.CanonicalizationMethod(EXC_C14N))]
    signature = signer.sign(
        root,
        key=identity.key,
        cert=identity.certificate.decode(),
        reference_uri=references,
        id_attribute="Id",
    )
    root.find("s").append(signature)
    assert list(_verify(etree.tostring(root), identity)) == ["one"]


def test_a_signature_by_somebody_else_is_refused(identity, other_identity):
    """The key is pinned: a certificate carried in the message changes nothing."""
    with pytest.raises(SignatureError) as caught:
        _verify(_signed(other_identity), identity)
    assert caught.value.code == "invalid"


def _put(old, new):
    return lambda data: data.replace(old.encode(), new.encode())


ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
REFUSED = {
    "text changed": (_put(">á<", ">b<"), "invalid"),
    "attribute added": (_put("<c/>", '<c x="1"/>'), "invalid"),
    "digest changed": (lambda d: d.replace(b"DigestValue>", b"DigestValue>A", 1), "invalid"),
    "signature removed": (lambda d: _without(d, "Signature"), "missing"),
    "signature doubled": (lambda d: d.replace(b"<s>", b"<s>" + _element(d, "Signature")), "malformed"),
    "another element under the same Id": (_put("<s>", '<d Id="one"/><s>'), "malformed"),
    "the same Id in the XML namespace": (_put("<s>", '<d xml:id="one"/><s>'), "malformed"),
    "reference to nothing": (_put('URI="#one"', 'URI="#none"'), "malformed"),
    "reference to everything": (_put('URI="#one"', 'URI=""'), "malformed"),
    "reference to a file": (_put('URI="#one"', 'URI="file:///etc/passwd"'), "malformed"),
    "reference by XPointer": (_put('URI="#one"', 'URI="#xpointer(id(&apos;one&apos;))"'), "malformed"),
    "reference twice": (_put('URI="#two"', 'URI="#one"'), "malformed"),
    "enveloped transform": (
        _put(f'Transform Algorithm="{EXC_C14N}"', f'Transform Algorithm="{ENVELOPED}"'),
        "malformed",
    ),
    "inclusive C14N": (_put(f'Method Algorithm="{EXC_C14N}"', f'Method Algorithm="{INCLUSIVE}"'), "malformed"),
    "comments in C14N": (
        _put(f'Method Algorithm="{EXC_C14N}"', f'Method Algorithm="{EXC_C14N}WithComments"'),
        "malformed",
    ),
    "SHA-1 digest": (_put(SHA256, SHA1), "malformed"),
    "RSA-SHA1": (_put(RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"), "malformed"),
    "HMAC": (_put(RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), "malformed"),
    "an Object": (_put("</ds:Signature>", "<ds:Object/></ds:Signature>"), "malformed"),
    "no references": (lambda d: _without(d, "Reference"), "malformed"),
    "two transforms": (
        lambda d: d.replace(_element(d, "Transform"), _element(d, "Transform") * 2),
        "malformed",
    ),
    "a comment": (_put("<c/>", "<c/><!-- x -->"), "malformed"),
    "a comment inside a signed text": (_put(">á<", ">á<!-- x --><"), "malformed"),
    "a processing instruction": (_put("<c/>", "<c/><?x y?>"), "malformed"),
}


def _find(data, name):
    root = etree.fromstring(data)
    return root, list(root.iter(f"{{{DS}}}{name}"))


def _without(data, name):
    root, nodes = _find(data, name)
    for node in nodes:
        node.getparent().remove(node)
    return etree.tostring(root)


def _element(data, name):
    start = data.index(f"<ds:{name} ".encode())
    end = data.index(b"/>" if name == "Transform" else f"</ds:{name}>".encode(), start)
    return data[start : end + (2 if name == "Transform" else len(f"</ds:{name}>"))]


@pytest.mark.parametrize(("spoil", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_allowed_is_refused(spoil, code, identity):
    """Changed content, doubled Ids and signatures, foreign references, transforms and algorithms."""
    data = _signed(identity)
    spoiled = spoil(data)
    assert spoiled != data
    with pytest.raises(SignatureError) as caught:
        _verify(spoiled, identity)
    assert caught.value.code == code


def test_an_element_that_must_be_signed(identity):
    """A signature over another element than the wanted one is insufficient."""
    with pytest.raises(SignatureError) as caught:
        _verify(_signed(identity, ids=("one",)), identity, ["two"])
    assert caught.value.code == "insufficient"


def test_a_moved_element_is_where_it_was_found(identity):
    """A signed element moved elsewhere verifies, and is handed back at its new place, for the caller to judge."""
    root = parse_xml(_signed(identity, ids=("one",)), 10_000)
    root.find("b").append(root.find("a"))
    (node,) = verify_signed(root, load_certificate(identity.certificate)).values()
    assert node.getparent().tag == "b"


def test_an_element_without_an_id_cannot_be_signed(identity):
    """Nor can two elements that share one."""
    key = load_signing_key(identity.key)
    root = parse_xml(PLAIN, 10_000)
    with pytest.raises(SignatureError):
        sign_by_id(root, key, [root])
    root[1].set(f"{{{WSU}}}Id", "one")
    with pytest.raises(SignatureError):
        sign_by_id(root.find("s"), key, [root[0], root[1]])


BOMB = b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><r>&b;</r>'
HOSTILE = {
    "entity bomb": BOMB,
    "external entity": b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
    "external DTD": b'<!DOCTYPE r SYSTEM "http://192.0.2.1/x.dtd"><r/>',
    "DTD in UTF-16": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'.encode("utf-16"),
    "undefined entity": b"<r>&nothing;</r>",
    "truncated": b"<r><a>",
    "an HTML page": b"<html><br></html>",
    "empty": b"",
    "NUL": b"<r>\0</r>",
    "not UTF-8": b"<r>\xff</r>",
    "two roots": b"<r/><r/>",
    "too deep": b"<a>" * 5000 + b"</a>" * 5000,
    "too long": b"<r>" + b" " * 10_000 + b"</r>",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_documents_are_not_parsed(data):
    """No DTD, no entity, no network, no other encoding, nothing over the limit (THREATS D21)."""
    with pytest.raises(XmlRefused) as caught:
        parse_xml(data, 10_000 if data != HOSTILE["too deep"] else 100_000)
    assert caught.value.code == "malformed"


def test_an_include_is_only_an_element():
    """XInclude is not processed."""
    text = b'<r xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="file:///etc/passwd" parse="text"/></r>'
    assert b"root:" not in etree.tostring(parse_xml(text, 1000))


def test_unusable_keys_are_refused(identity, signing_keys):
    """Garbage, an Ed25519 key and a certificate in a key's place: KeyFormatError."""
    for pem in (b"x", identity.certificate, signing_keys["ed25519"].to_pem().encode()):
        with pytest.raises(KeyFormatError):
            load_signing_key(pem)
    for pem in (b"x", identity.key):
        with pytest.raises(KeyFormatError):
            load_certificate(pem)


@given(st.binary(max_size=60) | st.text(alphabet="<>/a&;!-[]?x=\"' ", max_size=40).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_parsing_raises_nothing_but_xml_refused(data):
    """Whatever comes in, an element or an XmlRefused comes out."""
    try:
        assert isinstance(parse_xml(data, 50).tag, str)
    except XmlRefused as error:
        told = error.detail
        assert "document" in told
