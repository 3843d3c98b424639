"""Problems of a sound request (PROTOCOL section 2)."""

from schemas.problems_of_answers import GATEWAY, POLICY, UPSTREAM


def test_policy_refuses_with_403_or_429():
    """Agreements and limits refuse; what is a matter of rights is never retryable."""
    for problem in POLICY:
        assert problem.status in {403, 429}
        assert problem.retryable == (problem.status == 429)


def test_registries_and_the_gateway_fail_with_5xx():
    """What the caller did not cause is a 5xx, and says who must act."""
    assert all(problem.status >= 500 for problem in UPSTREAM + GATEWAY)
    assert {problem.layer for problem in UPSTREAM} == {"registry", "adapter"}
    assert {problem.layer for problem in GATEWAY} == {"gateway"}
