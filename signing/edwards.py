"""Whether 32 octets are a usable Ed25519 public key: RFC 8032 section 5.1.3, and not of small order.

A point of small order "verifies" signatures over anything for suitable signatures, and an encoding that is not the
canonical one gives one key two names. Libraries check neither when they load a key, so it is done here, once a key.
"""

P = 2**255 - 19
_D = -121665 * pow(121666, -1, P) % P
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
_LENGTH = 32
_SIGN_BIT = 255
_DOUBLINGS = 3

Point = tuple[int, int]


def decompress(octets: bytes) -> Point | None:
    """Return the affine point, or None where the octets are no canonical encoding of a point on the curve."""
    if len(octets) != _LENGTH:
        return None
    number = int.from_bytes(octets, "little")
    sign, y = number >> _SIGN_BIT, number & ((1 << _SIGN_BIT) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


def _double(point: Point) -> Point:
    x, y = point
    product = _D * x * x * y * y % P
    return (
        2 * x * y * pow(1 + product, -1, P) % P,
        (y * y + x * x) * pow(1 - product, -1, P) % P,
    )


def is_sound(octets: bytes) -> bool:
    """Whether these octets encode, canonically, a point whose order is not 1, 2, 4 or 8."""
    point = decompress(octets)
    if point is None:
        return False
    for _ in range(_DOUBLINGS):
        point = _double(point)
    return point != (0, 1)
