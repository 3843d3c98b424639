"""WS-Security: signed envelopes, and every way of wrapping, ageing or moving them."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from signing.errors import KeyFormatError, SignatureError
from signing.wsse import SOAP, WSA, WSSE, parse_xml, sign_envelope, verify_envelope
from signing.xml import DS, WSU, WSU_ID, load_signing_key, sign_by_id

NOW = datetime.fromtimestamp(1_790_000_000, UTC)
MINUTE = timedelta(minutes=1)
QUESTION, ANSWER = "urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:22222222-2222-4222-8222-222222222222"
PLAIN = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><t:KetQua xmlns:t="http://gdt.example.vn/tracuu/1.0">'
    "<t:MaSoThue>0199000001</t:MaSoThue></t:KetQua></s:Body></s:Envelope>"
).encode()
BODY, HEADER, SECURITY = f"{{{SOAP}}}Body", f"{{{SOAP}}}Header", f"{{{WSSE}}}Security"
EVIL = '<t:KetQua xmlns:t="http://gdt.example.vn/tracuu/1.0"><t:MaSoThue>evil</t:MaSoThue></t:KetQua>'


def _sign(identity, **options):
    chosen = {"message_id": ANSWER, "relates_to": QUESTION, "created": NOW, "expires": NOW + 5 * MINUTE, **options}
    return sign_envelope(parse_xml(PLAIN, 10_000), identity.key, identity.certificate, **chosen)


def _verify(envelope, identity, **options):
    """Send the envelope over the wire and verify it as the reply to our question."""
    received = parse_xml(etree.tostring(envelope), 100_000)
    return verify_envelope(received, identity.certificate, **{"now": NOW, "relates_to": QUESTION, **options})


@pytest.mark.parametrize("kind", ["identity", "ec_identity"])
def test_a_signed_reply_is_accepted(kind, request):
    """The Body's element, the ids and the time come back, for RSA and P-256."""
    identity = request.getfixturevalue(kind)
    verified = _verify(_sign(identity, action="urn:tracuu"), identity)
    assert verified.body_child[0].text == "0199000001"
    assert (verified.message_id, verified.relates_to, verified.created) == (ANSWER, QUESTION, NOW)
    assert "0199000001" not in repr(verified)


def test_a_question_relates_to_nothing(identity):
    """A request has no RelatesTo and is accepted where none is asked for."""
    assert _verify(_sign(identity, relates_to=None), identity, relates_to=None).relates_to is None


def test_headers_of_others_may_stand_there(identity):
    """An unsigned header that nobody reads is no reason to refuse."""
    envelope = _sign(identity)
    etree.SubElement(envelope.find(HEADER), "{urn:x}Trace").text = "1"
    assert _verify(envelope, identity)


def _wrap_in_header(envelope):
    """Move the signed Body into a header, put another in its place: the classic wrapping."""
    body = envelope.find(BODY)
    wrapper = etree.SubElement(envelope.find(HEADER), "{urn:x}Wrapper")
    wrapper.append(body)
    etree.SubElement(envelope, BODY).append(etree.fromstring(EVIL))


def _wrap_renamed(envelope):
    """As before, the signed Body's Id kept, and the new Body with the same Id."""
    _wrap_in_header(envelope)
    envelope.find(BODY).set(WSU_ID, "lt-body")


def _wrap_body_content(envelope):
    """Sign-over-element trick: a new Body that holds the evil element and the signed Body."""
    signed = envelope.find(BODY)
    envelope.remove(signed)
    outer = etree.SubElement(envelope, BODY)
    outer.append(etree.fromstring(EVIL))
    outer.append(signed)


def _second_body(envelope):
    etree.SubElement(envelope, BODY).append(etree.fromstring(EVIL))


def _body_first(envelope):
    evil = etree.Element(BODY)
    evil.append(etree.fromstring(EVIL))
    envelope.insert(1, evil)


def _wrap_whole(envelope):
    """Put the whole signed envelope into a header of a new one."""
    inner = deepcopy(envelope)
    _wrap_in_header(envelope)
    envelope.find(HEADER)[-1].append(inner)


def _wrap_in_object(envelope):
    """Hide the signed Body in the Signature's Object."""
    signed = envelope.find(BODY)
    envelope.remove(signed)
    etree.SubElement(next(envelope.iter(f"{{{DS}}}Signature")), f"{{{DS}}}Object").append(signed)
    etree.SubElement(envelope, BODY).append(etree.fromstring(EVIL))


def _fresh_timestamp(envelope):
    """Move the signed Timestamp away and put a fresh one in its place."""
    security = next(envelope.iter(SECURITY))
    signed = security.find(f"{{{WSU}}}Timestamp")
    fresh = deepcopy(signed)
    fresh.set(WSU_ID, "fresh")
    security.replace(signed, fresh)
    etree.SubElement(envelope.find(HEADER), "{urn:x}Wrapper").append(signed)


