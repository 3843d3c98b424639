"""XML-DSig by Id with libxmlsec1: exclusive C14N, RSA-SHA256 or ECDSA-SHA256, SHA-256 digests, and nothing else.

The rule kept here: what is returned as verified is the very node that was signed. So the document holds one Signature,
every Id in it is unique, every reference is a plain "#id" with the one allowed transform, and the key is pinned:
whatever the message's KeyInfo says is not looked at. Comments and processing instructions are refused, since C14N
drops the former and readers cut texts at them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.algorithms import MIN_RSA_BITS, private_from_pem
from signing.errors import KeyFormatError, SignatureError

Element = etree._Element  # noqa: SLF001 — lxml's element type has no public name

DS = "http://www.w3.org/2000/09/xmldsig#"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

WSU_ID = f"{{{WSU}}}Id"
_ID_ATTRIBUTES = (WSU_ID, "Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id", "AssertionID")
_POINTER = re.compile(r"#([A-Za-z_][A-Za-z0-9_.\-]*)")
_MAX_REFERENCES = 16
_P256_BITS = 256


class XmlRefused(SignatureError, ValueError):  # noqa: N818 — it says what was done, as the callers read it
    """A document that is not parsed: malformed, too long, not UTF-8, or with a DTD. `code` is `malformed`."""

    def __init__(self, detail: str) -> None:
        super().__init__("malformed", detail)


@lru_cache(maxsize=1)
def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_blank_text=False,
    )


def parse_xml(data: bytes, max_bytes: int) -> Element:
    """Parse UTF-8 XML without DTD, entities or network. Raises `XmlRefused`."""
    if len(data) > max_bytes:
        raise XmlRefused("the document is too long")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise XmlRefused("the document has a DTD")
    try:
        root = etree.fromstring(data, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlRefused("the document is no well-formed UTF-8 XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("the document has a DTD")
    return root


@dataclass(frozen=True, slots=True)
class XmlCertificate:
    """A pinned certificate. `method` is the one signature algorithm that its key may use."""

    certificate: x509.Certificate
    method: str
    key: xmlsec.Key = field(repr=False)

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True)
class XmlSigningKey:
    """A private key. `method` is the one signature algorithm it uses."""

    method: str
    key: xmlsec.Key = field(repr=False)


def _method_of(public: object) -> str:
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= MIN_RSA_BITS:
        return RSA_SHA256
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return ECDSA_SHA256
    raise KeyFormatError(f"the key for XML signatures is neither RSA of {MIN_RSA_BITS} bits nor P-256")


@lru_cache(maxsize=16)
def load_certificate(pem: bytes) -> XmlCertificate:
    """Read a PEM certificate. Raises `KeyFormatError`."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        return XmlCertificate(certificate, _method_of(certificate.public_key()), key)
    except (ValueError, TypeError, xmlsec.Error) as error:
        raise KeyFormatError("this is no PEM certificate") from error


@lru_cache(maxsize=16)
def load_signing_key(pem: bytes) -> XmlSigningKey:
    """Read an unencrypted PEM private key. Raises `KeyFormatError`."""
    method = _method_of(private_from_pem(pem).public_key())
    try:
        return XmlSigningKey(method, xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem))
    except xmlsec.Error as error:
        raise KeyFormatError("this private key cannot be used for XML signatures") from error


def _ds(parent: Element, name: str, algorithm: str | None = None) -> Element:
    node = etree.SubElement(parent, f"{{{DS}}}{name}")
    if algorithm is not None:
        node.set("Algorithm", algorithm)
    return node


def _template(parent: Element, method: str, ids: Sequence[str]) -> Element:
    signature = etree.SubElement(parent, f"{{{DS}}}Signature", nsmap={"ds": DS})
    info = _ds(signature, "SignedInfo")
    _ds(info, "CanonicalizationMethod", EXC_C14N)
    _ds(info, "SignatureMethod", method)
    for name in ids:
        reference = _ds(info, "Reference")
        reference.set("URI", f"#{name}")
        _ds(_ds(reference, "Transforms"), "Transform", EXC_C14N)
        _ds(reference, "DigestMethod", SHA256)
        _ds(reference, "DigestValue")
    _ds(signature, "SignatureValue")
    return signature


def sign_by_id(
    parent: Element, key: XmlSigningKey, nodes: Iterable[Element], key_info: Element | None = None
) -> Element:
    """Append to `parent` a Signature over `nodes`, elements of the same document that carry a `wsu:Id`.

    Returns the Signature. Raises `SignatureError` (`malformed`) where a node has no Id of its own.
    """
    wanted = list(nodes)
    ids = [node.get(WSU_ID, "") for node in wanted]
    if not all(_POINTER.fullmatch(f"#{name}") for name in ids):
        raise SignatureError("malformed", "an element to be signed has no usable Id")
    signature = _template(parent, key.method, ids)
    if key_info is not None:
        signature.append(key_info)
    context = xmlsec.SignatureContext()
    context.key = key.key
    try:
        for node in wanted:
            context.register_id(node, "Id", WSU)
        context.sign(signature)
    except xmlsec.Error as error:
        raise SignatureError("malformed", "the document cannot be signed: is an Id used twice?") from error
    return signature


