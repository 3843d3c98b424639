"""A batch of works against a scripted portal: which calls are made, and what becomes of each work."""

from types import SimpleNamespace

import pytest

from adapters.contract import RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable
from adapters.portal import PortalBusy, PortalExists, PortalMissing, PortalRefused
from gateway.delivery.plan import Step
from gateway.delivery.sending import Sending, Work

SYNC, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"


class Scripted:
    """A portal that fails the calls about some dossiers, and notes every call."""

    def __init__(self, held=None, **failures):
        self.calls, self.held_now, self.failures = [], held or {}, failures

    def _note(self, name, codes):
        self.calls.append((name, codes))
        for code in codes:
            error = self.failures.get(f"{name}_{code}")
            if error is not None:
                raise error

    async def sync(self, items, *, updating):
        """Make or change."""
        self._note("change" if updating else "make", [item["MaHoSo"] for item in items])

    async def progress(self, items):
        """Add lines."""
        self._note("line", [item["MaHoSo"] for item in items])

    async def held(self, codes):
        """Tell."""
        self._note("held", list(codes))
        return {code: self.held_now[code] for code in codes if code in self.held_now}


def _work(code, *, updating=False, doubtful=False):
    claimed = SimpleNamespace(dossier=code, doubtful=doubtful)
    return Work(claimed, (Step(SYNC, {"MaHoSo": code}, updating), Step(PROGRESS, {"MaHoSo": code})))


async def _sent(portal, *works):
    sending = Sending(portal)
    await sending.send(works)
    return [(work.fate, work.error) for work in works], sending.failed


async def test_alike_steps_share_a_call():
    """What is to be made goes first, then what is to be changed, then all progress lines."""
    portal = Scripted()
    fates, failed = await _sent(portal, _work("A"), _work("B", updating=True), _work("C"))
    assert portal.calls == [("make", ["A", "C"]), ("change", ["B"]), ("line", ["A", "B", "C"])]
    assert (fates, failed) == ([("sent", None)] * 3, False)


@pytest.mark.parametrize("error", [PortalExists("2"), PortalMissing("3")])
async def test_a_change_of_mind(error):
    """What is there is changed, what is not there is made; both once only."""
    exists = isinstance(error, PortalExists)
    first, second = ("make", "change") if exists else ("change", "make")
    portal = Scripted(**{f"{first}_A": error})
    fates, _ = await _sent(portal, _work("A", updating=not exists))
    assert [name for name, _ in portal.calls] == [first, second, "line"]
    assert fates == [("sent", None)]


async def test_a_portal_that_contradicts_itself_parks():
    """A dossier that is there when made and missing when changed is parked, not tried for ever."""
    portal = Scripted(make_A=PortalExists("2"), change_A=PortalMissing("3"))
    fates, failed = await _sent(portal, _work("A"))
    assert (fates, failed) == ([("park", "portal-3")], False)
    assert len(portal.calls) <= 4


async def test_a_refused_batch_is_taken_apart():
    """Only the dossier that is refused is parked; a line that is there already is no refusal."""
    portal = Scripted(make_B=PortalRefused("1"), line_C=PortalExists("2"))
    fates, failed = await _sent(portal, _work("A"), _work("B"), _work("C"))
    assert (fates, failed) == ([("sent", None), ("park", "portal-1"), ("sent", None)], False)


@pytest.mark.parametrize(
    ("error", "fate", "word"),
    [
        (RegistryUnavailable("refused", unanswered=True), "retry", "refused"),
        (PortalBusy("99"), "retry", "portal-99"),
        (RegistryUnavailable("reset", unanswered=True), "doubt", "reset"),
        (RegistryTimeout("deadline"), "doubt", "deadline"),
        (RegistryFault("http-5xx"), "doubt", "http-5xx"),
    ],
)
async def test_only_what_was_never_sent_is_without_doubt(error, fate, word):
    """A call that was refused or called busy did nothing; any other silence leaves doubt."""
    fates, failed = await _sent(Scripted(make_A=error), _work("A"))
    assert (fates, failed) == ([(fate, word)], True)


async def test_half_done_is_doubt():
    """A dossier that was made before its line failed is asked about first the next time."""
    fates, _ = await _sent(Scripted(line_A=RegistryUnavailable("refused")), _work("A"))
    assert fates == [("doubt", "refused")]


async def test_doubt_asks_first():
    """Doubtful works are asked about in one call; what is held is not sent again."""
    held = {"A": {"MaHoSo": "A", "QuaTrinhXuLy": [{"MaHoSo": "A"}]}, "B": {"MaHoSo": "B"}}
    portal = Scripted(held)
    fates, _ = await _sent(portal, _work("A", doubtful=True), _work("B", doubtful=True), _work("C", doubtful=True))
    assert portal.calls == [("held", ["A", "B", "C"]), ("make", ["C"]), ("line", ["B", "C"])]
    assert [fate for fate, _ in fates] == ["held", "sent", "sent"]


async def test_doubt_stays_where_nobody_answers():
    """A portal that does not even say what it holds leaves the doubt."""
    fates, failed = await _sent(Scripted(held_A=RegistryUnavailable("refused")), _work("A", doubtful=True))
    assert (fates, failed) == ([("doubt", "refused")], True)


async def test_a_history_too_large_to_be_told_parks_its_dossier_alone():
    """The others of the batch are asked about again without it, and go on."""
    portal = Scripted(held_B=RegistryInvalid("too-large"))
    fates, failed = await _sent(portal, *(_work(code, doubtful=True) for code in "ABCD"))
    assert (fates, failed) == ([("sent", None), ("park", "too-large"), ("sent", None), ("sent", None)], False)
    assert [codes for name, codes in portal.calls if name == "held"] == [
        list("ABCD"),
        ["A", "B"],
        ["A"],
        ["B"],
        ["C", "D"],
    ]


async def test_a_batch_too_large_for_the_portal_is_halved():
    """What it takes in halves is sent; a dossier that is too large alone is parked, and was certainly not taken."""
    portal = Scripted(make_C=RegistryFault("http-413"))
    fates, failed = await _sent(portal, *map(_work, "ABC"))
    assert (fates, failed) == ([("sent", None), ("sent", None), ("park", "too-large")], False)
    assert [codes for name, codes in portal.calls if name == "make"] == [list("ABC"), ["A"], ["B", "C"], ["B"], ["C"]]
