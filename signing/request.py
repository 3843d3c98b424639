"""The two messages a signature can cover: what RFC 9421 needs of an HTTP request and of a response, and nothing more.

The rule kept here: values are raw. The target is the request line's own text, header values are those received, and
routing must use the very same strings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from signing.errors import SignatureError
from signing.fields import Dictionary, parse_dictionary

Headers = Sequence[tuple[str, str]]
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


def _index(headers: Headers) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for name, value in headers:
        key = name.lower()
        if key in lines:
            lines[key].append(value)
        else:
            lines[key] = [value]
    return lines


@dataclass(frozen=True, eq=False)
class _Message:
    """What both messages have: field lines by lower-case name, and dictionaries parsed once."""

    _lines: dict[str, list[str]] = field(init=False, repr=False)
    _parsed: dict[str, Dictionary] = field(init=False, repr=False)

    def _prepare(self, headers: Headers) -> None:
        object.__setattr__(self, "_lines", _index(headers))
        object.__setattr__(self, "_parsed", {})

    def lines(self, name: str) -> Sequence[str]:
        """Return the raw values of the field's lines, in order; `name` in lower case."""
        return self._lines.get(name, ())

    def dictionary(self, name: str) -> Dictionary:
        """Return the field, all lines joined, as a dictionary without duplicated keys (RFC 9651 section 4.2).

        Raises `SignatureError` (`malformed`). An absent field is an empty dictionary.
        """
        known = self._parsed.get(name)
        if known is None:
            lines = self._lines.get(name, ())
            text = lines[0] if len(lines) == 1 else ", ".join(line for line in lines if line.strip(" \t"))
            known = self._parsed[name] = parse_dictionary(text.strip(" \t"), unique=True)
        return known


@dataclass(frozen=True, eq=False)
class Request(_Message):
    """A request: `authority` as configured for the public URL, `target` the raw request target in origin form.

    Raises `SignatureError` (`malformed`) for a target in another form.
    """

    method: str
    scheme: str
    authority: str
    target: str = field(repr=False)
    headers: Headers = field(repr=False)
    canonical_authority: str = field(init=False, repr=False)
    """Host in lower case, the scheme's default port left out (RFC 9421 section 2.2.3)."""
    target_uri: str = field(init=False, repr=False)
    """The full URI (RFC 9421 section 2.2.2)."""

    def __post_init__(self) -> None:
        if not self.target.startswith("/"):
            raise SignatureError("malformed", "the request target is not in origin form", "@request-target")
        self._prepare(self.headers)
        authority = self.authority.lower().removesuffix(_DEFAULT_PORT.get(self.scheme, ""))
        object.__setattr__(self, "canonical_authority", authority)
        object.__setattr__(self, "target_uri", f"{self.scheme}://{authority}{self.target}")

    @property
    def has_query(self) -> bool:
        """Whether the target has a `?`."""
        return "?" in self.target


@dataclass(frozen=True, eq=False)
class Response(_Message):
    """A response: its status code and its headers."""

    status: int
    headers: Headers = field(repr=False)

    def __post_init__(self) -> None:
        self._prepare(self.headers)


Message = Request | Response
