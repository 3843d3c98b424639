r"""A dossier code as one segment of a path (PROTOCOL section 5), written in one way and read back.

The rule: a code of unreserved characters (RFC 3986 section 2.3) stands for itself, and other visible characters
may be percent-encoded in UTF-8. What a path of ours cannot hold at all (`/`, `\`, `%`, `;`, dots alone), a
code that is a word of our own paths, and one that begins with `~`, is written `~` and the base64url (RFC 4648
section 5, no padding) of its UTF-8.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from urllib.parse import unquote

from schemas.identifiers import checked_dossier

_PLAIN = re.compile(r"[A-Za-z0-9._-][A-Za-z0-9._~-]*")
_TAKEN = frozenset({"events", ".", ".."})
_BASE64 = re.compile(r"[A-Za-z0-9_-]+")


def dossier_segment(code: str) -> str:
    """Return how a dossier code is written in a path. Raises `ValueError` where it is no code."""
    checked_dossier(code)
    if _PLAIN.fullmatch(code) and code not in _TAKEN:
        return code
    return "~" + urlsafe_b64encode(code.encode()).decode().rstrip("=")


def dossier_of_segment(segment: str) -> str:
    """Return the dossier code that a path's segment names. Raises `ValueError` where it names none."""
    if not segment.startswith("~"):
        return checked_dossier(unquote(segment, errors="strict"))
    if not _BASE64.fullmatch(segment[1:]):
        raise ValueError("this is not base64url")
    try:
        return checked_dossier(urlsafe_b64decode(segment[1:] + "=" * (-len(segment[1:]) % 4)).decode())
    except (Error, UnicodeDecodeError):
        raise ValueError("this is not base64url of UTF-8") from None
