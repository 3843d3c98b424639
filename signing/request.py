"""The two messages a signature can cover: what RFC 9421 needs of an HTTP request and of a response, and nothing more.

The rule kept here: values are raw. The target is the request line's own text, header values are those received, and
routing must use the very same strings.
"""

from collections.abc import Sequence

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


def _derived(scheme: str, authority: str, target: str, method: str) -> dict[str, str]:
    """Return what is derived from a request without a parameter (RFC 9421 section 2.2).

    The authority is the host in lower case, the scheme's default port left out (section 2.2.3).
    """
    authority = authority.lower().removesuffix(_DEFAULT_PORT.get(scheme, ""))
    path, _, query = target.partition("?")
    return {
        "@method": method,
        "@target-uri": f"{scheme}://{authority}{target}",
        "@authority": authority,
        "@scheme": scheme.lower(),
        "@request-target": target,
        "@path": path,
        "@query": "?" + query,
    }


class _Message:
    """What both messages have: lines by lower-case name, and dictionaries parsed once. Nothing is changed once made.

    What is derived is kept apart from the fields, so that none can pass for it.
    """

    __slots__ = ("_fields", "_parsed", "derived", "headers")

    def __init__(self, headers: Headers, derived: dict[str, str]) -> None:
        self.headers = headers
        self.derived = derived
        self._fields = _index(headers)
        self._parsed: dict[str, Dictionary] = {}

    def lines(self, name: str) -> Sequence[str]:
        """Return the raw values of the field's lines, in order; `name` in lower case."""
        return self._fields.get(name, ())

    def value(self, name: str) -> str | None:
        """Return a derived component, or a field that is one printable line, stripped; None where it is neither."""
        if name[0] == "@":
            return self.derived.get(name)
        lines = self._fields.get(name)
        if lines is None or len(lines) != 1 or not lines[0].isprintable():
            return None
        return lines[0].strip(" \t")

    def dictionary(self, name: str) -> Dictionary:
        """Return the field, all lines joined, as a dictionary without duplicated keys (RFC 9651 section 4.2).

        Raises `SignatureError` (`malformed`). An absent field is an empty dictionary.
        """
        known = self._parsed.get(name)
        if known is None:
            lines = self.lines(name)
            text = lines[0] if len(lines) == 1 else ", ".join(line for line in lines if line.strip(" \t"))
            known = self._parsed[name] = parse_dictionary(text.strip(" \t"), unique=True)
        return known


class Request(_Message):
    """A request: `authority` as configured for the public URL, `target` the raw request target in origin form.

    Raises `SignatureError` (`malformed`) for a target in another form.
    """

    __slots__ = ("authority", "method", "scheme", "target")

    def __init__(self, method: str, scheme: str, authority: str, target: str, headers: Headers) -> None:
        if not target.startswith("/"):
            raise SignatureError("malformed", "the request target is not in origin form", "@request-target")
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.target = target
        super().__init__(headers, _derived(scheme, authority, target, method))

    def __repr__(self) -> str:
        """Neither target nor headers: they tell of persons."""
        return f"Request({self.method!r}, {self.scheme!r}, {self.authority!r})"

    @property
    def has_query(self) -> bool:
        """Whether the target has a `?`."""
        return "?" in self.target


class Response(_Message):
    """A response: its status code and its headers."""

    __slots__ = ("status",)

    def __init__(self, status: int, headers: Headers) -> None:
        self.status = status
        super().__init__(headers, {"@status": f"{status:03d}"})

    def __repr__(self) -> str:
        """No headers: they may tell of persons."""
        return f"Response({self.status})"


Message = Request | Response
