"""The installation's public keys: the JWKS of its answers and the verifier key of its log (PROTOCOL section 1)."""

from collections.abc import Sequence

import orjson

from gateway.flow.exchange import Exchange, Reply
from signing.keys import VerificationKey, jwks


class WellKnown:
    """The handlers under `/.well-known/`."""

    def __init__(self, answer_keys: Sequence[VerificationKey], vkey: str) -> None:
        self._jwks = orjson.dumps(jwks(answer_keys))
        self._vkey = f"{vkey}\n".encode()

    async def keys(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Show the answer keys, old ones kept."""
        return Reply(200, self._jwks, "application/jwk-set+json")

    async def verifier_key(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Show the log's C2SP verifier key, which signs every log's checkpoints."""
        return Reply(200, self._vkey, "text/plain; charset=utf-8")
