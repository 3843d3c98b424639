"""What a kill under load may cost: an unknown outcome for some, never a lost or an unrecorded look-up (THREATS G)."""

import asyncio

import pytest

from bench.faults import kill_postgres, kill_worker, run

SERVING_AGAIN_S = 15.0
"""A bound that holds on a machine that also runs other tests; `python -m bench faults` prints the figure."""

REST_S = 0.03
"""Callers rest between look-ups: enough are under way when something dies, and the other tests get their turn."""


@pytest.mark.timeout(180)
def test_killed_workers_lose_no_acknowledged_look_up(stack):
    """Three workers killed under load: every acknowledgement is in the log, every call had its question first."""
    verdict = asyncio.run(run(stack.sandbox, stack.url, seconds=5.0, kills=3, kill=kill_worker, rest_s=REST_S))
    assert verdict.broken == ()
    assert len(verdict.history.ok) > 20
    assert verdict.calls >= len(verdict.history.ok)
    assert verdict.history.longest_gap_s() < SERVING_AGAIN_S


@pytest.mark.timeout(180)
def test_a_killed_database_means_503_and_nothing_told(stack):
    """PostgreSQL killed under load: `evidence-unavailable` while it is away, look-ups again once it is back."""
    verdict = asyncio.run(run(stack.sandbox, stack.url, seconds=8.0, kills=1, kill=kill_postgres, rest_s=REST_S))
    assert verdict.broken == ()
    assert set(verdict.history.failed) <= {"evidence-unavailable"}
    assert sum(verdict.history.failed.values()) + verdict.history.unknown > 0, "nobody noticed the kill"
    assert stack.settle(lambda: _serves(stack), SERVING_AGAIN_S), "look-ups did not come back"


def _serves(stack):
    stack.sandbox.check()
    answer = stack.send(*stack.signed())
    return answer is not None and answer.status == 200