def _other_relates_to(envelope):
    """Move the signed RelatesTo away, put ours in its place."""
    header = envelope.find(HEADER)
    signed = header.find(f"{{{WSA}}}RelatesTo")
    etree.SubElement(header, "{urn:x}Wrapper").append(signed)
    etree.SubElement(header, f"{{{WSA}}}RelatesTo").text = QUESTION


def _drop(tag):
    def dropped(envelope):
        node = next(envelope.iter(tag))
        node.getparent().remove(node)

    return dropped


def _twice(tag):
    def doubled(envelope):
        node = next(envelope.iter(tag))
        copy = deepcopy(node)
        copy.attrib.pop(WSU_ID, None)
        node.getparent().append(copy)

    return doubled


def _text(tag, text):
    def changed(envelope):
        next(envelope.iter(tag)).text = text

    return changed


def _signature_elsewhere(envelope):
    envelope.find(HEADER).append(next(envelope.iter(f"{{{DS}}}Signature")))


def _comment(envelope):
    message_id = next(envelope.iter(f"{{{WSA}}}MessageID"))
    message_id.append(etree.Comment("x"))


ATTACKS = {
    "Body wrapped in a header": (_wrap_in_header, "malformed"),
    "Body wrapped, Id doubled": (_wrap_renamed, "malformed"),
    "Body wrapped in a Body": (_wrap_body_content, "malformed"),
    "Body wrapped in an Object": (_wrap_in_object, "malformed"),
    "envelope wrapped in an envelope": (_wrap_whole, "malformed"),
    "a second Body": (_second_body, "malformed"),
    "a Body before the signed one": (_body_first, "malformed"),
    "no Body": (_drop(BODY), "malformed"),
    "no Header": (_drop(HEADER), "malformed"),
    "no Security": (_drop(SECURITY), "malformed"),
    "two Security headers": (_twice(SECURITY), "malformed"),
    "no Signature": (_drop(f"{{{DS}}}Signature"), "missing"),
    "two Signatures": (_twice(f"{{{DS}}}Signature"), "malformed"),
    "Signature outside Security": (_signature_elsewhere, "malformed"),
    "no Timestamp": (_drop(f"{{{WSU}}}Timestamp"), "malformed"),
    "Timestamp wrapped, fresh one unsigned": (_fresh_timestamp, "insufficient"),
    "RelatesTo wrapped, ours unsigned": (_other_relates_to, "insufficient"),
    "two RelatesTo": (_twice(f"{{{WSA}}}RelatesTo"), "malformed"),
    "no MessageID": (_drop(f"{{{WSA}}}MessageID"), "malformed"),
    "two MessageIDs": (_twice(f"{{{WSA}}}MessageID"), "malformed"),
    "content changed": (_text("{http://gdt.example.vn/tracuu/1.0}MaSoThue", "evil"), "invalid"),
    "MessageID changed": (_text(f"{{{WSA}}}MessageID", "urn:x"), "invalid"),
    "RelatesTo changed": (_text(f"{{{WSA}}}RelatesTo", "urn:x"), "invalid"),
    "Expires changed": (_text(f"{{{WSU}}}Expires", "2099-01-01T00:00:00Z"), "invalid"),
    "a comment in a signed text": (_comment, "malformed"),
}


@pytest.mark.parametrize(("attack", "code"), ATTACKS.values(), ids=ATTACKS)
def test_wrapped_and_altered_envelopes_are_refused(attack, code, identity):
    """No data of an envelope whose signed parts are not at their places is handed on (THREATS D22)."""
    envelope = _sign(identity)
    attack(envelope)
    with pytest.raises(SignatureError) as caught:
        _verify(envelope, identity)
    assert caught.value.code == code


def test_an_answer_to_another_question_is_refused(identity):
    """RelatesTo must be ours, and a reply must have one (THREATS D23)."""
    for envelope in (_sign(identity, relates_to="urn:uuid:3"), _sign(identity, relates_to=None)):
        with pytest.raises(SignatureError):
            _verify(envelope, identity)


def test_somebody_elses_signature_is_refused(identity, other_identity):
    """A certificate in the message counts for nothing beside the pinned one."""
    with pytest.raises(SignatureError) as caught:
        _verify(_sign(other_identity), identity)
    assert caught.value.code == "invalid"


TIMES = {
    "six minutes and a second old": (-6 * MINUTE - timedelta(seconds=1), MINUTE * 30),
    "from the future": (MINUTE + timedelta(seconds=1), 5 * MINUTE),
    "expired a minute ago": (-3 * MINUTE, -MINUTE),
    "expires before it was created": (timedelta(0), -timedelta(seconds=1)),
}


