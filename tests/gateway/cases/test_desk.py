"""Cases on a real database: every step is in the log first, one at a time, within the reader's territory."""

import asyncio

import pytest

from gateway.cases.desk import MOST_TEXT, CaseDesk, NoCase, Opening, Step, in_scope
from gateway.cases.states import Action, Actor, CaseRefused, State, Verdict
from gateway.evidence.contract import EvidenceUnavailable
from gateway.store.cases import case_counts, case_page
from gateway.store.scope import Scope

AN, BINH = Actor("an", "auditor"), Actor("binh", "lead_auditor")
ALL, H99, H98 = Scope.everything(), Scope.of(["H99*"]), Scope.of(["H98*"])


@pytest.fixture
def desk(console):
    """Work on the console's database."""
    return CaseDesk(console)


async def opened(desk, record, exchange, **changes):
    """Open a case about one exchange."""
    found = await exchange()
    opening = Opening(**{"source": "auditor", "title": "Tra cứu ban đêm", "entries": [found.answered], **changes})
    return await desk.open(record, AN, ALL, opening), found


async def test_a_case_from_beginning_to_end(desk, record, exchange):
    """Open, ask, answer, propose, close by another: state, verdict, steps and log entries agree."""
    case, found = await opened(desk, record, exchange)
    await desk.step(record, AN, H99, case, Step(Action.ASK, "Vì sao tra cứu lúc 23 giờ?"))
    await desk.step(record, AN, H99, case, Step(Action.ANSWER, "Trực thay đồng nghiệp"))
    await desk.step(record, AN, H99, case, Step(Action.PROPOSE, verdict=Verdict.TRAINING))
    await desk.step(record, BINH, H99, case, Step(Action.CLOSE))
    whole = await desk.read(H99, case)
    assert (whole.row.state, whole.row.verdict, whole.row.proposed_by, whole.row.closed_by) == (
        State.CLOSED,
        Verdict.TRAINING,
        "an",
        "binh",
    )
    assert [step.action for step in whole.steps] == ["open", "ask", "answer", "propose", "close"]
    assert [act for act, _ in record.acts] == ["case-open", *["case-step"] * 4]
    assert len({step.entry_id for step in whole.steps}) == 5
    assert whole.row.agency == "H99.01"
    assert [entry.entry_id for entry in whole.entries] == [found.answered]
    assert whole.entries[0].entry is not None


async def test_what_is_refused_is_not_written(desk, record, exchange):
    """A step that may not be taken leaves neither a step nor an entry of the log."""
    case, _ = await opened(desk, record, exchange)
    before = len(record.acts)
    with pytest.raises(CaseRefused):
        await desk.step(record, AN, ALL, case, Step(Action.PROPOSE, verdict=Verdict.VIOLATION))
    assert len(record.acts) == before
    assert len((await desk.read(ALL, case)).steps) == 1


async def test_without_the_log_nothing_is_done(desk, record, exchange):
    """Where the entry cannot be written, the step is not taken."""
    case, _ = await opened(desk, record, exchange)

    async def broken(*_, **__):
        raise EvidenceUnavailable("down")

    with pytest.raises(EvidenceUnavailable):
        await desk.step(broken, AN, ALL, case, Step(Action.ASK, "?"))
    assert (await desk.read(ALL, case)).row.state == "new"


async def test_steps_at_once_are_taken_one_by_one(desk, console, record, exchange):
    """Of two closings at once, by two desks even, one is taken and the other refused."""
    case, _ = await opened(desk, record, exchange)
    for step in (Step(Action.ASK, "?"), Step(Action.PROPOSE, verdict=Verdict.APPROPRIATE)):
        await desk.step(record, AN, ALL, case, step)
    others = [desk, CaseDesk(console)]
    closing = (other.step(record, BINH, ALL, case, Step(Action.CLOSE)) for other in others)
    done = await asyncio.gather(*closing, return_exceptions=True)
    assert sorted(type(result).__name__ for result in done) == ["CaseRefused", "Standing"]
    assert [step.action for step in (await desk.read(ALL, case)).steps].count("close") == 1


async def test_another_territory_sees_nothing(desk, console, record, exchange):
    """A case of H99 does not exist for H98: not to read, not to step, not in lists or counts."""
    case, _ = await opened(desk, record, exchange)
    with pytest.raises(NoCase):
        await desk.read(H98, case)
    with pytest.raises(NoCase):
        await desk.step(record, AN, H98, case, Step(Action.ASK, "?"))
    assert case not in [row.case_id for row in await case_page(console, H98)]
    assert case in [row.case_id for row in await case_page(console, H99)]
    assert await case_counts(console, H98) == {}


async def test_entries_of_another_territory_are_not_attached(desk, record, exchange):
    """An auditor of H99 cannot pull an entry of H98 into a case, nor one that is not there."""
    case, _ = await opened(desk, record, exchange)
    foreign = (await exchange(unit="H98.02")).answered
    for entry in (foreign, "019a0000-0000-7000-8000-000000000000"):
        with pytest.raises(CaseRefused) as refused:
            await desk.step(record, AN, H99, case, Step(Action.ATTACH, entries=[entry]))
        assert refused.value.word == "entry"
    await desk.step(record, AN, ALL, case, Step(Action.ATTACH, entries=[foreign]))
    assert len((await desk.read(ALL, case)).entries) == 2


@pytest.mark.parametrize("title", ["", "  ", "x" * (MOST_TEXT + 1), "a\0b"])
async def test_a_case_has_a_title(desk, record, title):
    """An empty or endless title, or one with a NUL, is refused before anything is written."""
    with pytest.raises(CaseRefused) as refused:
        await desk.open(record, AN, ALL, Opening("auditor", title))
    assert (refused.value.word, record.acts) == ("text", [])


async def test_what_was_written_is_sealed(desk, record, exchange):
    """Titles and notes may name people: the entry's plain part holds numbers and words of ours alone."""
    await opened(desk, record, exchange, title="Bà Thử khiếu nại", note="099191000001")
    assert all(set(detail) == {"source", "entries", "alerts"} for _, detail in record.acts)


def test_a_broken_agency_is_for_few():
    """An entry without an agency, or with one that cannot be read, is seen by those alone who see all."""
    assert [in_scope(ALL, agency) for agency in (None, "??", "H99.01")] == [True, True, True]
    assert [in_scope(H99, agency) for agency in (None, "??", "H99.01")] == [False, False, True]
