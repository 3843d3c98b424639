"""THREATS A at the level of one request: every attack by what is wrong with it, and the word it is refused with."""

from base64 import b64encode

import pytest

from signing.digest import content_digest
from signing.errors import SignatureError
from signing.message import sign_request

TARGET = ("@method", "@authority", "@path", "@query")


def refused(call, **options) -> SignatureError:
    """Verify, expect a refusal, return it."""
    with pytest.raises(SignatureError) as caught:
        call.verify(**options)
    assert "lookups" not in caught.value.detail
    return caught.value


def test_a_signed_request_is_accepted(call, key, now):
    """What was signed is handed back: who, with what, when, over what."""
    proof = call.sign(expires=now + 30).verify()
    assert (proof.keyid, proof.label, proof.algorithm) == (key.keyid, "lienthong", "ed25519")
    assert (proof.created, proof.expires, proof.nonce) == (now, now + 30, "0123456789abcdef")
    assert proof.components == ('"@method"', '"@target-uri"', '"content-digest"')
    key.public_key().verify(proof.signature, proof.base)
    assert "example" not in repr(proof)


ACCEPTED = {
    "authority and path without a query": lambda c: c.sign(
        components=("@method", "@authority", "@path", "content-digest")
    ),
    "authority, path and query": lambda c: _with_query(c).sign(components=(*TARGET, "content-digest")),
    "no tag": lambda c: c.sign(tag=None),
    "another label": lambda c: c.sign(label="sig1"),
    "more than is required": lambda c: c.sign(components=("content-type", "@target-uri", "@method", "content-digest")),
    "a header line in another case": lambda c: c.sign().replace("CONTENT-TYPE", "text/plain"),
    "spaces in the list": lambda c: c.sign().edit("signature-input", lambda v: v.replace('" "', '"  "')),
    "nonce of 128 characters": lambda c: c.sign(nonce="~" * 128),
    "expires years ahead": lambda c: c.sign(expires=c.sign_time + 10**9),
    "another signature beside it": lambda c: _beside(c.sign(), "proxy", tag="proxy"),
    "the digest of nothing on a GET": lambda c: _get(c).replace("content-digest", _empty_digest()).sign(),
    "a GET": lambda c: _get(c).sign(),
    "default port in the authority": lambda c: _authority(c.sign(), "GATEWAY.example:443"),
}


def _with_query(call):
    call.target += "?a=b%20c"
    return call


def _get(call):
    call.method, call.body, call.headers = "GET", b"", []
    return call


def _authority(call, text):
    call.authority = text
    return call


def _empty_digest():
    return "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"


def _beside(call, label, **options):
    """Add a second signature under another label, on the same two lines."""
    request = call.request()
    added = sign_request(call.key, request, call.body, created=call.sign_time, nonce="f" * 16, label=label, **options)
    for name, value in added[-2:]:
        call.edit(name, lambda old, value=value: f"{old}, {value}")
    return call


@pytest.fixture(autouse=True)
def _sign_time(call, now):
    call.sign_time = now


@pytest.mark.parametrize("prepare", ACCEPTED.values(), ids=ACCEPTED)
def test_every_allowed_form_is_accepted(prepare, call):
    """What PROTOCOL section 1 leaves to the caller is really free."""
    assert prepare(call).verify()


@pytest.mark.parametrize("algorithm", ["ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"])
def test_every_algorithm_is_accepted(algorithm, call, signing_keys):
    """The registered key's algorithm decides."""
    call.key = signing_keys[algorithm]
    assert call.sign().verify().algorithm == algorithm


def _parameter(old, new):
    return lambda c: c.sign().edit("signature-input", lambda v: v.replace(old, new))


def _signed(*names, **options):
    return lambda c: c.sign(components=names, **options)


def _body(call, body):
    call.body = body
    return call


def _raw(call, text):
    """Sign a base of the attacker's own making, truly, with the client's key."""
    call.sign()
    listed = text.partition("=")[2]
    base = f'"@method": POST\n"@signature-params": {listed}'
    signature = call.key.sign(base.encode())
    return call.replace("signature-input", text).replace("signature", f"lienthong=:{_base64(signature)}:")


