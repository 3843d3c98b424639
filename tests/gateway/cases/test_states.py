"""The life of a case: the table of steps, and four eyes."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cases.states import Action, Actor, CaseRefused, Standing, State, Verdict, advance, allowed, was_right

AN, BINH, CUONG = Actor("an", "auditor"), Actor("binh", "lead_auditor"), Actor("cuong", "dpo")


def walked(*steps):
    """Take steps from a new case."""
    standing = Standing()
    for action, actor, *verdict in steps:
        standing = advance(standing, action, actor, *verdict)
    return standing


PROPOSED = walked((Action.ASK, AN), (Action.PROPOSE, AN, Verdict.VIOLATION))


def test_a_case_runs_to_its_verdict():
    """New, asked, proposed by one, closed by another: the verdict stands."""
    closed = advance(PROPOSED, Action.CLOSE, BINH)
    assert closed == Standing(State.CLOSED, Verdict.VIOLATION, "an", "binh")


def test_nobody_closes_alone():
    """Whoever proposed cannot close, whatever the role."""
    mine = walked((Action.ASK, BINH), (Action.PROPOSE, BINH, Verdict.APPROPRIATE))
    with pytest.raises(CaseRefused) as refused:
        advance(mine, Action.CLOSE, BINH)
    assert refused.value.word == "four-eyes"
    assert advance(mine, Action.CLOSE, CUONG).closed_by == "cuong"


def test_an_auditor_does_not_close():
    """The second pair of eyes is a lead auditor's or the data-protection officer's."""
    with pytest.raises(CaseRefused) as refused:
        advance(PROPOSED, Action.CLOSE, Actor("dung", "auditor"))
    assert refused.value.word == "role"


def test_the_agency_is_asked_before_a_verdict():
    """No verdict on a case whose agency was never asked."""
    with pytest.raises(CaseRefused) as refused:
        advance(Standing(), Action.PROPOSE, AN, Verdict.TRAINING)
    assert refused.value.word == "state"


def test_a_returned_proposal_is_gone():
    """After a return another may propose, and the first may close: the proposal is the new one's."""
    returned = advance(PROPOSED, Action.RETURN, BINH)
    assert returned == Standing(State.ASKED)
    again = advance(returned, Action.PROPOSE, BINH, Verdict.TRAINING)
    assert advance(again, Action.CLOSE, Actor("an", "lead_auditor")).verdict is Verdict.TRAINING


@pytest.mark.parametrize(("action", "verdict"), [(Action.PROPOSE, None), (Action.NOTE, Verdict.TRAINING)])
def test_a_verdict_belongs_to_a_proposal(action, verdict):
    """A proposal names one, no other step does."""
    with pytest.raises(CaseRefused) as refused:
        advance(walked((Action.ASK, AN)), action, AN, verdict)
    assert refused.value.word == "verdict"


def test_a_closed_case_takes_no_step_but_export():
    """What is closed can be handed out and nothing else."""
    closed = advance(PROPOSED, Action.CLOSE, BINH)
    assert [allowed(closed, actor) for actor in (AN, BINH, CUONG)] == [(Action.EXPORT,)] * 3


STEPS = st.tuples(st.sampled_from(Action), st.sampled_from([AN, BINH, CUONG]), st.none() | st.sampled_from(Verdict))


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_every_closed_case_had_four_eyes(steps):
    """Whatever is tried in whatever order, a closed case has a verdict, was asked about, and was two people's."""
    standing, seen = Standing(), {State.NEW}
    for action, actor, verdict in steps:
        offered = action in allowed(standing, actor)
        try:
            standing = advance(standing, action, actor, verdict)
        except CaseRefused:
            assert not offered or (action is Action.PROPOSE) != (verdict is not None)
            continue
        assert offered
        seen.add(standing.state)
    if standing.state is State.CLOSED:
        assert {State.NEW, State.ASKED, State.PROPOSED} <= seen
        assert standing.verdict is not None
        assert standing.closed_by not in {None, standing.proposed_by}


def test_a_case_is_opened_once():
    """Opening is no step of a case that is there."""
    for state, actor in product(State, (AN, BINH)):
        assert Action.OPEN not in allowed(Standing(state), actor)


def test_outcomes_teach_the_rules():
    """Misuse and need of training say that an alert was right; an inconclusive case says nothing."""
    assert [was_right(verdict) for verdict in Verdict] == [False, True, True, None]
