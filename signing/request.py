"""The two messages a signature can cover: what RFC 9421 needs of an HTTP request and of a response, and nothing more.

The rule kept here: values are raw. The target is the request line's own text, header values are those received, and
routing must use the very same strings.
"""

from collections.abc import Sequence

from signing.errors import SignatureError
from signing.fields import Dictionary, parse_dictionary

Headers = Sequence[tuple[str, str]]
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class Fields:
    """Header lines found by their name, as often as anybody asks. `headers` are the lines themselves, in order."""

    __slots__ = ("_once", "_repeated", "headers")

    def __init__(self, headers: Headers) -> None:
        self.headers = headers
        self._once = dict(headers)
        names = "".join(self._once)
        if names != names.lower():
            self._once = {name.lower(): value for name, value in headers}
        self._repeated: dict[str, list[str]] = {}
        if len(self._once) != len(headers):
            self._take_repeated()

    def _take_repeated(self) -> None:
        """Keep apart what stands more than once, so that the usual field is one text."""
        lines: dict[str, list[str]] = {}
        for name, value in self.headers:
            lines.setdefault(name.lower(), []).append(value)
        self._repeated = {name: values for name, values in lines.items() if len(values) > 1}
        for name in self._repeated:
            del self._once[name]

    def lines(self, name: str) -> Sequence[str]:
        """Return the raw values of the field's lines, in order; `name` in lower case."""
        value = self._once.get(name)
        if value is not None:
            return (value,)
        return self._repeated.get(name, ()) if self._repeated else ()

    def line(self, name: str) -> str | None:
        """Return the raw value of a field that is one line; None where there is none, or several."""
        return self._once.get(name)


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
    """What both messages have: fields, and dictionaries parsed once. Nothing is changed once made.

    What is derived is kept apart from the fields, so that none can pass for it.
    """

    __slots__ = ("_parsed", "derived", "fields")

    def __init__(self, headers: Headers | Fields, derived: dict[str, str]) -> None:
        self.fields = headers if isinstance(headers, Fields) else Fields(headers)
        self.derived = derived
        self._parsed: dict[str, Dictionary] = {}

    @property
    def headers(self) -> Headers:
        """Every header line, as it came."""
        return self.fields.headers

    def lines(self, name: str) -> Sequence[str]:
        """Return the raw values of the field's lines, in order; `name` in lower case."""
        return self.fields.lines(name)

    def dictionary(self, name: str) -> Dictionary:
        """Return the field, all lines joined, as a dictionary without duplicated keys (RFC 9651 section 4.2).

        Raises `SignatureError` (`malformed`). An absent field is an empty dictionary.
        """
        known = self._parsed.get(name)
        if known is None:
            text = self.fields.line(name)
            if text is None:
                text = ", ".join(line for line in self.fields.lines(name) if line.strip(" \t"))
            known = self._parsed[name] = parse_dictionary(text.strip(" \t"), unique=True)
        return known


class Request(_Message):
    """A request: `authority` as configured for the public URL, `target` the raw request target in origin form.

    Raises `SignatureError` (`malformed`) for a target in another form.
    """

    __slots__ = ("authority", "method", "scheme", "target")

    def __init__(self, method: str, scheme: str, authority: str, target: str, headers: Headers | Fields) -> None:
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

    def __init__(self, status: int, headers: Headers | Fields) -> None:
        self.status = status
        super().__init__(headers, {"@status": str(status)})

    def __repr__(self) -> str:
        """No headers: they may tell of persons."""
        return f"Response({self.status})"


Message = Request | Response