def _refuse(why: str) -> SignatureError:
    return SignatureError("malformed", f"the XML signature is refused: {why}")


def _by_id(root: Element) -> dict[str, tuple[Element, str]]:
    """Return every element that has an Id, with the attribute that names it. Raises on any duplicate."""
    found: dict[str, tuple[Element, str]] = {}
    for node in root.iter():
        if not isinstance(node.tag, str):
            raise _refuse("a comment or processing instruction stands in the document")
        for attribute in _ID_ATTRIBUTES:
            name = node.get(attribute)
            if name is not None:
                if name in found:
                    raise _refuse("an Id is used twice")
                found[name] = (node, attribute)
    return found


def _the_signature(root: Element) -> Element:
    signatures = list(root.iter(f"{{{DS}}}Signature"))
    if len(signatures) != 1:
        raise SignatureError(
            *(("missing", "there is no Signature") if not signatures else ("malformed", "several Signatures"))
        )
    return signatures[0]


def _shape(node: Element, *names: str) -> list[Element]:
    """Return the children, which must be these, in this order."""
    children = list(node)
    if [child.tag for child in children] != [f"{{{DS}}}{name}" for name in names]:
        raise _refuse("an element is missing, unknown or out of place")
    return children


def _algorithm(node: Element, allowed: str) -> None:
    if node.get("Algorithm") != allowed:
        raise _refuse("an algorithm is not allowed")


def _check_reference(reference: Element) -> str:
    transforms, method, _ = _shape(reference, "Transforms", "DigestMethod", "DigestValue")
    (transform,) = _shape(transforms, "Transform")
    _algorithm(transform, EXC_C14N)
    _algorithm(method, SHA256)
    pointer = _POINTER.fullmatch(reference.get("URI", ""))
    if pointer is None:
        raise _refuse("a reference does not point at an Id")
    return pointer[1]


def _referenced_ids(signature: Element, method: str) -> list[str]:
    """Check the shape and the algorithms of the Signature; return the Ids that it covers."""
    names = ["SignedInfo", "SignatureValue", "KeyInfo"]
    info = _shape(signature, *names[: max(2, len(signature))])[0]
    references = list(info)[2:]
    if not 1 <= len(references) <= _MAX_REFERENCES:
        raise _refuse("there are no references, or too many")
    canonical, algorithm, *_ = _shape(
        info, "CanonicalizationMethod", "SignatureMethod", *["Reference"] * len(references)
    )
    _algorithm(canonical, EXC_C14N)
    _algorithm(algorithm, method)
    return [_check_reference(reference) for reference in references]


def _context(certificate: XmlCertificate) -> xmlsec.SignatureContext:
    constants = xmlsec.constants
    signature = constants.TransformRsaSha256 if certificate.method == RSA_SHA256 else constants.TransformEcdsaSha256
    context = xmlsec.SignatureContext()
    context.key = certificate.key
    for transform in (constants.TransformExclC14N, signature):
        context.enable_signature_transform(transform)
    for transform in (constants.TransformExclC14N, constants.TransformSha256):
        context.enable_reference_transform(transform)
    return context


def verify_signed(root: Element, certificate: XmlCertificate, wanted: Iterable[str] = ()) -> dict[str, Element]:
    """Verify the document's one Signature with the pinned certificate; return the signed elements by Id.

    `wanted` are Ids that must be among them. Raises `SignatureError`: `missing` without a Signature, `malformed` for a
    shape or algorithm that is not allowed, `insufficient` when a wanted Id is not signed, `invalid` otherwise.
    """
    known = _by_id(root)
    signature = _the_signature(root)
    ids = _referenced_ids(signature, certificate.method)
    if len(set(ids)) != len(ids) or not all(name in known for name in ids):
        raise _refuse("a reference is repeated or points at nothing")
    if not set(wanted) <= set(ids):
        raise SignatureError("insufficient", "an element that must be signed is not")
    context = _context(certificate)
    try:
        for name in ids:
            node, attribute = known[name]
            qualified = etree.QName(attribute)
            context.register_id(node, qualified.localname, qualified.namespace)
        context.verify(signature)
    except xmlsec.Error as error:
        raise SignatureError("invalid", "the XML signature does not verify") from error
    return {name: known[name][0] for name in ids}
