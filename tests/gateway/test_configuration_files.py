"""The configuration directory: every file read, every fault named, nothing assumed."""

from datetime import UTC, datetime

import pytest

from gateway.configuration_files import check_documents, read_documents
from gateway.sandbox.files import Addresses, prepare, write_addresses
from gateway.sandbox.layout import REGISTRIES, Layout
from schemas.configuration import ConfigurationError


@pytest.fixture
def layout(tmp_path):
    """Prepare a sound configuration."""
    made = Layout(tmp_path)
    prepare(made, datetime(2026, 11, 22, tzinfo=UTC))
    write_addresses(made, Addresses("http://a", "http://b", dict.fromkeys(REGISTRIES, "http://127.0.0.1:9101")))
    return made


def faults(work):
    """Return the files that are named by the error."""
    with pytest.raises(ConfigurationError) as caught:
        work()
    return {problem.file for problem in caught.value.problems}


def test_reads_every_file_by_relative_path(layout):
    """Documents are named as they lie in the directory; hidden files are passed over."""
    (layout.config / ".git").mkdir()
    (layout.config / ".git" / "config").write_text("x")
    (layout.config / "registries" / "vat.wsdl").write_text("<wsdl/>")
    documents = read_documents(layout.config)
    assert "clients/H99.igate.toml" in documents
    assert documents["registries/vat.wsdl"] == "<wsdl/>"
    assert not any(name.startswith(".") for name in documents)


def test_an_absent_or_empty_directory_is_a_fault(tmp_path):
    """Nothing is never a configuration."""
    assert faults(lambda: read_documents(tmp_path / "none")) == {str(tmp_path / "none")}
    assert faults(lambda: read_documents(tmp_path)) == {str(tmp_path)}


def test_unreadable_files_are_named(layout):
    """A file that is no text, and one that is far too large, are both named."""
    (layout.config / "clients" / "a.toml").write_bytes(b"\xff\xfe")
    (layout.config / "clients" / "b.toml").write_bytes(b" " * (4 * 1024 * 1024 + 1))
    assert faults(lambda: read_documents(layout.config)) == {"clients/a.toml", "clients/b.toml"}


def test_a_broken_key_is_named(layout):
    """A public key that cannot be used is found before it is in force."""
    documents = read_documents(layout.config)
    text = documents["clients/H99.igate.toml"]
    begin = text.index("-----BEGIN PUBLIC KEY-----\n") + 27
    documents["clients/H99.igate.toml"] = text[:begin] + "AAAA" + text[begin + 4 :]
    assert faults(lambda: check_documents(documents)) == {"clients/H99.igate.toml"}


def test_missing_secrets_are_named(layout, tmp_path):
    """With a secrets directory, adapters are built too: each registry whose secrets are missing is named."""
    documents = read_documents(layout.config)
    named = faults(lambda: check_documents(documents, tmp_path / "none"))
    assert named == {f"registries/{name}.toml" for name in REGISTRIES.values()} | {"compat.toml"}
