"""Secret files: read once, and named by their member when they do not do."""

import pytest

from adapters.errors import MappingError
from adapters.secrets import Secrets


@pytest.fixture
def secrets(tmp_path):
    """Return a secrets directory with good and bad files."""
    (tmp_path / "good.toml").write_text('user = "u"\nempty = ""\nnumber = 1\n')
    (tmp_path / "bad.toml").write_text("s3cret = = 1")
    (tmp_path / "line").write_text("token\n")
    (tmp_path / "lines").write_text("s3cret\ntoken\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    names = {name.replace(".", "_"): name for name in ("good.toml", "bad.toml", "line", "lines", "binary", "absent")}
    return Secrets(names | {"word": "w"}, tmp_path)


def test_texts_lines_and_words_are_read(secrets):
    """A table's texts come in the order asked for; a line without its end; a word from the table itself."""
    assert secrets.table("good_toml", "user") == ("u",)
    assert secrets.line("line") == "token"
    assert (secrets.word("word"), secrets.word("other", "d")) == ("w", "d")


WRONG = [
    lambda secrets: secrets.table("bad_toml", "user"),
    lambda secrets: secrets.table("good_toml", "password"),
    lambda secrets: secrets.table("good_toml", "empty"),
    lambda secrets: secrets.table("good_toml", "number"),
    lambda secrets: secrets.table("binary", "user"),
    lambda secrets: secrets.line("lines"),
    lambda secrets: secrets.line("binary"),
    lambda secrets: secrets.line("absent"),
    lambda secrets: secrets.line("unnamed"),
    lambda secrets: secrets.word("unnamed"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_unusable_files_are_named_by_member(secrets, number):
    """A missing or unreadable secret names the member of [auth], and never shows a content."""
    with pytest.raises(MappingError) as caught:
        WRONG[number](secrets)
    assert caught.value.pointer.startswith("/auth/")
    assert "s3cret" not in str(caught.value)
