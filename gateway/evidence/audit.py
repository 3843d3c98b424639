"""`audit verify`: recompute everything, name the first bad entry (THREATS F41, PROTOCOL section 6).

What a log proves: every leaf is the one sealed into the tree, every signed checkpoint is a root of that tree,
every column says what its leaf says, no index is missing or doubled, every question ends in exactly one answer. What
only an anchor outside the database proves: that nothing was cut off the end.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from gateway.evidence.pins import Pin
from gateway.evidence.report import Findings, LogReport, Report, Sight
from gateway.evidence.walk import Anchor, Walk
from gateway.store.audit import (
    answered_twice,
    index_beyond_head,
    log_ids,
    never_closed,
    tiles,
    tiles_beyond,
    unknown_questions,
)
from gateway.store.database import Database
from gateway.store.logs import LogState, log_states
from signing.checkpoint import VerifierKey, parse_checkpoint, parse_note, verify_checkpoint
from signing.errors import SignatureError
from signing.merkle import root_of
from signing.tiles import WIDTH

PATIENCE = timedelta(minutes=6)
"""How long after its deadline a question may stand open: 60 s, the sweeper's turn, and a little."""
REOPEN = "reopen"
_HASH, _LEVELS, _PAGE, _PAIRING = 32, 8, 64, 2000


class Pairing:
    """Questions and answers, checked in batches as the walks meet them."""

    def __init__(self, database: Database, findings: Findings, now: datetime, seen: Callable[[], None]) -> None:
        self._database, self.findings, self._now, self._seen = database, findings, now, seen
        self._asked: dict[str, tuple[str, int]] = {}
        self._answers: dict[str, tuple[str, int]] = {}
        self.reopened: set[str] = set()
        """Logs whose loss an `admin` entry tells."""

    def see(self, log: str, row: Mapping[str, Any]) -> None:
        """Take in one row."""
        self._seen()
        if row["kind"] == "asked" and row["deadline"] is not None and row["deadline"] + PATIENCE < self._now:
            self._asked[str(row["entry_id"])] = (log, row["index"])
        elif row["question"] is not None:
            self._answers[str(row["question"])] = (log, row["index"])
        elif row["kind"] == "admin":
            leaf = orjson.loads(row["leaf"])
            if leaf.get("mode") == REOPEN:
                self.reopened.update(leaf.get("detail", {}).get("origins", ()))

    async def settle(self, *, all_of_it: bool = False) -> None:
        """Check what was taken in, once there is enough of it."""
        if len(self._asked) + len(self._answers) < _PAIRING and not all_of_it:
            return
        answers, self._answers = self._answers, {}
        asked, self._asked = self._asked, {}
        for question in await unknown_questions(self._database, list(answers)):
            self.findings.add(*answers[question], "it answers a question that is not in the log", Sight.PAIR)
        for question in await answered_twice(self._database, list(answers)):
            self.findings.add(*answers[question], "its question was answered twice", Sight.PAIR)
        for question in await never_closed(self._database, list(asked)):
            self.findings.add(*asked[question], "this question was never answered nor closed", Sight.PAIR)


async def audit_verify(
    database: Database,
    verifier: VerifierKey,
    *,
    against: str | None = None,
    pins: Pin | None = None,
    now: datetime | None = None,
    seen: Callable[[], None] = lambda: None,
) -> Report:
    """Verify every log of the database, against a checkpoint kept elsewhere and against the pins.

    `seen` is called for every entry, to show how far it is. Runs beside a gateway that goes on appending. Raises
    `StoreError`, and `SignatureError` where `against` is no checkpoint that the log key signed.
    """
    now, findings = now or datetime.now(UTC), Findings()
    anchors = _anchors(verifier, against, pins, findings)  # before the states: a log only grows
    states = await log_states(database)
    pairing = Pairing(database, findings, now, seen)
    reports = [await _one_log(database, state, verifier, anchors.pop(state.origin, []), pairing) for state in states]
    await pairing.settle(all_of_it=True)
    for origin, lost in anchors.items():
        findings.add(origin, 0, f"missing: {lost[0].source} covers {lost[0].checkpoint.size} entries of an unknown log")
    for log_id in set(await log_ids(database)) - {state.log_id for state in states}:
        findings.add(f"log {log_id}", 0, "entries of a log that is not known")
    return _report(reports, findings, pairing.reopened)


