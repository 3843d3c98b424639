"""The contract: errors carry a stable word and say whether asking again is safe."""

import pytest

from adapters.contract import RegistryError, RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable
from schemas.problems import PROBLEMS


@pytest.mark.parametrize("kind", [RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable])
def test_errors_have_a_problem_code_and_a_word(kind):
    """Each error's code is a problem of PROTOCOL section 2; its text is the machine word alone."""
    error = kind("reason")
    assert isinstance(error, RegistryError)
    assert error.code in PROBLEMS
    assert (str(error), error.unanswered) == ("reason", False)
