"""Ed25519 points: sound keys pass; small-order and malformed ones do not."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from signing.edwards import P, decompress, is_sound

ORDER_8_Y = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_ORDER = {
    "the neutral element": 1,
    "order two": P - 1,
    "order four": 0,
    "order eight": ORDER_8_Y,
    "order eight, negated": P - ORDER_8_Y,
}


@pytest.mark.parametrize("sign", [0, 1], ids=["plus", "minus"])
@pytest.mark.parametrize("y", SMALL_ORDER.values(), ids=SMALL_ORDER)
def test_points_of_small_order_are_refused(y, sign):
    """The eight points of small order, in either sign, are never keys."""
    assert not is_sound((y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("y", [P, P + 1, 2**255 - 1], ids=["p", "p + 1", "all ones"])
def test_encodings_that_are_not_canonical_are_refused(y):
    """A y that is not below p is another name of a point, not a key."""
    assert decompress(y.to_bytes(32, "little")) is None


def test_lengths_and_points_off_the_curve_are_refused():
    """Octets of another length, and a y without an x, are no point."""
    assert decompress(b"") is None
    assert decompress(bytes(33)) is None
    assert not is_sound((2).to_bytes(32, "little"))


def test_fresh_keys_are_sound():
    """What the library generates passes, and decompresses to a point on the curve."""
    for _ in range(20):
        octets = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        x, y = decompress(octets)
        d = -121665 * pow(121666, -1, P) % P
        assert (-x * x + y * y - 1 - d * x * x * y * y) % P == 0
        assert is_sound(octets)
