"""What an audit of the log found (PROTOCOL section 6, `lienthong audit verify`)."""

from dataclasses import dataclass, field
from enum import IntEnum

MAX_PROBLEMS = 100


class Sight(IntEnum):
    """How closely a problem names its entry; the closest come first."""

    ENTRY = 0
    PAIR = 1  # an entry whose counterpart is wrong or gone
    TILE = 2  # the first of a tile's entries
    ROOT = 3  # the first that no signed root proves


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that must not be: where, and why. `index` is the first bad entry's; None where it is no entry."""

    log: str
    index: int | None
    why: str
    sight: Sight = Sight.ENTRY

    def __str__(self) -> str:
        place = f"{self.log} #{self.index}" if self.index is not None else self.log
        return f"{place}: {self.why}"


@dataclass(frozen=True, slots=True)
class LogReport:
    """One log as it was walked."""

    log: str
    entries: int
    sealed: int
    """Entries covered by the newest checkpoint; the rest is promised by receipts only."""
    anchored: int
    """Entries covered by the newest anchor (a pin or a checkpoint kept elsewhere); 0 without one."""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole audit. `problems` are ordered by log, closeness and index; at most `MAX_PROBLEMS` are kept."""

    logs: tuple[LogReport, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; see `unanchored` for how far that reaches."""
        return not self.problems

    @property
    def first(self) -> Problem | None:
        """The first bad entry."""
        return self.problems[0] if self.problems else None

    @property
    def entries(self) -> int:
        """Entries verified."""
        return sum(log.entries for log in self.logs)

    @property
    def unanchored(self) -> tuple[str, ...]:
        """Logs with entries that no anchor outside the database holds: a rollback of theirs would not show."""
        return tuple(log.log for log in self.logs if log.entries and not log.anchored)


@dataclass(slots=True)
class Findings:
    """Problems as they are collected, with an upper bound on their number."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, log: str, index: int | None, why: str, sight: Sight = Sight.ENTRY) -> None:
        """Note a problem."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(log, index, why, sight))

    def ordered(self) -> tuple[Problem, ...]:
        """Return the problems by log, closeness and index; those of no entry come last in their log."""
        return tuple(
            sorted(self.problems, key=lambda found: (found.log, found.index is None, found.sight, found.index or 0))
        )
