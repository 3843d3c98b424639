"""What was asked for: the raw request target and the host, before anything is decoded (PROTOCOL section 1).

Routing, authorisation and the signature all use the one string that came over the wire.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote_to_bytes, urlsplit

from gateway.refusals import Refusal
from schemas.frozen import valueclass

_TARGET = re.compile(r"/[\x21-\x22\x24-\x3a\x3c-\x7e]*\Z")  # visible ASCII without '#' and ';'
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORBIDDEN = re.compile(r"//|\\|%2e|%2f|%5c|%00|%25|%3b|(?:^|/)\.{1,2}(?:/|$)", re.IGNORECASE)
_NON_ASCII = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")


@valueclass
class Target:
    """An accepted target: a public URL of ours, the raw path and the raw query (without `?`)."""

    scheme: str
    authority: str
    raw: str
    path: str
    query: str | None


class Targets:
    """The configured public URLs, by the `Host` that names them."""

    def __init__(self, public_urls: tuple[str, ...]) -> None:
        self._schemes = {parts.netloc: parts.scheme for parts in map(urlsplit, public_urls)}
        self._first = urlsplit(public_urls[0])

    def accept(self, raw: str, hosts: Sequence[str]) -> Target:
        """Check a raw target and the `Host` lines. Raises `Refusal` `request-malformed`."""
        path, query = _split(raw)
        if len(hosts) != 1 or hosts[0] not in self._schemes:
            raise Refusal(
                "request-malformed", "host", detail="Host must be exactly one of this installation's public URLs."
            )
        return Target(self._schemes[hosts[0]], hosts[0], raw, path, query)

    def presumed(self, raw: str, hosts: Sequence[str]) -> Target | None:
        """Return a target for signing a refusal of one that was not accepted; `None` where it cannot be written."""
        if not raw.startswith("/") or not raw.isascii() or not raw.isprintable() or " " in raw:
            return None
        host = hosts[0] if len(hosts) == 1 and hosts[0] in self._schemes else self._first.netloc
        path, mark, query = raw.partition("?")
        return Target(self._schemes[host], host, raw, path, query if mark else None)


@lru_cache(maxsize=256)  # callers ask the same few paths; what is refused is not remembered
def _split(raw: str) -> tuple[str, str | None]:
    """Return the path and the query of an acceptable target."""
    if not _TARGET.match(raw) or _PERCENT.search(raw):
        raise Refusal("request-malformed", "target", detail="The request target is not in origin form.")
    path, mark, query = raw.partition("?")
    if _FORBIDDEN.search(path) or (_NON_ASCII.search(path) and not _is_text(path)):
        raise Refusal("request-malformed", "path", detail="The path holds segments or escapes that are refused.")
    return path, query if mark else None


def _is_text(path: str) -> bool:
    """Whether the path's escapes are printable text in UTF-8 (RFC 3629: neither overlong forms nor surrogates)."""
    try:
        return unquote_to_bytes(path).decode().isprintable()
    except UnicodeDecodeError:
        return False
