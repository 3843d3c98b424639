"""THREATS A as dialogues: forged, moved, doubled and replayed signatures against a running installation."""

import base64
import hashlib
import hmac
import os
import secrets
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signing.digest import content_digest
from signing.errors import SignatureError
from signing.keys import Algorithm, SigningKey
from signing.message import Request

pytestmark = [pytest.mark.usefixtures("healthy"), pytest.mark.timeout(120)]
INVALID = ("signature-invalid", 401)
GOOD = '("@method" "@target-uri" "content-digest");created={created};nonce="{nonce}";keyid="{keyid}"'


def _with(request, *drop, **changes):
    """Return the request without some headers and with the values of others replaced."""
    headers = [
        (name, changes.get(name.replace("-", "_"), value)) for name, value in request.headers if name not in drop
    ]
    return Request(request.method, request.scheme, request.authority, request.target, headers)


def _value(request, name):
    return dict(request.headers)[name]


def _b64(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("drop", [["signature", "signature-input"], ["signature"], ["signature-input"]])
def test_unsigned_requests_are_refused(stack, drop):
    """A1: without a signature, or with half of one, nobody is asked."""
    calls = stack.calls()
    request, body = stack.signed()
    request = _with(request, *drop)
    stack.refused(stack.send(request, body), "signature-missing", 401, request=request, calls=calls)


def test_flipped_bits_are_refused(stack):
    """A1: a bit anywhere in the signature, and an empty one, make it invalid."""
    calls = stack.calls()
    request, body = stack.signed()
    good = base64.b64decode(_value(request, "signature").split(":")[1])
    for broken in (bytes([good[0] ^ 1, *good[1:]]), good[:-1] + bytes([good[-1] ^ 128]), good[:-1], good + b"\0", b""):
        forged = _with(request, signature=f"lienthong=:{_b64(broken)}:")
        stack.refused(stack.send(forged, body), *INVALID, request=forged, calls=calls)


def test_another_body_is_another_request(stack):
    """A2: a body swapped under the old digest, or one space more, is refused."""
    calls = stack.calls()
    for other in (stack.body(fields=["sex"]), stack.body() + b" "):
        request, _ = stack.signed()
        stack.refused(stack.send(request, other), "digest-mismatch", 400, request=request, calls=calls)


def test_a_digest_is_there_once_and_strong(stack):
    """A2: removed, doubled, md5 alone, or two members of which one is wrong."""
    calls, body = stack.calls(), stack.body()
    request, _ = stack.signed()
    bare = _with(request, "content-digest")
    stack.refused(stack.send(bare, body), *INVALID, request=bare, calls=calls)
    doubled = stack.send(request, body, extra=[("content-digest", _value(request, "content-digest"))])
    stack.refused(doubled, "request-malformed", 400, calls=calls)
    md5 = f"md5=:{_b64(hashlib.md5(body, usedforsecurity=False).digest())}:"
    one_wrong = f"{content_digest(body)}, sha-512=:{_b64(bytes(64))}:"
    for digest in (md5, one_wrong):
        request, _ = stack.signed(headers=[("content-digest", digest)])
        stack.refused(stack.send(request, body), "digest-mismatch", 400, request=request, calls=calls)


@pytest.mark.parametrize(
    ("components", "missing"),
    [
        (["@method", "@target-uri"], "content-digest"),
        (["@target-uri", "content-digest"], "@method"),
        (["@method", "@path", "content-digest"], "@authority"),
        (["@method", "@authority", "content-digest"], "@path"),
        (["@method", "content-digest"], "@target-uri"),
    ],
)
def test_covering_too_little_is_named(stack, components, missing):
    """A3: a true signature over too little is refused, and the answer says over what it must be."""
    calls = stack.calls()
    request, body = stack.signed(components=components)
    answer = stack.send(request, body)
    stack.refused(answer, "signature-insufficient", 401, request=request, calls=calls)
    assert missing in answer.value["detail"]


def test_a_query_must_be_covered(stack):
    """A3: `@path` without `@query` leaves the query to whoever carries the request."""
    calls = stack.calls()
    components = ["@method", "@authority", "@path"]
    request, _ = stack.signed("GET", "/v1/logs/0/proof/inclusion?index=0&size=1", components=components)
    answer = stack.send(request)
    stack.refused(answer, "signature-insufficient", 401, request=request, calls=calls)
    assert "@query" in answer.value["detail"]


@pytest.mark.parametrize(
    ("inner", "missing"),
    [
        ('();created={created};nonce="{nonce}";keyid="{keyid}"', "@method"),
        ('("@method" "@target-uri" "content-digest");nonce="{nonce}";keyid="{keyid}"', "created"),
        ('("@method" "@target-uri" "content-digest");created={created};keyid="{keyid}"', "nonce"),
        ('("@method" "@target-uri" "content-digest");created={created};nonce="{nonce}"', "keyid"),
    ],
)
def test_empty_lists_and_absent_parameters_are_named(stack, inner, missing):
    """A3, A5: nothing covered, no time, no nonce, no key: each is told by name."""
    calls = stack.calls()
    request, body = stack.crafted(inner)
    answer = stack.send(request, body)
    stack.refused(answer, "signature-insufficient", 401, request=request, calls=calls)
    assert missing in answer.value["detail"]


def test_an_independent_hand_signs_like_us(stack):
    """The crafted requests of these tests are sound: unchanged, one is answered."""
    request, body = stack.crafted(GOOD)
    answer = stack.send(request, body)
    stack.verify(answer, request)
    assert answer.status == 200


def test_a_replay_is_refused_on_every_worker(stack):
    """A4: the same bytes again, over many connections: one answer ever."""
    request, body = stack.signed()
    assert stack.send(request, body).status == 200
    calls = stack.calls()
    for _ in range(8):
        stack.refused(stack.send(request, body), "signature-replayed", 401, request=request, calls=calls)


def test_fifty_copies_at_once_are_answered_once(stack):
    """A4: fifty connections send the same bytes together: one 200, one call, forty-nine replays."""
    request, body = stack.signed()
    before = stack.calls()["population"]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: stack.send(request, body), range(50)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 49
    assert {answer.code for answer in answers if answer.status == 401} == {"signature-replayed"}
    assert stack.calls()["population"] == before + 1


@pytest.mark.parametrize(
    ("at", "status"), [(-299, 200), (-302, 401), (58, 200), (63, 401), (-(10**6), 401), (10**9, 401)]
)
def test_the_window_of_time(stack, at, status):
    """A5: 300 s old and 60 s ahead, and nothing beyond."""
    calls = stack.calls()
    request, body = stack.signed(at=at)
    answer = stack.send(request, body)
    if status == 200:
        assert answer.status == 200
    else:
        stack.refused(answer, "signature-expired", 401, request=request, calls=calls)


@pytest.mark.parametrize("created", ['"1700000000"', "1.5", "?1", "99999999999999999", ":AAAA:", "@1700000000", "x"])
def test_times_that_are_none(stack, created):
    """A5: a time of another type or beyond fifteen digits is malformed, never an error of ours."""
    calls = stack.calls()
    request, body = stack.crafted(GOOD.replace("{created}", created))
    stack.refused(stack.send(request, body), "request-malformed", 400, request=request, calls=calls)


@pytest.mark.parametrize("created", ["-1700000000", "0", "999999999999999"])
def test_times_far_away(stack, created):
    """A5: negative, zero and huge times are simply outside the window."""
    calls = stack.calls()
    request, body = stack.crafted(GOOD.replace("{created}", created))
    stack.refused(stack.send(request, body), "signature-expired", 401, request=request, calls=calls)


def test_expires_can_only_shorten(stack):
    """A5: a past `expires` ends the signature; one in a hundred years prolongs nothing."""
    calls, now = stack.calls(), int(time.time())
    for options in ({"at": -100, "expires": now - 1}, {"expires": now - 3600}, {"at": -400, "expires": now + 10**9}):
        request, body = stack.signed(**options)
        stack.refused(stack.send(request, body), "signature-expired", 401, request=request, calls=calls)
    assert stack.ask(expires=now + 10**9).status == 200


def test_keys_that_are_not_known(stack):
    """A6: unknown keys, with paths, SQL or 4 kB in their names, are `signature-invalid` without a word more."""
    calls = stack.calls()
    names = ["nobody-1", "../../etc/passwd", "' OR 1=1 --", "H99.igate", "", "x" * 4000]
    told = set()
    for name in names:
        request, body = stack.signed(key=SigningKey.generate(Algorithm.ED25519, name))
        answer = stack.send(request, body)
        stack.refused(answer, *INVALID, request=request, calls=calls)
        told.add((answer.value["detail"], tuple(sorted(answer.value))))
    assert len(told) == 1


def test_one_client_cannot_be_another(stack):
    """A6: a foreign key under our keyid, and our key under a foreign keyid."""
    calls = stack.calls()
    foreign = stack.keys["H98.onegate"].private
    forged = [
        SigningKey("H99.igate-1", Algorithm.ECDSA_P256_SHA256, foreign),
        SigningKey("H98.onegate-1", Algorithm.ED25519, stack.keys["H99.igate"].private),
        SigningKey.generate(Algorithm.ED25519, "H99.igate-1"),
    ]
    for key in forged:
        request, body = stack.signed(key=key)
        stack.refused(stack.send(request, body), *INVALID, request=request, calls=calls)


@pytest.mark.parametrize("alg", ["ecdsa-p256-sha256", "hmac-sha256", "none", "rsa-v1_5-sha256", ""])
def test_a_message_does_not_choose_its_algorithm(stack, alg):
    """A6: the algorithm is the registered key's; another in the message is refused."""
    calls = stack.calls()
    request, body = stack.crafted(f'{GOOD};alg="{alg}"')
    stack.refused(stack.send(request, body), *INVALID, request=request, calls=calls)


def test_a_public_key_is_no_secret(stack):
    """A6: an HMAC under the public key, whatever `alg` says, verifies nothing."""
    calls = stack.calls()
    public = stack.keys["H99.igate"].public_key().to_pem().encode()
    for suffix in ("", ';alg="hmac-sha256"'):
        request, body = stack.crafted(
            GOOD + suffix, sign=lambda base: hmac.new(public, base, hashlib.sha256).digest() * 2
        )
        stack.refused(stack.send(request, body), *INVALID, request=request, calls=calls)


def test_ecdsa_signatures_are_two_numbers(stack):
    """A6: DER in place of r‖s is refused, r‖s of the same key is good."""
    key = stack.keys["H98.onegate"]

    def der(base):
        raw = key.sign(base)
        return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    calls = stack.calls()
    request, body = stack.crafted(GOOD, key=key, sign=der)
    stack.refused(stack.send(request, body), *INVALID, request=request, calls=calls)
    request, body = stack.crafted(GOOD, key=key)
    assert stack.send(request, body).code == "purpose-not-granted"  # H99's officer is no officer of H98


@pytest.mark.parametrize("r", [b"\x00" * 32, b"\x01" + b"\x00" * 31, b"\xff" * 32])
def test_points_of_small_order_sign_nothing(stack, r):
    """A6: an Ed25519 signature whose R is a point of small order is refused with S = 0."""
    calls = stack.calls()
    request, body = stack.crafted(GOOD, sign=lambda _: r + bytes(32))
    stack.refused(stack.send(request, body), *INVALID, request=request, calls=calls)


def test_unknown_keys_and_bad_signatures_take_the_same_time(stack):
    """A6: the lower quartiles of a known and an unknown key lie close together, however busy the machine is."""
    stranger = SigningKey.generate(Algorithm.ED25519, "nobody-1")

    def seconds(key, number):
        request, body = stack.crafted(GOOD, key=key, sign=lambda _: secrets.token_bytes(64))
        return stack.send(request, body, source=10_000 + number).seconds

    def apart():
        pairs = [(seconds(stack.keys["H99.igate"], number), seconds(stranger, number)) for number in range(60)]
        known, unknown = zip(*pairs, strict=True)
        return abs(quantiles(known, n=4)[0] - quantiles(unknown, n=4)[0])

    assert any(apart() < 0.002 for _ in range(3)), "three times in a row"


@pytest.mark.parametrize(
    ("inputs", "signatures", "code", "status"),
    [
        ("{a}, {b}", "{x}, {y}", "signature-insufficient", 401),
        ("{a}, {a}", "{x}", "request-malformed", 400),
        ("{a}", "{x}, {x}", "request-malformed", 400),
        ("{a}", "{y}", "signature-missing", 401),
        ("garbage(((", "{x}", "request-malformed", 400),
        ("{a}", "sig=AAAA", "request-malformed", 400),
        ("sig=1", "{x}", "request-malformed", 400),
        ("A" * 30_000, "{x}", "request-malformed", 400),
    ],
)
def test_several_or_broken_labels(stack, inputs, signatures, code, status):
    """A8: which signature counts is never a guess, and garbage is malformed."""
    calls = stack.calls()
    request, body = stack.crafted(GOOD)
    member, signature = _value(request, "signature-input"), _value(request, "signature")
    filled = {"{a}": member, "{b}": member.replace("sig=", "two=", 1), "{x}": signature}
    filled["{y}"] = signature.replace("sig=", "two=", 1)
    for name, value in filled.items():
        inputs, signatures = inputs.replace(name, value), signatures.replace(name, value)
    request = _with(request, signature_input=inputs, signature=signatures)
    stack.refused(stack.send(request, body), code, status, request=request, calls=calls)


def test_the_tagged_signature_is_the_one_that_counts(stack):
    """A8: beside another's untagged signature, ours with the tag `lienthong` is chosen."""
    request, body = stack.crafted(f'{GOOD};tag="lienthong"')
    inputs = f'proxy=("@method");created=1, {_value(request, "signature-input")}'
    request = _with(
        request, signature_input=inputs, signature=f"proxy=:{_b64(bytes(64))}:, {_value(request, 'signature')}"
    )
    answer = stack.send(request, body)
    stack.verify(answer, request)
    assert answer.status == 200


def test_two_signature_input_lines_are_one_list(stack):
    """A8: the same label in two lines is a duplicate, and refused."""
    calls = stack.calls()
    request, body = stack.crafted(GOOD)
    answer = stack.send(request, body, extra=[("signature-input", _value(request, "signature-input"))])
    stack.refused(answer, "request-malformed", 400, calls=calls)


def test_unsigned_headers_decide_nothing(stack):
    """A9: purposes and hosts in headers change nothing; a signed header doubled afterwards is refused."""
    request, body = stack.signed(
        headers=[("x-note", "a")],
        components=[
            "@method",
            "@target-uri",
            "content-digest",
            "x-note",
        ],
    )
    extra = [("x-purpose", "9.999909"), ("x-forwarded-for", "10.0.0.1"), ("x-forwarded-host", "evil.test")]
    assert stack.send(request, body, extra=extra).status == 200
    calls = stack.calls()
    request, body = stack.signed(
        headers=[("x-note", "a")],
        components=[
            "@method",
            "@target-uri",
            "content-digest",
            "x-note",
        ],
    )
    stack.refused(stack.send(request, body, extra=[("x-note", "b")]), *INVALID, calls=calls)


def test_answers_cannot_be_altered_or_moved(stack):
    """A10: an altered, an unsigned and a swapped answer fail at the client."""
    first, body = stack.signed()
    second, _ = stack.signed()
    one, two = stack.send(first, body), stack.send(second, body)
    stack.verify(one, first)
    stripped = [header for header in one.headers if header[0] != "signature"]
    for forged in (
        type(one)(one.status, one.headers, one.body.replace(b"found", b"lost!")),
        type(one)(404, one.headers, one.body),
        type(one)(one.status, stripped, one.body),
        two,
    ):
        with pytest.raises(SignatureError):
            stack.verify(forged, first)


def test_a_replay_is_refused_after_a_crash(stack, request):
    """A4: every worker is killed; the ones that follow know what was spent."""
    signed, body = stack.signed()
    assert stack.send(signed, body).status == 200
    killed = stack.workers()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    def back():
        try:
            answer = stack.send(*stack.signed("GET", "/v1/registries"))
        except OSError:
            return False
        return answer is not None and answer.status == 200 and len(set(stack.workers()) - set(killed)) == 2

    assert stack.settle(back, 20.0)
    stack.refused(stack.send(signed, body), "signature-replayed", 401, request=signed)
    request.getfixturevalue("healthy").workers = stack.workers()
