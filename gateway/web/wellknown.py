"""The installation's public keys: the JWKS of its answers and the verifier key of its log (PROTOCOL section 1)."""

import orjson

from gateway.flow.exchange import Exchange, Reply
from signing.keys import VerificationKey, jwks


class WellKnown:
    """The handlers under `/.well-known/`."""

    def __init__(self, answer_keys: list[VerificationKey], vkeys: tuple[str, ...]) -> None:
        self._jwks = orjson.dumps(jwks(answer_keys))
        self._vkeys = "".join(f"{vkey}\n" for vkey in vkeys).encode()

    async def keys(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Show the answer keys, old ones kept."""
        return Reply(200, self._jwks, "application/jwk-set+json")

    async def verifier_key(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Show the log's C2SP verifier key, one line per origin."""
        return Reply(200, self._vkeys, "text/plain; charset=utf-8")
