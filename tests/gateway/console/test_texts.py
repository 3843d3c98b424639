"""The console's words, in both languages."""

import re
from pathlib import Path

import pytest

from gateway.audit.rules.table import BY_ID
from gateway.console import texts as module
from gateway.console.registry import SCREENS
from gateway.console.roles import Role
from gateway.console.texts import LANGUAGES, TextError, load_texts, translator, word
from schemas.problems import PROBLEMS
from schemas.services import CATALOGUE

TEMPLATES = Path(module.__file__).with_name("templates")


def test_every_text_has_both_languages_and_the_same_blanks():
    """Vietnamese and English stand side by side and fill in the same values."""
    for key, words in load_texts().items():
        blanks = [set(re.findall(r"\{(\w+)\}", words[language])) for language in LANGUAGES]
        assert blanks[0] == blanks[1], key


def test_every_text_that_a_template_names_is_there():
    """No page can ask for a text that nobody wrote."""
    texts = load_texts()
    for path in TEMPLATES.glob("*.html"):
        for key in re.findall(r"""\bt\("([\w.]+)"[,)]""", path.read_text(encoding="utf-8")):
            assert key in texts, f"{path.name}: {key}"


def test_every_screen_and_role_has_a_title():
    """The navigation and the header never fall back to machine words."""
    texts = load_texts()
    assert all(f"{screen.name}.title" in texts for screen in SCREENS)
    assert all(f"role.{role.value}" in texts for role in Role)


@pytest.mark.parametrize(
    ("group", "values"),
    [("service", CATALOGUE), ("rule", BY_ID), ("outcome", PROBLEMS)],
    ids=["service", "rule", "outcome"],
)
def test_no_list_shows_machine_words(group, values):
    """Services, rules and reasons of refusal have names in both languages."""
    texts = load_texts()
    nameless = [value for value in values for language in LANGUAGES if word(texts, language, group, value) == value]
    assert nameless == []


@pytest.mark.parametrize("rest", ["", 'en = ""\n', 'en = "y"\nfr = "z"\n'])
def test_a_text_without_a_language_is_refused(tmp_path, rest):
    """A language that is missing, empty or unknown stops the start."""
    (tmp_path / "x.toml").write_text(f'[a]\nvi = "x"\n{rest}')
    with pytest.raises(TextError):
        load_texts(tmp_path)


def test_machine_words_without_a_text_stay():
    """A word that nobody translated is shown as it is; nothing at all is a dash."""
    texts = load_texts()
    assert word(texts, "vi", "outcome", "no_match") == "Không khớp"
    assert word(texts, "vi", "outcome", "dossier-not-open") == "Hồ sơ không mở"
    assert word(texts, "vi", "service", "land/parcel") == "land/parcel"
    assert word(texts, "vi", "outcome", None) == "–"
    with pytest.raises(TextError):
        translator(texts, "vi")("nowhere.nothing")
