"""Word lists, written as words: names, codes and member names read best on a line."""


def words(text: str) -> tuple[str, ...]:
    """Split a list of words at its blanks."""
    return tuple(text.split())
