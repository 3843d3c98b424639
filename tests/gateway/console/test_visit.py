"""What a handler works with."""

import orjson
import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.console.desk import Desk
from gateway.console.roles import Role
from gateway.console.users import Session, User
from gateway.console.visit import Visit, act_draft
from gateway.evidence.contract import Kind
from gateway.store.scope import Scope


@pytest.fixture
def visit(desk: Desk, clock):
    """Make a visit of an auditor without a browser."""
    user = User("nam", "Năm", Role.AUDITOR, Scope.of(["H99*"]), "vi")
    session = Session(b"t" * 32, "csrf", clock(), clock(), clock())
    return Visit(desk, make_mocked_request("GET", "/x?a=1&b=&c=%20d%20"), user, session, clock())


def test_blanks_of_a_form_are_no_filters(visit):
    """A filter that was left empty is not there; others are trimmed."""
    assert visit.query == {"a": "1", "c": "d"}


async def test_an_act_names_its_user_by_pseudonym_alone(visit, desk):
    """The entry is `admin`, with what was done in clear, and the login sealed."""
    recorded = await visit.record("search", {"kind": "officer"}, subject=("personal_id", "099191000001"))
    entry = await desk.reads.by_id(recorded.entry_id)
    leaf = orjson.loads(entry.leaf)
    assert (leaf["kind"], leaf["mode"], leaf["detail"]) == ("admin", "console.search", {"kind": "officer"})
    assert set(leaf["pseudonyms"]) == {"officer", "subject", "year"}
    assert b"nam" not in entry.leaf
    assert visit.recorded == recorded


def test_a_draft_seals_who_acts(clock):
    """`act_draft` keeps the login under `sealed`, whatever else is sealed."""
    draft = act_draft("nam", "reveal", clock(), {"case": 3}, sealed={"reason": "x"})
    assert (draft.kind, draft.sealed) == (Kind.ADMIN, {"reason": "x", "officer": {"id": "nam"}})


def test_files_keep_their_names(visit):
    """A download's name is encoded, so it cannot break out of its header."""
    response = visit.download(b"x", 'a"\r\nb.csv', "text/csv")
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%22%0D%0Ab.csv"
    assert visit.redirect("/lookups", officer="a b").headers["Location"] == "/lookups?officer=a+b"
