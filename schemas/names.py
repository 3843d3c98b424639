"""Names of people: what a request may hold, and when two names are one (DOMAIN section 3).

The rule: spelling habits (Unicode form, case, spaces, invisible characters, `Ð` for `Đ`, the place of
the tone mark) never divide a person in two, and a different tone or letter always does. Accents are
never simply stripped: an unaccented spelling is a reason for review, not a match.

Requests are held to `checked_name`, which is strict; registries' names go through `name_key`, which
tolerates what they are known to contain. Refusals are `ValueError`s that never echo the name.
"""

import re
from functools import lru_cache
from typing import Literal
from unicodedata import combining, normalize

NameVerdict = Literal["match", "review", "mismatch"]

NAME_LIMIT = 200
"""Characters a name may have, composed and with single spaces."""

_RAW_LIMIT = 4 * NAME_LIMIT
_APOSTROPHES = "'\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u0060\u00b4"
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_SPACES = " \u00a0\u2000-\u200a\u202f\u205f\u3000"
_LATIN = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01bf\u01c4-\u024f\u0256\u1e00-\u1eff"
_MARKS = "\u0300-\u034e\u0350-\u036f"
_INVISIBLE = "\u00ad\u034f\u180e\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff"
_PUNCTUATION = r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e\u00b7\u2026\u201c\u201d\u201e\u00ab\u00bb" + re.escape(
    _APOSTROPHES + _DASHES
)
_ALLOWED = _LATIN + _MARKS + _SPACES + "0-9" + _PUNCTUATION

_STRICT = re.compile(f"[{_ALLOWED}]*")
_TOLERANT = re.compile(f"[{_ALLOWED}{_INVISIBLE}\uff01-\uff5e]*")
_BLANK = re.compile(f"[{_SPACES}]+")
_HIDDEN = re.compile(f"[{_INVISIBLE}]+")
_TONES = re.compile("(?<=[aeiouy])([\u0302\u0306\u031b]*)([\u0300\u0301\u0303\u0309\u0323])([\u0302\u0306\u031b]*)")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_UNIFY = str.maketrans(
    dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_DASHES, "-") | dict.fromkeys("ÐƉ", "Đ") | dict.fromkeys("ðɖ", "đ")
)


def checked_name(text: str) -> str:
    """Accept a name from a request: composed (NFC), with single spaces, otherwise as written.

    `ValueError` on letters of other scripts (look-alikes included), control, bidirectional and invisible
    characters, a leading accent, nothing at all, or more than 200 characters (THREATS C20).
    """
    if len(text) > _RAW_LIMIT:
        raise ValueError("the name is too long")
    if not _STRICT.fullmatch(text):
        raise ValueError(
            "the name holds a character that no name has: another script, a control or invisible character"
        )
    name = _BLANK.sub(" ", normalize("NFC", text)).strip(" ")
    if not name or combining(name[0]):
        raise ValueError("the name is empty or starts with an accent")
    if len(name) > NAME_LIMIT:
        raise ValueError("the name is too long")
    return name


def name_key(text: str) -> str:
    """Fold a name so that two spellings of one name are equal and different names are not.

    Each syllable becomes its letters followed by its tone marks. `ValueError` where the name is refused:
    other scripts, control or bidirectional characters, nothing, or more than 200 characters.
    """
    if len(text) > _RAW_LIMIT:
        raise ValueError("the name is too long")
    words = [key for word in _BLANK.split(text) if (key := _word_key(word))]
    if not words or len(text) > NAME_LIMIT < len(normalize("NFC", _BLANK.sub(" ", _HIDDEN.sub("", text)))):
        raise ValueError("the name is empty or too long")
    return " ".join(words)


def compare_names(a: str, b: str) -> NameVerdict:
    """Compare two whole names; `ValueError` where one of them is refused (see `name_key`).

    `match` where the keys are equal; `review` where only a y/i swap divides them, or one side came
    wholly without accents and the unaccented forms are equal; else `mismatch`.
    """
    if a == b and len(a) <= NAME_LIMIT and _STRICT.fullmatch(a) and not a.isspace() and a:
        return "match"
    one, other = name_key(a), name_key(b)
    if one == other:
        return "match"
    if one.replace("y", "i") == other.replace("y", "i"):
        return "review"
    plain_one, plain_other = _unaccented(one), _unaccented(other)
    if plain_one == plain_other and (plain_one == one or plain_other == other):
        return "review"
    return "mismatch"


@lru_cache(maxsize=8192)  # the language has some 7,000 syllables; a syllable alone is nobody's name
def _word_key(word: str) -> str:
    """Fold one word and move its tone marks behind its letters; empty for a word of invisible characters."""
    if not _TOLERANT.fullmatch(word):
        raise ValueError("the name holds a character that no name has")
    plain = normalize("NFKC", _HIDDEN.sub("", word).translate(_UNIFY)).translate(_UNIFY)
    letters = normalize("NFD", plain.casefold())
    return _TONES.sub(r"\1\3", letters) + "".join(found[2] for found in _TONES.finditer(letters))


def _unaccented(key: str) -> str:
    return _ACCENTS.sub("", key).replace("đ", "d")
