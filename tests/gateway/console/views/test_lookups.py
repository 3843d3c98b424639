"""Screen 2: filters, pages, facets, scope, files."""

import re
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.console.roles import Role
from gateway.console.views.lookups import PAGE

OFFICER = "099085000009"


def rows(text):
    """Return the entries that a list shows, in order."""
    return re.findall(r'<td class="nowrap"><a href="/lookups/([0-9a-f-]{36})">', text)


async def test_a_list_shows_how_exchanges_ended(visitor, looked_up):
    """One line an exchange, newest first, without anybody's number."""
    first = await looked_up(dossier="H99.01-261121-0777")
    second = await looked_up(dossier="H99.01-261121-0777")
    user = await visitor()
    await user.get("/lookups?dossier=H99.01-261121-0777")
    assert rows(user.text) == [second[1].entry_id, first[1].entry_id]
    assert OFFICER not in user.text


@pytest.mark.parametrize(
    ("name", "value", "other", "dossier"),
    [
        ("client", "H98.onegate", "H99.igate", "H99.01-261121-1001"),
        ("unit", "H99.07", "H99.08", "H99.01-261121-1002"),
        ("service", "tax/taxpayer", "population/person", "H99.01-261121-1003"),
        ("procedure", "9.999909", "9.999901", "H99.01-261121-1004"),
        ("outcome", "mismatch", "found", "H99.01-261121-1005"),
    ],
)
async def test_each_filter_narrows(visitor, looked_up, name, value, other, dossier):
    """A filter leaves those that have the value, and no others."""
    wanted = await looked_up(**{"dossier": dossier, name: value})
    unwanted = await looked_up(**{"dossier": dossier, name: other})
    user = await visitor()
    await user.get(f"/lookups?dossier={dossier}&{name}={value}")
    assert rows(user.text) == [wanted[1].entry_id]
    await user.get(f"/lookups?dossier={dossier}&{name}={other}")
    assert rows(user.text) == [unwanted[1].entry_id]


async def test_a_registry_means_all_its_services(visitor, looked_up):
    """`registry=tax` shows tax/taxpayer and tax/obligations."""
    dossier = "H99.01-261121-2001"
    for service in ("tax/taxpayer", "tax/obligations", "population/person"):
        await looked_up(service=service, dossier=dossier)
    user = await visitor()
    await user.get(f"/lookups?dossier={dossier}&registry=tax")
    assert len(rows(user.text)) == 2


async def test_nobody_sees_beyond_the_scope(visitor, looked_up):
    """An auditor of H98 sees H98's look-ups in lists, files, facets and by address, and no others."""
    dossier = "H99.01-261121-3001"
    inside = await looked_up(unit="H98.01", dossier=dossier)
    outside = await looked_up(unit="H99.01", dossier=dossier)
    user = await visitor(Role.AUDITOR, ["H98*"])
    await user.get(f"/lookups?dossier={dossier}")
    assert rows(user.text) == [inside[1].entry_id]
    assert "H99.igate</a> <span" in user.text
    assert "H99.01</a>" not in user.text
    await user.get(f"/lookups/export?dossier={dossier}&as=ndjson")
    assert [orjson.loads(line)["entry"] for line in user.text.splitlines()] == [inside[1].entry_id]
    assert (await user.get(f"/lookups/{outside[1].entry_id}")).status == 404
    assert (await user.get(f"/lookups?officer_of={outside[1].entry_id}")).status == 400


async def test_an_officer_is_found_by_number_without_the_number_in_the_address(visitor, looked_up, acts):
    """A typed number becomes a random name; the search is an entry that holds the number only sealed."""
    dossier, officer = "H99.01-261121-4001", "099085000123"
    wanted = await looked_up(dossier=dossier, officer=officer)
    await looked_up(dossier=dossier)
    user = await visitor()
    response = await user.post("/lookups/find", kind="officer", number="099 085 000 123")
    target = response.headers["Location"]
    assert officer not in target
    assert officer.encode() not in (await acts())[0].leaf
    await user.get(f"{target}&dossier={dossier}")
    assert rows(user.text) == [wanted[1].entry_id]
    await user.get(f"/lookups?officer_of={wanted[1].entry_id}&dossier={dossier}")
    assert rows(user.text) == [wanted[1].entry_id]


