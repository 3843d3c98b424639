"""Problems that the sender can mend (PROTOCOL sections 1 and 2)."""

from schemas.problems_of_requests import REQUEST, SIGNATURE


def test_the_sender_must_act():
    """A fault of form or signature is the client's, is a 4xx, and sending it again unchanged is pointless."""
    for problem in REQUEST + SIGNATURE:
        assert problem.layer == "client"
        assert 400 <= problem.status < 500
        assert not problem.retryable


def test_signature_problems_are_unauthorised():
    """Every signature problem is 401; only a body that is not the one signed is 400."""
    assert {problem.status for problem in SIGNATURE if problem.code.startswith("signature-")} == {401}
