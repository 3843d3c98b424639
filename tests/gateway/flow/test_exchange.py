"""Times as answers tell them."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from gateway.flow.exchange import timestamp
from schemas.dates import LOCAL

ZONES = st.sampled_from([UTC, LOCAL, timezone(timedelta(hours=-3))])
MOMENTS = st.builds(datetime.fromtimestamp, st.floats(0, 2**32), ZONES)


@given(MOMENTS)
def test_a_time_has_the_local_offset_and_is_cut_not_rounded(at):
    """The standard library writes the same, wherever the moment was noted."""
    assert timestamp(at) == at.astimezone(LOCAL).isoformat(timespec="milliseconds")
    assert timestamp(at, to_seconds=True) == at.astimezone(LOCAL).isoformat(timespec="seconds")
    assert timestamp(at).endswith("+07:00")
