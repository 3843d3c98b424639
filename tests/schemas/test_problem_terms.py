"""What is said of a problem cannot be changed."""

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from schemas.problem_terms import Layer
from schemas.problems import PROBLEMS


def test_a_problem_is_frozen():
    """No request can alter what the table says for the next."""
    with pytest.raises(FrozenInstanceError):
        PROBLEMS["internal"].status = 200


def test_every_layer_has_its_problems():
    """Each party that may have to act is named by some problem, and no other party is."""
    assert {problem.layer for problem in PROBLEMS.values()} == set(get_args(Layer))
