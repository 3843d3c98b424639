"""A TOML table read member by member, with errors that say where and what to do (DESIGN section 7).

Every member must be asked for: `done` refuses what nobody asked for, so a misspelt member is found at once.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.errors import MappingError


class Table:
    """One table and its pointer. Each reading method raises `MappingError` where the member is not as described."""

    def __init__(self, values: Any, pointer: str) -> None:
        if not isinstance(values, Mapping):
            raise MappingError(pointer, "must be a table")
        self.pointer = pointer
        self._values = values
        self._asked: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def at(self, name: str) -> str:
        """Return the pointer of a member."""
        return f"{self.pointer}/{name.replace('~', '~0').replace('/', '~1')}"

    def raw(self, name: str) -> Any:
        """Return the member as it is, or None."""
        self._asked.add(name)
        return self._values.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text that is not empty; without a default it must be there."""
        value = self.raw(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value:
            raise MappingError(self.at(name), "must be a text" if value is not None else "is missing: give a text")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None where the member is absent."""
        return self.text(name) if name in self else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; a single text counts as a list of one, an absent member as an empty list."""
        value = self.raw(name)
        values = [value] if isinstance(value, str) else value
        if value is None:
            return ()
        if not isinstance(values, list) or not all(isinstance(item, str) and item for item in values):
            raise MappingError(self.at(name), "must be a text or a list of texts")
        return tuple(values)

    def flag(self, name: str) -> bool:
        """Return true or false; absent is false."""
        value = self.raw(name)
        if value is not None and not isinstance(value, bool):
            raise MappingError(self.at(name), "must be true or false")
        return bool(value)

    def table(self, name: str) -> "Table":
        """Return a table; absent is empty."""
        value = self.raw(name)
        return Table({} if value is None else value, self.at(name))

    def tables(self, name: str) -> tuple["Table", ...]:
        """Return a list of tables; absent is empty."""
        value = self.raw(name)
        if value is not None and not isinstance(value, list):
            raise MappingError(self.at(name), "must be a list of tables")
        return tuple(Table(item, f"{self.at(name)}/{index}") for index, item in enumerate(value or []))

    def names(self) -> Iterator[str]:
        """Yield every member's name, all of which count as asked for."""
        self._asked.update(self._values)
        return iter(self._values)

    def done(self) -> None:
        """Refuse members that nobody asked for."""
        for name in self._values:
            if name not in self._asked:
                raise MappingError(self.at(name), f"is not known here; known are: {', '.join(sorted(self._asked))}")
