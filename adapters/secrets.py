"""The secret files a registry's `[auth]` names, read once when its adapter is built (DESIGN section 7).

A missing or unreadable one is a `MappingError` that names the member of the configuration, never a content.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from adapters.errors import MappingError


class Secrets:
    """The secret files that a registry's `[auth]` names, relative to the secrets directory."""

    def __init__(self, auth: Mapping[str, str], directory: Path) -> None:
        self._auth = auth
        self._directory = directory

    def word(self, member: str, default: str = "") -> str:
        """Return the plain text of `member`; without a default it must be there."""
        value = self._auth.get(member) or default
        if not value:
            raise MappingError(f"/auth/{member}", "is missing: give a text")
        return value

    def path(self, member: str) -> Path:
        """Return the path of the file that `member` names."""
        name = self._auth.get(member)
        if not name:
            raise MappingError(f"/auth/{member}", "is missing: name a file of the secrets directory")
        return self._directory / name

    def data(self, member: str) -> bytes:
        """Return the bytes of the file that `member` names."""
        try:
            return self.path(member).read_bytes()
        except OSError:
            raise MappingError(f"/auth/{member}", "names a file that cannot be read in the secrets directory") from None

    def line(self, member: str) -> str:
        """Return the one line of text in the file that `member` names."""
        try:
            text = self.data(member).decode().strip()
        except UnicodeDecodeError:
            text = ""
        if not text or len(text.splitlines()) != 1:
            raise MappingError(f"/auth/{member}", "must name a file that holds exactly one line")
        return text

    def table(self, member: str, *names: str) -> tuple[str, ...]:
        """Return the texts called `names` in the TOML file that `member` names, in that order."""
        try:
            table = tomllib.loads(self.data(member).decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise MappingError(f"/auth/{member}", "must name a TOML file") from None
        for name in names:
            if not isinstance(table.get(name), str) or not table[name]:
                raise MappingError(f"/auth/{member}", f"names a TOML file without the text {name!r}")
        return tuple(table[name] for name in names)
