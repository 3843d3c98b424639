"""Secrets are written once and privately."""

from datetime import UTC, datetime

import pytest
from cryptography import x509

from mocks.credentials import (
    civil_status_token,
    insurance_secrets,
    population_secrets,
    tax_secrets,
    write_missing,
)


def test_files_are_private_and_readable_by_the_mocks(secrets_folder):
    """Every file is 0600 and holds what its registry reads."""
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in secrets_folder.iterdir())
    assert population_secrets(secrets_folder).xroad_client
    assert insurance_secrets(secrets_folder).password
    assert len(civil_status_token(secrets_folder)) > 30
    registry = x509.load_pem_x509_certificate(tax_secrets(secrets_folder).certificate)
    caller = x509.load_pem_x509_certificate(tax_secrets(secrets_folder).caller_certificate)
    assert registry.public_key().key_size == caller.public_key().key_size == 2048
    assert registry.subject != caller.subject


def test_what_exists_is_never_overwritten(secrets_folder):
    """A second call writes nothing."""
    before = {file.name: file.read_bytes() for file in secrets_folder.iterdir()}
    assert write_missing(secrets_folder, datetime.now(UTC)) == []
    assert before == {file.name: file.read_bytes() for file in secrets_folder.iterdir()}


def test_empty_secrets_are_refused(tmp_path):
    """An empty token or an empty member does not pass for a secret."""
    (tmp_path / "civil_status.token").write_text("\n")
    (tmp_path / "insurance.toml").write_text('username = "a"\npassword = ""\n')
    with pytest.raises(ValueError, match="is empty"):
        civil_status_token(tmp_path)
    with pytest.raises(ValueError, match="not empty"):
        insurance_secrets(tmp_path)