async def test_a_person_is_found_by_number_with_a_reason(visitor, looked_up, acts):
    """The number and the reason are sealed, the address holds a random name, and nobody else goes on under it."""
    dossier, person = "H99.01-261121-4101", "099191000456"
    wanted = await looked_up(dossier=dossier, subject=("personal_id", person))
    await looked_up(dossier=dossier)
    user, other = await visitor(), await visitor()
    fields = {"kind": "subject", "id_type": "personal_id", "number": person}
    assert (await user.post("/lookups/find", **fields)).status == 400
    response = await user.post("/lookups/find", **fields, reason="Đơn tố cáo")
    target = response.headers["Location"]
    assert person not in target
    newest = (await acts())[0].leaf
    assert person.encode() not in newest
    assert "Đơn tố cáo".encode() not in newest
    assert b'"subject"' in newest
    await user.get(f"{target}&dossier={dossier}")
    assert rows(user.text) == [wanted[1].entry_id]
    assert (await other.get(target)).status == 400
    assert (await user.get(target.replace("/lookups?subject", "/subject?handle"))).status == 404


async def test_every_filter_of_the_list_narrows_it(visitor, looked_up):
    """Client, agency, registry, service, purpose, dossier, outcome, officer and explanation: each finds or hides."""
    dossier = "H99.01-261121-4201"
    made = await looked_up(dossier=dossier, service="tax/taxpayer", procedure="9.999907", client="H97.x", unit="H97.02")
    user = await visitor()
    for wanted, other in (
        ("client=H97.x", "client=H98.x"), ("unit=H97.02", "unit=H97.03"), ("registry=tax", "registry=population"),
        ("service=tax/taxpayer", "service=tax/obligations"), ("procedure=9.999907", "procedure=9.999901"),
        ("outcome=found", "outcome=no_match"), ("period=today", "to=2026-01-01"),
        (f"officer_of={made[1].entry_id}", "explained=emergency"),
    ):  # fmt: skip
        await user.get(f"/lookups?dossier={dossier}&{wanted}")
        assert rows(user.text) == [made[1].entry_id], wanted
        await user.get(f"/lookups?dossier={dossier}&{other}")
        assert rows(user.text) == [], other


@pytest.mark.parametrize("fields", [{"kind": "officer", "number": "12"}, {"kind": "god", "number": OFFICER}, {}])
async def test_what_is_no_search_is_refused(visitor, fields):
    """Another kind, or what is no personal number, is a page that says so."""
    assert (await (await visitor()).post("/lookups/find", **fields)).status == 400


@pytest.mark.parametrize(
    "query",
    ["from=yesterday", "before=x", "before=2026-01-01_1_1", "officer=unknown", "officer_of=x", "to=2026-13-01"],
)
async def test_a_broken_address_is_told(visitor, query):
    """What cannot be read is refused with a sentence, never an inner error."""
    user = await visitor()
    assert (await user.get(f"/lookups?{query}")).status == 400


async def test_pages_follow_each_other_without_gap_or_repetition(visitor, looked_up):
    """*Older* goes on exactly where a page ended."""
    dossier = "H99.01-261121-5001"
    made = [(await looked_up(dossier=dossier))[1].entry_id for _ in range(PAGE + 3)]
    user = await visitor()
    await user.get(f"/lookups?dossier={dossier}")
    seen = rows(user.text)
    older = re.search(r'href="([^"]+)" rel="next"', user.text)[1].replace("&amp;", "&")
    await user.get(older)
    assert seen + rows(user.text) == made[::-1]
    assert 'rel="next"' not in user.text


async def test_a_period_ends_with_its_day(visitor, looked_up):
    """`to` is inclusive, in local days; outside it nothing is shown."""
    dossier, at = "H99.01-261121-6001", datetime.now(UTC) - timedelta(days=2)
    wanted = await looked_up(dossier=dossier, at=at)
    day = (at + timedelta(hours=7)).date()
    user = await visitor()
    await user.get(f"/lookups?dossier={dossier}&from={day}&to={day}")
    assert rows(user.text) == [wanted[1].entry_id]
    await user.get(f"/lookups?dossier={dossier}&to={day - timedelta(days=1)}")
    assert rows(user.text) == []


async def test_hostile_values_are_shown_as_text(visitor, looked_up):
    """HTML in an entry is text on every page, and a formula is text in a file."""
    dossier, evil = "H99.01-261121-7001", "<img src=x onerror=alert(1)>"
    made = await looked_up(dossier=dossier, client="=cmd()", keyid=evil, component=evil, outcome=evil)
    user = await visitor()
    for path in (f"/lookups?dossier={dossier}", f"/lookups/{made[1].entry_id}"):
        await user.get(path)
        assert "<img src=x" not in user.text
        assert "&lt;img src=x" in user.text
    await user.get(f"/lookups/export?dossier={dossier}")
    assert '"\'=cmd()"' in user.text


async def test_an_export_is_an_entry_with_its_filters(visitor, looked_up, acts):
    """Who took a file away, and of what, is in the log."""
    await looked_up()
    user = await visitor()
    await user.get("/lookups/export?unit=H99.01&as=csv")
    leaf = orjson.loads((await acts())[0].leaf)
    assert (leaf["mode"], leaf["detail"]["unit"]) == ("console.export", "H99.01")
