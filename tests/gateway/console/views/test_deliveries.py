"""Screen 12, *Deliveries*."""

from gateway.console.views import deliveries


async def test_an_empty_backlog_is_a_page_of_its_own(visitor):
    """Without anything to deliver the screen answers, and says so in words."""
    operator = await visitor()
    assert (await operator.get(deliveries.SCREEN.routes[0].path)).status == 200
    assert "<table" not in operator.text or "</table>" in operator.text
