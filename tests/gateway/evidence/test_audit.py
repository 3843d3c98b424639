"""Every way to tamper with the log by direct SQL, each found and named (THREATS F41)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from gateway.evidence.audit import audit_verify
from gateway.evidence.contract import Draft, Kind
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.log import EvidenceLog
from gateway.evidence.pins import FilePin
from gateway.evidence.report import Report
from gateway.evidence.sealer import LogSealer
from gateway.store.database import Database
from gateway.store.logs import log_states, newest_checkpoint

ORIGIN = "log.test.example"
PAIRS, TOGETHER = 329, 10  # 658 entries in log 1: two full tiles and a partial one; ten questions, their ten answers

TABLES = ("entry", "tile", "checkpoint", "log_head", "log")
PUT_BY = "CREATE SCHEMA spare;" + "".join(f"CREATE TABLE spare.{table} AS TABLE {table};" for table in TABLES)
RESTORE = f"TRUNCATE {', '.join(TABLES)};" + "".join(
    f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE spare.{table};" for table in reversed(TABLES)
)


async def _as_owner(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url, server_settings={"search_path": "lienthong"})
    await connection.execute(sql)
    await connection.close()


@dataclass
class Scene:
    """A copy of the prepared log that a test may ruin."""

    owner: str
    database: Database
    keys: EvidenceKeys
    pins: FilePin
    origin: str

    async def tamper(self, sql: str) -> None:
        """Run SQL as the owner."""
        await _as_owner(self.owner, sql)

    async def verify(self, *, pins: bool = True, against: str | None = None) -> Report:
        """Audit ten minutes from now, when every question is overdue."""
        now = datetime.now(UTC) + timedelta(minutes=10)
        pinned = self.pins if pins else None
        return await audit_verify(self.database, self.keys.verifier, against=against, pins=pinned, now=now)


async def _exchanges(log: EvidenceLog, drafts: list[Draft]) -> None:
    """Append questions together, then their answers."""
    questions = await asyncio.gather(*map(log.append, drafts))
    answers = [
        Draft(
            Kind.ANSWERED,
            draft.request_id,
            datetime.now(UTC),
            client=draft.client,
            question=asked.entry_id,
            subject=draft.subject,
            person_id=draft.subject[1],
            outcome="found",
            commitment=b"c" * 32,
        )
        for draft, asked in zip(drafts, questions, strict=True)
    ]
    await asyncio.gather(*map(log.append, answers))


async def _fill(database: Database, keys: EvidenceKeys, pins: FilePin, question) -> None:
    """Two logs: one with answered questions, sealed in steps, and one with a question and its answer."""
    log = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    other = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    sealer = LogSealer(database, keys, pins, lambda: datetime.now(UTC))
    await _exchanges(other, [question()])
    for begin in range(0, PAIRS, TOGETHER):
        await _exchanges(log, [question() for _ in range(begin, min(begin + TOGETHER, PAIRS))])
        if begin + TOGETHER in {50, 200}:
            await sealer.seal_all()
    await sealer.seal_all()
    await log.close()
    await other.close()


@pytest.fixture(scope="module")
def prepared(database_urls, keys, question, tmp_path_factory) -> Path:
    """Fill a database once and put its tables by; return the directory of its pins."""
    directory = tmp_path_factory.mktemp("pins")

    async def fill() -> None:
        database = await Database.connect(database_urls.application)
        await _fill(database, keys, FilePin(directory), question)
        await database.close()
        await _as_owner(database_urls.owner, PUT_BY)

    asyncio.run(fill())
    return directory


@pytest.fixture
async def scene(database_urls, prepared: Path, keys: EvidenceKeys) -> AsyncIterator[Scene]:
    """Restore the prepared log."""
    await _as_owner(database_urls.owner, RESTORE)
    database = await Database.connect(database_urls.application)
    origin = (await log_states(database))[0].origin
    yield Scene(database_urls.owner, database, keys, FilePin(prepared), origin)
    await database.close()


async def test_an_honest_log_verifies_to_the_last_entry(scene: Scene):
    """Nothing is wrong, every entry was walked, and both logs are anchored by their pins."""
    report = await scene.verify()
    assert report.problems == ()
    assert [(log.entries, log.sealed, log.anchored) for log in report.logs] == [(658, 658, 658), (2, 2, 2)]
    assert report.unanchored == ()


async def test_without_an_anchor_the_report_says_so(scene: Scene):
    """An audit without pin or checkpoint names the logs whose rollback it could not have seen."""
    report = await scene.verify(pins=False)
    assert report.ok
    assert scene.origin in report.unanchored
    note = await newest_checkpoint(scene.database, 1)
    against = await scene.verify(pins=False, against=note)
    assert against.ok
    assert scene.origin not in against.unanchored


LEAF = "convert_to(replace(convert_from(leaf, 'UTF8'), '\"found\"', '\"match\"'), 'UTF8')"
CUT = "DELETE FROM entry WHERE log_id = 1 AND index >= {0}; UPDATE log_head SET next_index = {0} WHERE log_id = 1;"
UNSEAL = (
    "DELETE FROM checkpoint WHERE log_id = 1 AND size > {0};"
    "DELETE FROM tile WHERE log_id = 1 AND level = 0 AND index > {0} / 256;"
    "UPDATE tile SET data = substr(data, 1, ({0} % 256) * 32) WHERE log_id = 1 AND level = 0 AND index = {0} / 256;"
    "UPDATE tile SET data = substr(data, 1, ({0} / 256) * 32) WHERE log_id = 1 AND level = 1 AND {0} >= 256;"
    "DELETE FROM tile WHERE log_id = 1 AND level = 1 AND {0} < 256;"
)
RETILE = (
    "UPDATE tile SET data = (SELECT string_agg(sha256('\\x00'::bytea || leaf), ''::bytea ORDER BY index) FROM entry "
    "WHERE log_id = 1 AND index / 256 = {0}) WHERE log_id = 1 AND level = 0 AND index = {0};"
)

TAMPERINGS = {
    "a leaf was updated": (f"UPDATE entry SET leaf = {LEAF} WHERE log_id = 1 AND index = 311", 311, "not the one"),
    "a leaf was updated and so was its column": (
        f"UPDATE entry SET outcome = 'match', leaf = {LEAF} WHERE log_id = 1 AND index = 311",
        311,
        "not the one",
    ),
    "a leaf, its column and its tile were updated": (
        f"UPDATE entry SET outcome = 'match', leaf = {LEAF} WHERE log_id = 1 AND index = 311;" + RETILE.format(1),
        256,
        "does not hold the root",
    ),
    "a leaf in the partial tile and that tile were updated": (
        f"UPDATE entry SET outcome = 'match', leaf = {LEAF} WHERE log_id = 1 AND index = 611;" + RETILE.format(2),
        400,
        "are not those that",
    ),
    "an entry was deleted": ("DELETE FROM entry WHERE log_id = 1 AND index = 17", 17, "missing"),
    "many entries were deleted": ("DELETE FROM entry WHERE log_id = 1 AND index BETWEEN 40 AND 90", 40, "up to 90"),
    "the first entry was deleted": ("DELETE FROM entry WHERE log_id = 1 AND index = 0", 0, "missing"),
    "the last entry was deleted": ("DELETE FROM entry WHERE log_id = 1 AND index = 657", 657, "missing"),
    "the end was cut off, the head lowered": (CUT.format(600), 600, "missing"),
    "the end was cut off, head, tiles and checkpoints too": (CUT.format(500) + UNSEAL.format(500), 500, "pinned"),
    "everything was truncated": (
        "TRUNCATE entry; DELETE FROM tile; DELETE FROM checkpoint; UPDATE log_head SET next_index = 0",
        0,
        "pinned",
    ),
    "a log was removed whole": (
        (
            "DELETE FROM entry WHERE log_id = 1; DELETE FROM tile WHERE log_id = 1;"
            "DELETE FROM checkpoint WHERE log_id = 1; DELETE FROM log_head WHERE log_id = 1;"
            "DELETE FROM log WHERE log_id = 1"
        ),
        0,
        "unknown log",
    ),
    "a row was inserted at the end": (
        (
            "INSERT INTO entry SELECT log_id, 658, at, gen_random_uuid(), kind, request_id, client, service, "
            "procedure, "
            "dossier, unit, officer, subject, person, outcome, question, deadline, leaf FROM entry "
            "WHERE log_id = 1 AND index = 5"
        ),
        658,
        "beyond the log's head",
    ),
    "a row was doubled": (
        (
            "INSERT INTO entry SELECT log_id, index, at + interval '1 microsecond', entry_id, kind, request_id, "
            "client, "
            "service, procedure, dossier, unit, officer, subject, person, outcome, question, deadline, leaf FROM entry "
            "WHERE log_id = 1 AND index = 5"
        ),
        5,
        "second entry",
    ),
    "a row was inserted in a log of its own": (
        (
            "INSERT INTO entry SELECT 77, 0, at, gen_random_uuid(), kind, request_id, client, service, procedure, "
            "dossier, unit, officer, subject, person, outcome, NULL, deadline, leaf FROM entry "
            "WHERE log_id = 1 AND index = 5"
        ),
        0,
        "not known",
    ),
    "two rows changed places": (
        (
            "UPDATE entry SET index = -9 WHERE log_id = 1 AND index = 10;"
            "UPDATE entry SET index = 10 WHERE log_id = 1 AND "
            "index = 12; UPDATE entry SET index = 12 WHERE log_id = 1 AND index = -9"
        ),
        10,
        "not the one",
    ),
    "an index is negative": ("UPDATE entry SET index = -1 WHERE log_id = 1 AND index = 3", -1, "negative"),
    "the head was raised": ("UPDATE log_head SET next_index = 700 WHERE log_id = 1", 658, "head stands at 700"),
    "a checkpoint was forged": (
        "UPDATE checkpoint SET note = replace(note, E'\\n658\\n', E'\\n659\\n') WHERE log_id = 1 AND size = 658",
        None,
        "not signed",
    ),
    "a checkpoint was moved to another size": (
        "UPDATE checkpoint SET size = 657 WHERE log_id = 1 AND size = 658",
        None,
        "is of 658",
    ),
    "a checkpoint of another log was put in": (
        (
            "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE log_id = 2 LIMIT 1) "
            "WHERE log_id = 1 AND size = 658"
        ),
        None,
        "not signed",
    ),
    "a log was renamed": ("UPDATE log SET origin = origin || 'x' WHERE log_id = 1", None, "not signed"),
    "a tile was altered": (
        (
            "UPDATE tile SET data = set_byte(data, 100, (get_byte(data, 100) + 1) % 256) "
            "WHERE log_id = 1 AND level = 0 AND index = 1"
        ),
        259,
        "not the one",
    ),
    "a tile was deleted": ("DELETE FROM tile WHERE log_id = 1 AND level = 0 AND index = 1", 256, "tile"),
    "an upper tile was altered": (
        "UPDATE tile SET data = set_byte(data, 40, (get_byte(data, 40) + 1) % 256) WHERE log_id = 1 AND level = 1",
        256,
        "does not hold the root",
    ),
    "a tile was added beside the tree": (
        "INSERT INTO tile SELECT 1, 1, 5, data FROM tile WHERE log_id = 1 AND level = 1",
        None,
        "outside the tree",
    ),
    "a leaf is no JSON": ("UPDATE entry SET leaf = 'x' WHERE log_id = 1 AND index = 9", 9, "not the one"),
}
COLUMNS = {
    "at": "at + interval '1 second'", "entry_id": "gen_random_uuid()", "kind": "'read'", "request_id": "'other'",
    "client": "'H98.onegate'", "service": "'tax/taxpayer'", "procedure": "'9.999902'",
    "dossier": "'H99.01-261121-0002'",
    "unit": "'H99.02'", "officer": "sha256('x')", "subject": "sha256('x')", "person": "sha256('x')",
    "outcome": "'no_match'", "question": "gen_random_uuid()", "deadline": "now()",
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_tampering_is_found_and_named(scene: Scene, name: str):
    """The first bad entry is named, with what is wrong with it."""
    sql, index, word = TAMPERINGS[name]
    await scene.tamper(sql)
    report = await scene.verify()
    assert not report.ok
    assert any(problem.index == index and word in problem.why for problem in report.problems), report.problems
    if index is not None and not name.startswith(("a log", "a row was inserted in")):
        assert report.first.index == index, report.problems


@pytest.mark.parametrize("column", COLUMNS)
async def test_every_projected_column_is_held_against_its_leaf(scene: Scene, column: str):
    """A column that says something else than the leaf is named, whichever column it is."""
    await scene.tamper(f"UPDATE entry SET {column} = {COLUMNS[column]} WHERE log_id = 1 AND index = 20")
    report = await scene.verify()
    assert report.first.index == 20
    assert f"column {column} " in report.first.why


async def test_every_column_has_a_tampering(database: Database):
    """No column of the table escapes the audit: all but the place and the leaf itself are listed above."""
    columns = {row[0] for row in await database.fetch("database.columns", "entry")}
    assert columns - {"log_id", "index", "leaf"} == set(COLUMNS)


async def test_an_unanswered_question_is_named(scene: Scene):
    """An answer cut out before it was sealed leaves its question open, and that shows."""
    await scene.tamper(UNSEAL.format(400) + CUT.format(657))
    report = await scene.verify(pins=False)
    assert any(problem.index == 648 and "never answered" in problem.why for problem in report.problems)


async def test_an_answer_without_its_question_is_named(scene: Scene):
    """A question that vanished with the whole log that held it leaves its answer behind."""
    await scene.tamper("UPDATE entry SET log_id = 2, index = 2 WHERE log_id = 1 AND index = 657;"
                       "DELETE FROM entry WHERE "
                       "log_id = 1; UPDATE log_head SET next_index = 3 WHERE log_id = 2")  # fmt: skip
    report = await scene.verify()
    assert any(problem.index == 2 and "not in the log" in problem.why for problem in report.problems)


async def test_an_old_dump_restored_shows_against_a_checkpoint_kept_elsewhere(scene: Scene):
    """A consistent but older log passes without an anchor and fails against a newer checkpoint."""
    note = await newest_checkpoint(scene.database, 1)
    await scene.tamper(CUT.format(420) + UNSEAL.format(420))
    assert (await scene.verify(pins=False)).ok
    report = await scene.verify(pins=False, against=note)
    assert report.first.index == 420
    assert "the given checkpoint covers 658" in report.first.why