def _anchors(
    verifier: VerifierKey, against: str | None, pins: Pin | None, findings: Findings
) -> dict[str, list[Anchor]]:
    anchors: dict[str, list[Anchor]] = {}
    if against is not None:
        origin = parse_checkpoint(parse_note(against).text).origin
        checkpoint = verify_checkpoint(against, verifier, origin)
        anchors.setdefault(origin, []).append(Anchor("the given checkpoint", checkpoint))
    for origin in pins.origins() if pins else ():
        if not origin.startswith(f"{verifier.name}/"):
            continue
        try:
            pinned = verify_checkpoint((pins.newest(origin) or "") if pins else "", verifier, origin)
        except SignatureError:
            findings.add(origin, None, "its pin is not signed by the log key")
            continue
        anchors.setdefault(origin, []).append(Anchor("the pinned checkpoint", pinned))
    return anchors


async def _one_log(
    database: Database, state: LogState, verifier: VerifierKey, anchors: list[Anchor], pairing: Pairing
) -> LogReport:
    findings = pairing.findings
    walk = Walk(database, state, verifier, anchors, findings)
    entries = await walk.run(lambda row: pairing.see(state.origin, row), pairing.settle)
    beyond = await index_beyond_head(database, state.log_id)
    if beyond is not None:
        findings.add(state.origin, beyond, "an entry beyond the log's head")
    await _upper_tiles(database, state, findings)
    anchored = max((anchor.checkpoint.size for anchor in anchors), default=0)
    return LogReport(state.origin, entries, state.sealed, anchored)


async def _upper_tiles(database: Database, state: LogState, findings: Findings) -> None:
    """Check that every hash of every upper tile is the root of the full tile below it, and that no tile is odd."""
    counts = [-(-(state.sealed >> 8 * level) // WIDTH) for level in range(_LEVELS)]
    for level, index in await tiles_beyond(database, state.log_id, counts):
        if level >= _LEVELS or index < 0 or index > counts[level]:
            findings.add(state.origin, None, f"tile {level}/{index} is outside the tree")
    for level in range(1, _LEVELS):
        for index in range(counts[level]):
            await _upper_tile(database, state, findings, (level, index))


async def _upper_tile(database: Database, state: LogState, findings: Findings, place: tuple[int, int]) -> None:
    level, index = place
    full = min(WIDTH, (state.sealed >> 8 * level) - index * WIDTH)
    data = (await tiles(database, state.log_id, level, index, index)).get(index, b"")
    if len(data) < full * _HASH:
        findings.add(state.origin, None, f"tile {level}/{index} is missing or too narrow")
        return
    for start in range(0, full, _PAGE):
        below = await tiles(database, state.log_id, level - 1, index * WIDTH + start, index * WIDTH + start + _PAGE - 1)
        for offset in range(start, min(start + _PAGE, full)):
            child = below.get(index * WIDTH + offset, b"")
            hashes = [child[at : at + _HASH] for at in range(0, WIDTH * _HASH, _HASH)]
            if root_of(hashes) != data[offset * _HASH : (offset + 1) * _HASH]:
                leaves = WIDTH**level
                why = f"tile {level}/{index} does not hold the root of the entries from here on"
                findings.add(state.origin, (index * WIDTH + offset) * leaves, why, Sight.TILE)
                return


def _report(logs: list[LogReport], findings: Findings, reopened: set[str]) -> Report:
    """Losses that an operator settled by `log reopen`, and an entry tells, are notes."""
    problems, notes = [], []
    for problem in findings.ordered():
        if problem.log in reopened and problem.why.startswith("missing: the pinned"):
            notes.append(f"{problem} (lost and reopened, as an admin entry tells)")
        else:
            problems.append(problem)
    return Report(tuple(logs), tuple(problems), tuple(notes))