def _base64(octets):
    return b64encode(octets).decode()


REFUSED = {
    # attack 1, nothing, half, or bent
    "no signature": (lambda c: c, "missing"),
    "only Signature-Input": (lambda c: c.sign().replace("signature", None), "missing"),
    "only Signature": (lambda c: c.sign().replace("signature-input", None), "missing"),
    "both headers empty": (lambda c: c.replace("signature-input", "").replace("signature", ""), "missing"),
    "labels that do not meet": (lambda c: c.sign().edit("signature", lambda v: "x" + v), "missing"),
    "empty signature": (lambda c: c.sign().replace("signature", "lienthong=::"), "invalid"),
    "signature of zeros": (lambda c: c.sign().replace("signature", f"lienthong=:{'A' * 86}==:"), "invalid"),
    "signature cut short": (lambda c: c.sign().replace("signature", f"lienthong=:{'A' * 40}:"), "invalid"),
    "signature as a string": (lambda c: c.sign().replace("signature", 'lienthong="AAAA"'), "malformed"),
    "signature as a list": (lambda c: c.sign().replace("signature", "lienthong=(:AAAA:)"), "malformed"),
    "signature not base64": (lambda c: c.sign().replace("signature", "lienthong=:A-_A:"), "malformed"),
    "input as an item": (lambda c: c.sign().replace("signature-input", "lienthong=1"), "malformed"),
    "method changed": (lambda c: _set(c.sign(), method="PUT"), "invalid"),
    "target changed": (lambda c: _set(c.sign(), target="/v1/lookups/tax/taxpayer"), "invalid"),
    "query added": (lambda c: _with_query(c.sign()), "invalid"),
    "another authority": (lambda c: _authority(c.sign(), "other.example"), "invalid"),
    "another scheme": (lambda c: _set(c.sign(), scheme="http"), "invalid"),
    # attack 2, the body
    "body swapped under the old digest": (lambda c: _body(c.sign(), b"{}"), "digest"),
    "body and digest swapped": (lambda c: _body(c.sign(), b"").replace("content-digest", _empty_digest()), "invalid"),
    "digest removed": (lambda c: c.sign().replace("content-digest", None), "invalid"),
    "digest twice": (lambda c: _again(c.sign(), "content-digest"), "malformed"),
    "md5 alone, truly signed": (
        lambda c: c.replace("content-digest", "md5=:Sd/dVLAcvNLSq16eXua5uQ==:").sign(),
        "digest",
    ),
    "one digest right and one wrong, truly signed": (lambda c: _two_digests(c).sign(), "digest"),
    "digest unparsable": (lambda c: c.replace("content-digest", "sha-256=:").sign(), "malformed"),
    "body added to a GET": (lambda c: _body(_get(c).sign(), b"x"), "insufficient"),
    "unsigned digest of another body": (
        lambda c: _get(c).sign().replace("content-digest", "sha-256=:AAAA:"),
        "digest",
    ),
    # attack 3, truly signed, too little
    "empty list": (_signed(), "insufficient"),
    "no digest": (_signed("@method", "@target-uri"), "insufficient"),
    "no method": (_signed("@target-uri", "content-digest"), "insufficient"),
    "no target": (_signed("@method", "content-digest"), "insufficient"),
    "no authority": (_signed("@method", "@path", "content-digest"), "insufficient"),
    "no path": (_signed("@method", "@authority", "content-digest"), "insufficient"),
    "query not covered": (
        lambda c: _with_query(c).sign(components=("@method", "@authority", "@path", "content-digest")),
        "insufficient",
    ),
    "an empty query not covered": (
        lambda c: _set(c, target="/v1/x?").sign(components=("@method", "@authority", "@path", "content-digest")),
        "insufficient",
    ),
    "one query parameter only": (
        lambda c: _with_query(c).sign(
            components=("@method", "@authority", "@path", '"@query-param";name="a"', "content-digest")
        ),
        "insufficient",
    ),
    "request target instead of the URI": (_signed("@method", "@request-target", "content-digest"), "insufficient"),
    "digest by one key only": (_signed("@method", "@target-uri", '"content-digest";key="sha-256"'), "insufficient"),
    "digest wrapped": (_signed("@method", "@target-uri", '"content-digest";bs'), "insufficient"),
    "digest from a trailer": (
        lambda c: _raw(c, _input('"@method" "@target-uri" "content-digest";tr')),
        "insufficient",
    ),
    "method of a request answered": (
        lambda c: _raw(c, _input('"@method";req "@target-uri" "content-digest"')),
        "insufficient",
    ),
    "no nonce": (lambda c: _raw(c, 'lienthong=("@method");created=1790000000;keyid="client-ed25519"'), "insufficient"),
    "no created": (
        lambda c: _raw(c, 'lienthong=("@method");nonce="0123456789abcdef";keyid="client-ed25519"'),
        "insufficient",
    ),
    "no keyid": (
        lambda c: _raw(c, 'lienthong=("@method");created=1790000000;nonce="0123456789abcdef"'),
        "insufficient",
    ),
    # components that cannot be had
    "an unknown derived component": (
        lambda c: _raw(c, _input('"@method" "@target-uri" "content-digest" "@unknown"')),
        "invalid",
    ),
    "a status in a request": (
        lambda c: _raw(c, _input('"@method" "@target-uri" "content-digest" "@status"')),
        "invalid",
    ),
    "an absent header": (lambda c: _raw(c, _input('"@method" "@target-uri" "content-digest" "x-none"')), "invalid"),
    "a trailer beside it all": (
        lambda c: _raw(c, _input('"@method" "@target-uri" "content-digest" "x-none";tr')),
        "invalid",
    ),
    "a component twice": (lambda c: _raw(c, _input('"@method" "@method" "@target-uri"')), "malformed"),
    "a component twice, parameters turned": (
        lambda c: _raw(c, _input('"x";key="a";sf "x";sf;key="a"')),
        "malformed",
    ),
    "a component in upper case": (lambda c: _raw(c, _input('"@method" "Content-Digest"')), "malformed"),
    "a component that is a token": (lambda c: _raw(c, _input('"@method" digest')), "malformed"),
    "the parameters as a component": (lambda c: _raw(c, _input('"@method" "@signature-params"')), "malformed"),
    "33 components": (lambda c: _raw(c, _input(" ".join(f'"x{n}"' for n in range(33)))), "malformed"),
    "a base over 8 KiB": (
        lambda c: c.replace("x-long", "a" * 8192).sign(
            components=("@method", "@target-uri", "content-digest", "x-long")
        ),
        "malformed",
    ),
    "a covered header that is not ASCII": (
        lambda c: _raw(c.replace("x-name", "Trần"), _input('"@method" "@target-uri" "content-digest" "x-name"')),
        "invalid",
    ),
    # attack 5, times
    "created as a string": (_parameter("created=1790000000", 'created="1790000000"'), "malformed"),
    "created as a decimal": (_parameter("created=1790000000", "created=1790000000.0"), "malformed"),
    "created as a date": (_parameter("created=1790000000", "created=@1790000000"), "malformed"),
    "created as true": (_parameter("created=1790000000", "created"), "malformed"),
    "created of sixteen digits": (_parameter("created=1790000000", "created=1790000000000000"), "malformed"),
    "created changed": (_parameter("created=1790000000", "created=1790000001"), "invalid"),
    "created negative": (lambda c: c.sign(created=-5), "expired"),
    "created zero": (lambda c: c.sign(created=0), "expired"),
    "created huge": (lambda c: c.sign(created=999_999_999_999_999), "expired"),
    "created 301 seconds old": (lambda c: c.sign(created=c.sign_time - 301), "expired"),
    "created 61 seconds ahead": (lambda c: c.sign(created=c.sign_time + 61), "expired"),
    "expires now": (lambda c: c.sign(created=c.sign_time - 9, expires=c.sign_time), "expired"),
    "expires at created": (lambda c: c.sign(created=c.sign_time + 30, expires=c.sign_time + 30), "expired"),
    "expires negative": (lambda c: c.sign(expires=-1), "expired"),
    "expires as a string": (lambda c: c.sign().edit("signature-input", lambda v: v + ';expires="x"'), "malformed"),
    "far expires on an old signature": (
        lambda c: c.sign(created=c.sign_time - 301, expires=c.sign_time + 10**9),
        "expired",
    ),
    # attack 6, keys and algorithms
    "unknown key": (_parameter('keyid="client-ed25519"', 'keyid="nobody"'), "invalid"),
    "key that is a path": (_parameter('keyid="client-ed25519"', 'keyid="../../etc/passwd"'), "invalid"),
    "key that is SQL": (_parameter('keyid="client-ed25519"', 'keyid="\' OR 1=1 --"'), "invalid"),
    "key with NUL": (_parameter('keyid="client-ed25519"', 'keyid="a\0"'), "malformed"),
    "key that is a token": (_parameter('keyid="client-ed25519"', "keyid=client"), "malformed"),
    "alg none": (lambda c: c.sign().edit("signature-input", lambda v: v + ';alg="none"'), "invalid"),
    "alg of another key type": (_parameter('tag="', 'alg="rsa-pss-sha512";tag="'), "invalid"),
    "alg as a token": (_parameter('tag="', 'alg=ed25519;tag="'), "malformed"),
    "nonce of 15 characters": (lambda c: c.sign(nonce="a" * 15), "malformed"),
    "nonce of 129 characters": (lambda c: c.sign(nonce="a" * 129), "malformed"),
    "nonce with a space": (lambda c: c.sign(nonce="a" * 16 + " b"), "malformed"),
    "nonce as bytes": (_parameter('nonce="0123456789abcdef"', "nonce=:AAAAAAAAAAAAAAAA:"), "malformed"),
    # attack 8, labels and garbage
    "a label twice": (lambda c: c.sign().edit("signature-input", lambda v: f"{v}, {v}"), "malformed"),
    "a label twice on two lines": (lambda c: _again(c.sign(), "signature-input"), "malformed"),
    "two tagged lienthong": (lambda c: _beside(c.sign(), "second"), "insufficient"),
    "two without a tag": (lambda c: _beside(c.sign(tag=None), "second", tag=None), "insufficient"),
    "one with another tag": (lambda c: c.sign(tag="other"), "insufficient"),
    "untagged beside another tag": (lambda c: _beside(c.sign(tag=None), "proxy", tag="proxy"), "insufficient"),
    "tag as a token": (_parameter('tag="lienthong"', "tag=lienthong"), "malformed"),
    "64 KiB of garbage": (lambda c: c.sign().replace("signature-input", "(" * 65536), "malformed"),
    "64 KiB of nonce": (lambda c: c.sign(nonce="a" * 65536), "malformed"),
    # attack 9, headers doubled
    "a signed header doubled after signing": (
        lambda c: _again(
            c.sign(components=("@method", "@target-uri", "content-digest", "content-type")), "content-type"
        ),
        "invalid",
    ),
}


def _input(listed):
    return f'lienthong=({listed});created=1790000000;nonce="0123456789abcdef";keyid="client-ed25519"'


def _set(call, **members):
    for name, value in members.items():
        setattr(call, name, value)
    return call


def _again(call, name):
    (value,) = call.request().lines(name)
    call.headers.append((name.title(), value))
    return call


def _two_digests(call):
    wrong, right = content_digest(b"other"), content_digest(call.body, "sha-512")
    return call.replace("content-digest", f"{right}, {wrong}")


@pytest.mark.parametrize(("prepare", "code"), REFUSED.values(), ids=REFUSED)
def test_attacks_are_refused_with_their_word(prepare, code, call):
    """Every attack of THREATS A on one request is refused, with the word that PROTOCOL section 1 gives it."""
    assert refused(prepare(call)).code == code
