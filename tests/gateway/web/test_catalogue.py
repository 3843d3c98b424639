"""A caller sees its own grants in force, and how the registries have been answering."""

from datetime import UTC, datetime

import orjson
import pytest

from gateway.registries.pool import RegistryPool
from gateway.web.catalogue import Catalogue


@pytest.fixture
async def rows(kit, live, configured, scripted, answer_found, tmp_path):
    """Return the catalogue of the example's client under the given rows."""
    pool = RegistryPool(tmp_path, lambda *_: None, lambda *_: scripted(answer_found()))
    await pool.load(live.snapshot)

    async def listed(*grants, **files):
        exchange = kit.exchange(live.snapshot)
        exchange.at = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # the 21st in Hà Nội
        configured.apply(kit.documents(*grants, **files))
        await live.refresh()
        return orjson.loads((await Catalogue(live, pool).list(exchange, {})).body)["registries"]

    listed.pool = pool
    return listed


async def test_a_row_says_what_may_be_asked(rows):
    """Fields keep the agreement's order; what a dossier rule demands is spelled out."""
    grant = {
        "fields": ["sex", "full_name"],
        "legal_bases": ["law", "consent"],
        "dossier_rule": "party",
        "explain": True,
    }
    assert await rows(grant) == [
        {
            "registry": "population",
            "service": "person",
            "modes": ["lookup", "verification"],
            "id_types": ["personal_id", "old_id_card"],
            "subject_requires": ["full_name", "birth_date"],
            "fields": ["sex", "full_name"],
            "procedures": ["9.999901"],
            "legal_basis": ["consent", "law"],
            "requires": ["open_dossier", "party"],
            "explain": True,
        }
    ]


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("2026-11-21", "2026-11-21", 1),
        ("2026-11-20", "2026-11-20", 0),
        ("2026-11-22", "2099-01-01", 0),
    ],
)
async def test_only_rows_in_force_today_are_shown(rows, first, last, shown):
    """Today is a day of Asia/Ho_Chi_Minh."""
    assert len(await rows({"valid_from": first, "valid_until": last})) == shown


async def test_nobody_sees_the_grants_of_others(rows, kit):
    """Another client's rows are not in the list."""
    files = {
        "clients/H98.test.toml": kit.client_file("H98.test"),
        "agreements/A2.toml": kit.agreement_file({"fields": ["spouse"]}, client="H98.test", name="A2"),
    }
    assert [row["fields"] for row in await rows(**files)] == [["full_name", "birth_date", "sex"]]


async def test_health_tells_every_registry(rows, live):
    """One row for each, with the state of its breaker."""
    reply = await Catalogue(live, rows.pool).health(None, {})
    (row,) = orjson.loads(reply.body)["registries"]
    assert (row["registry"], row["state"], row["breaker"]) == ("population", "UNSURE", "closed")
