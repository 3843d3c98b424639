"""Errors of a registry's set-up say where and what, and are ValueErrors for those who load a configuration."""

from adapters.errors import MappingError


def test_mapping_error_has_pointer_and_sentence():
    """The pointer and the sentence are kept apart and make the text together."""
    error = MappingError("/auth/kind", "must be none")
    assert isinstance(error, ValueError)
    assert (error.pointer, error.sentence, str(error)) == ("/auth/kind", "must be none", "/auth/kind: must be none")
