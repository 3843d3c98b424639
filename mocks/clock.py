"""The registries' way of writing now: local time of Asia/Ho_Chi_Minh to the second, without an offset.

Each text is made once a second, not once a call.
"""

from datetime import datetime
from functools import lru_cache

from schemas.dates import LOCAL


@lru_cache(maxsize=8)
def _local(second: int) -> str:
    return datetime.fromtimestamp(second, LOCAL).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=8)
def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, LOCAL).strftime("%Y%m%d%H%M%S")


def iso_local(now: float) -> str:
    """Write Unix time as `yyyy-MM-ddTHH:mm:ss`."""
    return _local(int(now))


def compact_local(now: float) -> str:
    """Write Unix time as `yyyyMMddHHmmss`."""
    return _stamp(int(now))


@lru_cache(maxsize=64)
def unix_of_compact(text: str) -> float | None:
    """Read `yyyyMMddHHmmss` as Unix time; `None` where it is none."""
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=LOCAL).timestamp()
    except ValueError:
        return None
