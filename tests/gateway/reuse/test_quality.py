"""Decision 766's indicators, dossier by dossier."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.reuse.catalogue import Catalogue, procedures_of
from gateway.reuse.facts import Component, Dossier, Event
from gateway.reuse.quality import Timeliness, quality, timeliness

START = datetime(2026, 5, 4, 1, tzinfo=UTC)
DUE = START + timedelta(hours=10)
BASE = Dossier("H99.01-260504-0001", "H99.01", "H99.igate", "9.999901", START, due_at=DUE)
MET, LATE, NOT_COUNTED = Timeliness("ended", met=True), Timeliness("ended"), Timeliness("none")
OPEN = Timeliness("open", due_day=date(2026, 5, 4))


def walked(*steps):
    """Make a dossier whose events are (status, hours after acceptance)."""
    events = tuple(
        Event(status, START + timedelta(hours=hours), START + timedelta(hours=hours)) for status, hours in steps
    )
    return replace(BASE, events=events)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([(2, 0), (9, 10)], MET),
        ([(2, 0), (9, 10.001)], LATE),
        ([(2, 0), (9, 9), (10, 30)], MET),  # 9 comes before 10
        ([(2, 0), (10, 11)], LATE),
        ([(2, 0), (9, 9), (9, 40)], MET),  # told again later: the first counts
        ([(1, 0), (3, 2)], MET),
        ([(1, 0), (3, 12)], LATE),
        ([(2, 0), (8, 11)], LATE),
        ([(2, 0), (8, 3), (4, 4)], OPEN),  # went on
        ([(1, 0), (7, 2)], NOT_COUNTED),  # withdrawn before it was accepted
        ([(1, 0), (2, 1), (7, 2)], MET),
        ([(2, 0)], OPEN),
        ([(2, 0), (5, 2), (4, 7), (9, 15)], MET),  # five hours waited for the citizen
        ([(2, 0), (5, 2), (5, 3), (4, 7), (9, 15.1)], LATE),
        ([(2, 0), (5, 2), (4, 4), (5, 5), (4, 8), (9, 15)], MET),
        ([(2, 0), (5, 9)], MET),  # one request alone is the end
        ([(2, 0), (5, 11)], LATE),
        ([(2, 0), (5, 1), (4, 2), (5, 3)], LATE),  # more than one
        ([(2, 0), (5, 2), (9, 12)], MET),  # waited from the request to the end
    ],
)
def test_on_time(steps, told):
    """The end of a dossier, without the time it waited for the citizen, against its due time."""
    assert timeliness(walked(*steps)) == told


def test_without_a_due_time_nothing_is_told():
    """Neither a dossier without a due time nor one without events is counted."""
    assert timeliness(replace(walked((9, 1)), due_at=None)) == NOT_COUNTED
    assert timeliness(BASE) == NOT_COUNTED


def test_digitised_needs_a_component_and_where_it_is_owed_a_result():
    """A digitised component alone suffices until a result is owed, or where the procedure owes none."""
    paper, digital = (Component("TP01"),), (Component("TP01", digitised=True),)
    open_, done = walked((2, 0)), walked((2, 0), (9, 1))
    owes_none = Catalogue(
        1, START, procedures_of({"procedures/x.toml": 'procedure = "9.999901"\nname = "x"\nresult_due = false'})
    )
    assert not quality(replace(open_, components=paper), None).digitised
    assert quality(replace(open_, components=digital), None).digitised
    assert not quality(replace(done, components=digital), None).digitised
    assert quality(replace(done, components=digital, electronic=True), None).digitised
    assert quality(replace(done, components=digital), owes_none).digitised


def test_electronic_results_count_where_one_is_owed():
    """A result is owed once the dossier is done, unless the catalogue says there is none."""
    done = replace(walked((9, 1)), electronic=True)
    assert (quality(done, None).result_owed, quality(done, None).result_electronic) == (True, True)
    early = replace(walked((2, 0)), electronic=True)
    assert (quality(early, None).result_owed, quality(early, None).result_electronic) == (False, False)


def test_online_is_filed_online_with_an_electronic_result():
    """Either alone is not enough; an unstated channel is the counter."""
    told = {
        (channel, electronic): quality(replace(walked((9, 1)), channel=channel, electronic=electronic), None).online
        for channel in ("online", "post", None)
        for electronic in (True, False)
    }
    assert [key for key, online in told.items() if online] == [("online", True)]


def test_declared_is_the_agencys_own_mark():
    """One component marked as reused declares the dossier."""
    marked = replace(BASE, components=(Component("TP01"), Component("TP02", reused=True)))
    assert quality(marked, None).declared
    assert not quality(replace(BASE, components=(Component("TP01", reused=False),)), None).declared
