"""What an operator reads beside a parked dossier."""

from pathlib import Path

from gateway.delivery.parking import ADVICE, OTHERWISE, advice

DOCUMENT = Path(__file__).parents[3] / "docs" / "OPERATIONS.md"


def test_each_reason_has_its_own_advice_and_any_other_a_general_one():
    """A code that nobody foresaw still says whom to ask."""
    assert advice("too-large") == ADVICE["too-large"]
    assert advice("portal-77") == OTHERWISE


def test_every_reason_is_documented():
    """docs/OPERATIONS.md lists each word with the same sentence."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [word for word, sentence in ADVICE.items() if f"| `{word}` | {sentence} |" not in text] == []