@pytest.mark.parametrize(("created", "expires"), TIMES.values(), ids=TIMES)
def test_stale_timestamps_are_expired(created, expires, identity):
    """Old, future and expired envelopes are refused, though truly signed."""
    with pytest.raises(SignatureError) as caught:
        _verify(_sign(identity, created=NOW + created, expires=NOW + expires), identity)
    assert caught.value.code == "expired"


def test_the_skew_is_allowed(identity):
    """A minute either way, and the whole life of five minutes, are accepted."""
    for created, expires in ((MINUTE, 5 * MINUTE), (-6 * MINUTE, timedelta(0))):
        assert _verify(_sign(identity, created=NOW + created, expires=NOW + expires), identity)


def _resigned(identity, change):
    """Sign an envelope of the attacker's making with the true key: what a broken registry might send."""
    envelope = _sign(identity)
    signature = next(envelope.iter(f"{{{DS}}}Signature"))
    security = signature.getparent()
    security.remove(signature)
    change(envelope)
    signed = [node for node in envelope.iter() if node.get(WSU_ID) not in (None, "lt-token")]
    sign_by_id(security, load_signing_key(identity.key), signed)
    return envelope


def _without_id(tag):
    def changed(envelope):
        next(envelope.iter(tag)).attrib.pop(WSU_ID)

    return changed


def _two_children(envelope):
    envelope.find(BODY).append(etree.fromstring(EVIL))


def _empty_body(envelope):
    body = envelope.find(BODY)
    body.remove(body[0])


RESIGNED = {
    "Body not signed": (_without_id(BODY), "insufficient"),
    "Timestamp not signed": (_without_id(f"{{{WSU}}}Timestamp"), "insufficient"),
    "MessageID not signed": (_without_id(f"{{{WSA}}}MessageID"), "insufficient"),
    "RelatesTo not signed": (_without_id(f"{{{WSA}}}RelatesTo"), "insufficient"),
    "two elements in the Body": (_two_children, "malformed"),
    "an empty Body": (_empty_body, "malformed"),
    "text in the Body": (_text(BODY, "x"), "malformed"),
    "empty MessageID": (_text(f"{{{WSA}}}MessageID", " "), "malformed"),
    "time with an offset": (_text(f"{{{WSU}}}Created", "2026-09-21T21:13:20+07:00"), "malformed"),
    "impossible time": (_text(f"{{{WSU}}}Created", "2026-02-30T00:00:00Z"), "malformed"),
    "no Expires": (_drop(f"{{{WSU}}}Expires"), "malformed"),
    "two Created": (_twice(f"{{{WSU}}}Created"), "malformed"),
}


@pytest.mark.parametrize(("change", "code"), RESIGNED.values(), ids=RESIGNED)
def test_truly_signed_envelopes_still_need_their_shape(change, code, identity):
    """A true signature over too little, or over nonsense, is refused all the same."""
    envelope = _resigned(identity, change)
    with pytest.raises(SignatureError) as caught:
        _verify(envelope, identity)
    assert caught.value.code == code


def test_a_resigned_envelope_without_a_change_is_accepted(identity):
    """The helper that signs anew makes sound envelopes, so the refusals above are due to the changes."""
    assert _verify(_resigned(identity, lambda _: None), identity)


def test_an_expired_certificate_is_refused(identity):
    """The pinned certificate must be valid at the time."""
    received = parse_xml(etree.tostring(_sign(identity)), 100_000)
    with pytest.raises(SignatureError) as caught:
        verify_envelope(received, identity.expired, now=NOW, relates_to=QUESTION)
    assert caught.value.code == "invalid"


def test_what_cannot_be_signed_is_refused(identity):
    """No envelope, one that is signed already, an id that is no XML text, a broken key."""
    signed = _sign(identity)
    for root, options in ((signed, {}), (etree.Element("x"), {}), (parse_xml(PLAIN, 9999), {"message_id": "a\0"})):
        chosen = {"message_id": "m", "created": NOW, "expires": NOW + MINUTE, **options}
        with pytest.raises(SignatureError):
            sign_envelope(root, identity.key, identity.certificate, **chosen)
    with pytest.raises(KeyFormatError):
        sign_envelope(parse_xml(PLAIN, 9999), b"", identity.certificate, message_id="m", created=NOW, expires=NOW)


def test_a_foreign_envelope_is_refused(identity):
    """SOAP 1.2, a part of a document and a bare element are no envelopes here."""
    soap12 = PLAIN.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope")
    nested = etree.fromstring(b"<x>" + etree.tostring(_sign(identity)) + b"</x>")[0]
    for root in (parse_xml(soap12, 9999), nested, etree.Element("x")):
        with pytest.raises(SignatureError):
            verify_envelope(root, identity.certificate, now=NOW)
