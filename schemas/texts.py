"""Free text that must survive XML, JSON and a log line unchanged (THREATS C19).

The rule: markup, quotes and line ends are carried verbatim and escaped by whoever writes the next
format; characters that no XML 1.0 document can hold (section 2.2) are refused at the door.
"""

import re
from typing import Any
from unicodedata import normalize

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def checked_text(text: str, limit: int) -> str:
    """Return text as it came; `ValueError` where it is blank, over `limit` characters or illegal in XML."""
    if len(text) > limit:
        raise ValueError(f"this text is longer than {limit} characters")
    if not text or text.isspace():
        raise ValueError("this text is empty")
    if _ILLEGAL.search(text):
        raise ValueError("this text holds a control character")
    return text


def checked_word(text: str, limit: int) -> str:
    """Return a short label as it came; `ValueError` unless it has 1 to `limit` printable characters."""
    if not 0 < len(text) <= limit or not text.isprintable() or text.isspace():
        raise ValueError(f"this must have 1 to {limit} printable characters")
    return text


def text_key(text: str) -> str:
    """Fold free text for comparison: Unicode form, case and white space do not count, accents do."""
    return " ".join(normalize("NFKC", text).casefold().split())


def as_text(value: Any) -> str:
    """Return a JSON value that must be a text; `ValueError` otherwise."""
    if type(value) is not str:
        raise ValueError("this must be a text")
    return value
