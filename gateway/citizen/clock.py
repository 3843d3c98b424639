"""The clock of a citizen's request: two working days (Decree 356/2025; DOMAIN section 6).

Pure. The rule: the day of receipt does not count, holidays and weekends do not count, and the term ends with the last
working day, in Asia/Ho_Chi_Minh.
"""

from datetime import datetime, time, timedelta

from gateway.audit.calendar import add_working_days
from schemas.dates import LOCAL

ANSWER_DAYS = 2


def answer_due(received: datetime) -> datetime:
    """Return the end of the second working day after `received`. Raises `ValueError` beyond the calendar's years."""
    last = add_working_days(received.astimezone(LOCAL).date(), ANSWER_DAYS)
    return datetime.combine(last + timedelta(days=1), time(), LOCAL)
