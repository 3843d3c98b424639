"""What is wrong with a registry's own set-up: its mapping, its WSDL, its secrets (DESIGN section 5).

These are the operator's errors, found when an adapter is built and never while somebody is asked about;
what a registry does wrong is a `RegistryError` of `adapters.contract`.
"""


class MappingError(ValueError):
    """A registry's configuration cannot work. `pointer` names the member, `sentence` says what to do about it."""

    def __init__(self, pointer: str, sentence: str) -> None:
        super().__init__(f"{pointer}: {sentence}")
        self.pointer = pointer
        self.sentence = sentence
