"""The console's words: Vietnamese first, English by switch.

One file a screen, `texts/<screen>.toml`; every text is a table of both languages, so neither can lack one:

    [title]
    vi = "Tra cứu"
    en = "Look-ups"

`{name}` in a text is filled in when it is used.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("vi", "en")
Texts = Mapping[str, Mapping[str, str]]
Translate = Callable[..., str]
_AS_KEY = str.maketrans("-/", "__")


class TextError(Exception):
    """A text is missing, or lacks a language."""


@cache
def load_texts(directory: Path | None = None) -> Texts:
    """Read every text as `<file>.<key>`, once in a process. Raises `TextError` where one lacks a language."""
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted((directory or Path(__file__).with_name("texts")).glob("*.toml")):
        for key, words in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if set(words) != set(LANGUAGES) or not all(words.values()):
                raise TextError(f"{path.name}: [{key}] needs exactly the languages {' and '.join(LANGUAGES)}")
            found[f"{path.stem}.{key}"] = words
    return found


def translator(texts: Texts, language: str) -> Translate:
    """Return `t(key, **values)` for one language; it raises `TextError` for a text that is not there."""

    def translate(key: str, **values: object) -> str:
        words = texts.get(key)
        if words is None:
            raise TextError(f"there is no text {key}")
        return words[language].format(**values) if values else words[language]

    return translate


def word(texts: Texts, language: str, group: str, value: str | None) -> str:
    """Return the text `<group>.<value>` for a machine word; the word itself where there is none, and – for none."""
    if value is None:
        return "–"
    words = texts.get(f"{group}.{value.translate(_AS_KEY)}")
    return words[language] if words else value
