"""A dossier's state is a function of the set of its events: arrival does not matter, order does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dossiers import (
    FINAL,
    RANK,
    STATUS_ORDER,
    USUAL,
    DossierEvent,
    Party,
    canonical_event,
    fate,
    order_key,
    project,
    restored_event,
    usual,
    utc_text,
)

START = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
CHILD, MOTHER = Party("personal_id", "099219000001", "child"), Party("personal_id", "099191000001", "mother")


def event(number, status=2, minute=0, **members):
    """Make an event of one dossier; `number` is its id."""
    at = START + timedelta(minutes=minute)
    return DossierEvent(f"E{number}", "H99.01-261121-0001", "9.999901", "H99.01", status, at, **members)


components = st.lists(
    st.fixed_dictionaries(
        {"code": st.sampled_from(["TP01", "TP02"])},
        optional={"name": st.sampled_from(["a", "b"]), "reused": st.booleans(), "obtained": st.just("registry")},
    ),
    max_size=2,
    unique_by=lambda component: component["code"],
).map(tuple)
histories = st.lists(
    st.builds(
        lambda status, minute, stated, parts, people: (status, minute, stated, parts, people),
        st.sampled_from(STATUS_ORDER),
        st.integers(0, 4),
        st.fixed_dictionaries({}, optional={"channel": st.sampled_from(["online", "post"]), "fee_due": st.booleans()}),
        st.none() | components,
        st.none() | st.lists(st.sampled_from([CHILD, MOTHER]), unique=True, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=7,
).map(
    lambda rows: [
        event(number, status, minute, stated=stated, components=parts, parties=people)
        for number, (status, minute, stated, parts, people) in enumerate(rows)
    ]
)


@given(histories, st.randoms(use_true_random=False))
def test_any_arrival_gives_the_same_state(events, random):
    """Shuffled and told twice, the events lead to the state that their order says."""
    shuffled = events + events[:2]
    random.shuffle(shuffled)
    unique = list({held.event_id: held for held in shuffled}.values())
    assert project(unique) == project(events)


@given(histories)
def test_the_state_is_that_of_the_last_event_with_effect(events):
    """No event without effect shows in the state, and what has effect stands before the end or repeats its status."""
    state = project(events)
    effective = sorted((held for held in events if held.event_id not in state.kept), key=order_key)
    assert (state.status, state.occurred_at) == (effective[-1].status, effective[-1].occurred_at)
    assert state.final == any(held.status in FINAL for held in events)
    assert state == project(effective) or state.kept
    assert project(effective).stated == state.stated


@given(histories)
def test_lifting_every_event_lets_all_take_effect(events):
    """After a reopening nothing that was recorded before it is kept back."""
    state = project(events, {held.event_id for held in events})
    assert (state.kept, state.final) == (frozenset(), False)
    assert state.status == max(events, key=order_key).status


def test_the_newest_event_that_states_a_member_counts():
    """Members left out are unchanged; components merge by code; parties replace each other whole."""
    state = project(
        [
            event(1, 2, 0, stated={"channel": "online", "fee_due": True}, parties=(CHILD, MOTHER), note="first"),
            event(
                2, 4, 1, components=({"code": "TP01", "name": "a", "reused": True},), officer={"name": "Trần Văn Cán"}
            ),
            event(3, 5, 2, stated={"fee_due": False}, components=({"code": "TP01", "reused": False}, {"code": "TP02"})),
            event(4, 4, 3, parties=(MOTHER,)),
        ]
    )
    assert state.stated == {"channel": "online", "fee_due": False}
    assert state.components == {"TP01": {"code": "TP01", "name": "a", "reused": False}, "TP02": {"code": "TP02"}}
    assert (state.parties, state.note, state.officer) == ((MOTHER,), "first", {"name": "Trần Văn Cán"})


def test_ranks_break_ties_of_time():
    """Of events of one moment the one further on is the newest; refusal and withdrawal end every tie."""
    assert [RANK[status] for status in (1, 2, 4, 5, 6, 8, 9, 10, 3, 7)] == list(range(10))
    assert project([event(1, 9), event(2, 4), event(3, 2)]).status == 9
    assert project([event(1, 10), event(2, 3)]).status == 10  # the first final status ended it


def test_after_the_end_another_status_is_kept():
    """A final status stays; its own repetition may still add members."""
    state = project([event(1, 10, 1), event(2, 4, 2), event(3, 10, 3, stated={"result": {"electronic": True}})])
    assert (state.status, state.kept, state.final) == (10, {"E2"}, True)
    assert state.stated == {"result": {"electronic": True}}


def test_a_reopening_lifts_what_was_recorded_before_it():
    """What was kept takes effect, and a later final status ends the dossier again."""
    events = [event(1, 10, 1), event(2, 4, 2)]
    assert project(events, {"E1", "E2"}).status == 4
    again = project([*events, event(3, 10, 3), event(4, 4, 4)], {"E1", "E2"})
    assert (again.status, again.kept, again.final) == (10, {"E4"}, True)


@pytest.mark.parametrize(
    ("history", "arriving", "late", "warning"),
    [
        ([], event(1, 9), False, None),
        ([event(1, 2)], event(2, 4, 1), False, None),
        ([event(1, 2)], event(2, 2, 1), False, None),
        ([event(1, 2)], event(2, 10, 1), False, "unusual-transition"),
        ([event(1, 2, 5)], event(2, 1, 0), True, None),
        ([event(1, 1, 0), event(2, 9, 5)], event(3, 4, 2), True, "unusual-transition"),
        ([event(1, 10)], event(2, 4, 1), False, "after-final-status"),
        ([event(1, 10)], event(2, 10, 1), False, None),
        ([event(1, 10, 5)], event(2, 9, 1), True, None),
        ([event(1, 3, 1), event(2, 7, 9)], event(3, 4, 5), True, "after-final-status"),
    ],
)
def test_an_arrival_is_judged_against_what_came_before(history, arriving, late, warning):
    """Late is what is older than the newest; warnings name odd transitions and news after the end."""
    judged = fate(history, arriving)
    assert (judged.late, judged.warning) == (late, warning)


def test_usual_transitions_are_those_of_the_table():
    """Only the listed changes and repetitions are usual, and from a final status none is."""
    for before in STATUS_ORDER:
        for after in STATUS_ORDER:
            assert usual(before, after) == (before == after or after in USUAL.get(before, frozenset()))
    assert not FINAL & USUAL.keys()


@given(histories)
def test_the_canonical_form_is_read_back(events):
    """What is carried to the portal is the event, whole; the canonical form is a fixed point."""
    for held in events:
        again = restored_event(canonical_event(held))
        assert canonical_event(again) == canonical_event(held)
        assert (order_key(again), again.stated) == (order_key(held), held.stated)


def test_order_within_lists_and_repeated_parties_do_not_count():
    """Equal parsed values have equal canonical bytes, different ones have not."""
    one = event(1, parties=(CHILD, MOTHER), components=({"code": "TP01"}, {"code": "TP02"}))
    two = event(1, parties=(MOTHER, CHILD, MOTHER), components=({"code": "TP02"}, {"code": "TP01"}))
    assert canonical_event(one) == canonical_event(two)
    assert canonical_event(event(1, parties=())) != canonical_event(event(1))
    assert canonical_event(event(1, note="a")) != canonical_event(event(1, note="b"))


def test_a_dossier_without_events_has_no_state():
    """There is nothing to tell."""
    with pytest.raises(ValueError, match="without events"):
        project([])


def test_times_are_written_in_utc():
    """A fraction is written only where there is one."""
    assert utc_text(datetime.fromisoformat("2026-11-21T08:30:00+07:00")) == "2026-11-21T01:30:00Z"
    assert utc_text(datetime.fromisoformat("2026-11-21T08:30:00.5+07:00")) == "2026-11-21T01:30:00.500000Z"
