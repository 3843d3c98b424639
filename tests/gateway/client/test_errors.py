"""Problem documents become errors, however little they say."""

from gateway.client.errors import PolicyRefused, Refused, refusal


def test_an_empty_document_is_still_a_refusal():
    """Missing members are empty, never an exception of another kind."""
    error = refusal(403, {}, None)
    assert type(error) is Refused
    assert (error.problem.status, error.code, error.problem.errors, error.problem.retryable) == (403, "", (), False)


def test_members_of_wrong_types_do_no_harm():
    """Odd values are turned to text, odd entries of `errors` are passed over."""
    error = refusal(403, {"layer": "policy", "code": 7, "retryable": "yes", "errors": ["x", {"pointer": 1}]}, 2)
    assert isinstance(error, PolicyRefused)
    assert (error.code, error.problem.retryable, error.problem.errors) == ("7", False, (("1", ""),))
