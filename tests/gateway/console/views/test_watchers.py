"""Screen 13: what users of the console did."""

from gateway.console.roles import Role


async def test_every_act_of_everybody_is_seen(visitor):
    """Searches, refusals and log-ins of an auditor show under the auditor's login."""
    watched = await visitor(Role.AUDITOR)
    await watched.get("/lookups?outcome=no_match")
    await watched.get("/watchers")
    lead = await visitor()
    await lead.get(f"/watchers?login={watched.login}")
    assert "outcome=no_match" in lead.text
    assert "Bị chặn" in lead.text
    assert "Đăng nhập" in lead.text


async def test_the_list_of_one_holds_nobody_else(visitor):
    """Narrowed to a login, other users' acts are left out."""
    one, two = await visitor(), await visitor()
    await one.get("/lookups?dossier=H99.01-261121-0123")
    await two.get(f"/watchers?login={two.login}")
    assert "H99.01-261121-0123" not in two.text
    await two.get(f"/watchers?login={one.login}")
    assert "H99.01-261121-0123" in two.text


async def test_watching_is_watched(visitor):
    """Looking at this screen is an act on this screen."""
    lead = await visitor()
    await lead.get("/watchers")
    await lead.get(f"/watchers?login={lead.login}")
    assert "Xem thao tác kiểm soát" in lead.text


async def test_a_broken_place_begins_at_the_newest(visitor):
    """A cursor that is none shows the first page."""
    lead = await visitor()
    for place in ("x", "2026-11-22T00:00:00_1_1", "2026-11-22T00:00:00+00:00_-1_1"):
        assert (await lead.get("/watchers", params={"before": place})).status == 200
        assert lead.login in lead.text
