"""Whose agencies a query may see: the mandatory argument of every query about dossiers (DESIGN section 4).

The rule: an empty scope sees nothing, and only `Scope.everything`, which is for the operator's own commands, sees
all. A pattern is an agency code, or one followed by `*` for all below it too (`schemas.identifiers`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from schemas.identifiers import agency_matches, agency_pattern

_ALL = "*"


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of agencies. Make it with `of` or `everything`."""

    patterns: frozenset[str]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> Self:
        """Return the scope of an agreement's patterns. Raises `ValueError` on a malformed one."""
        return cls(frozenset(map(agency_pattern, patterns)))

    @classmethod
    def everything(cls) -> Self:
        """Return the operator's scope."""
        return cls(frozenset({_ALL}))

    def __bool__(self) -> bool:
        """Whether anything at all can be seen."""
        return bool(self.patterns)

    @property
    def is_everything(self) -> bool:
        """Whether this is the operator's scope."""
        return _ALL in self.patterns

    def holds(self, agency: str) -> bool:
        """Whether an agency lies within. Raises `ValueError` where it is malformed."""
        return self.is_everything or any(agency_matches(pattern, agency) for pattern in self.patterns)

    def likes(self) -> list[str]:
        """Return patterns for `agency LIKE ANY (…)`; agency codes hold none of LIKE's own characters."""
        found = []
        for pattern in sorted(self.patterns):
            base = pattern.rstrip("*")
            found += [f"{base}.%"] if pattern.endswith("*") and base else []
            found.append(base or "%")
        return found

    def roots(self) -> list[str]:
        """Return the first parts of the agencies' codes, for an index on them; useless where it is everything."""
        return sorted({pattern.rstrip("*").partition(".")[0] for pattern in self.patterns if pattern != _ALL})
