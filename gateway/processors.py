"""Which processor a worker keeps to, where it is asked to (`lienthong serve --pin`).

A worker that is moved to another processor finds caches there that know nothing of it (docs/PERFORMANCE.md).
"""

from collections import Counter
from collections.abc import Collection, Iterable


def choose(allowed: Collection[int], taken: Iterable[int | None]) -> int:
    """Return the allowed processor that fewest of the other workers keep to, the first of those.

    Raises `ValueError` where none is allowed.
    """
    load = Counter(taken)
    return min(sorted(allowed), key=load.__getitem__)
